// A server judged by its chain, with and without pins: one verified path, names, dates, purpose, revocation.
#include "trust/testing/cases.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cotter::trust {
namespace {

using namespace trust::testing;  // NOLINT(google-build-using-namespace): the vocabulary of these tests
using enum ReasonCode;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const ServerPolicy kChain = policy_of(TrustMode::kChain);

TEST(JudgeChain, WantsPathNameDatesAndPurpose) {
    const World& w = world();
    const auto leaf = [&] { return mint().leaf("db.example").signed_by(w.middle); };
    struct Row {
        std::string_view why;
        Evidence evidence;
        std::vector<ReasonCode> reasons;
    };
    const std::vector<Row> rows{
        {"all holds", live({w.leaf, w.middle}, {w.root}), {}},
        {"the anchor presented, too", live({w.leaf, w.middle, w.root}, {w.root}), {}},
        {"A79: reversed, doubled, with strangers",
         live({w.leaf, w.other_root, w.root, w.leaf, w.middle, w.middle}, {w.root}),
         {}},
        {"an authority in the middle as the anchor", live({w.leaf}, {w.middle}), {}},
        {"no anchors at all", live({w.leaf, w.middle, w.root}), {kChainUntrusted}},
        {"another's anchor", live({w.leaf, w.middle}, {w.other_root}), {kChainUntrusted}},
        {"the one between missing", live({w.leaf}, {w.root}), {kChainUntrusted}},
        {"self-signed", live({w.alone}, {w.root}), {kChainUntrusted}},
        {"another host's", live({w.neighbour, w.middle}, {w.root}), {kHostMismatch}},
        {"past its end", live({leaf().expired(), w.middle}, {w.root}), {kExpired}},
        {"before its time", live({leaf().not_yet_valid(), w.middle}, {w.root}), {kNotYetValid}},
        {"A29: for clients only",
         live({leaf().extended_key_usage({"clientAuth"}), w.middle}, {w.root}),
         {kWrongPurpose}},
        {"A29: for mail only",
         live({leaf().extended_key_usage({"emailProtection"}), w.middle}, {w.root}),
         {kWrongPurpose}},
        {"no purpose named means any", live({leaf().extended_key_usage({}), w.middle}, {w.root}), {}},
        {"signed with SHA-1", live({leaf().digest("SHA1"), w.middle}, {w.root}), {kWeakSignature}},
        {"several at once",
         live({mint().leaf("shop.example").signed_by(w.middle).expired(), w.middle}, {w.root}),
         {kHostMismatch, kExpired}},
    };
    for (const Row& row : rows) {
        const Verdict verdict = judge(row.evidence, kChain, kMintNow);
        EXPECT_EQ(codes(verdict), row.reasons) << row.why << "\n" << told(verdict);
        EXPECT_EQ(verdict.outcome, row.reasons.empty() ? Outcome::kTrusted : Outcome::kRefused) << row.why;
        if (row.reasons.empty()) {
            EXPECT_GE(verdict.chain.size(), 2U);
            EXPECT_FALSE(verdict.matched);
        }
    }
}

TEST(JudgeChain, A82_TheCommonNameNeverCounts) {
    const World& w = world();
    const auto bare = [&] { return mint().leaf("x").no_san().common_name("db.example").signed_by(w.middle); };
    EXPECT_THAT(codes(judge(live({bare(), w.middle}, {w.root}), kChain, kMintNow)), ElementsAre(kHostMismatch));
    EXPECT_THAT(codes(judge(live({bare().san_email("a@db.example"), w.middle}, {w.root}), kChain, kMintNow)),
                ElementsAre(kHostMismatch));
    EXPECT_THAT(codes(judge(live({bare().san_uri("https://db.example"), w.middle}, {w.root}), kChain, kMintNow)),
                ElementsAre(kHostMismatch));
}

TEST(JudgeChain, A83_AnAddressIsComparedWithAddressesOnly) {
    const World& w = world();
    const Minted as_name = mint().leaf("192.0.2.1").signed_by(w.middle);
    const Minted as_address = mint().leaf("db.example").san_ip("192.0.2.1").san_ip("2001:db8::1").signed_by(w.middle);
    const auto judged = [&](const Minted& leaf, std::string_view host) {
        return codes(judge(live({leaf, w.middle}, {w.root}, host), kChain, kMintNow));
    };
    EXPECT_THAT(judged(as_name, "192.0.2.1:443"), ElementsAre(kHostMismatch));
    EXPECT_THAT(judged(as_address, "192.0.2.1:443"), IsEmpty());
    EXPECT_THAT(judged(as_address, "[2001:DB8:0::1]:443"), IsEmpty());
    EXPECT_THAT(judged(as_address, "192.0.2.2:443"), ElementsAre(kHostMismatch));
    EXPECT_THAT(judged(as_address, "[::ffff:192.0.2.1]:443"), ElementsAre(kHostMismatch));
}

TEST(JudgeChain, A29_AChainIsForThePurposeThatIsAskedAbout) {
    const Minted for_servers = mint().leaf("db.example").signed_by(world().middle).extended_key_usage({"serverAuth"});
    const Minted for_clients = mint().leaf("db.example").signed_by(world().middle).extended_key_usage({"clientAuth"});
    for (const x509::Purpose purpose : {x509::Purpose::kServer, x509::Purpose::kClient}) {
        ServerPolicy policy = policy_of(TrustMode::kChain);
        policy.purpose = purpose;
        const bool is_server = purpose == x509::Purpose::kServer;
        EXPECT_EQ(judge(live({for_servers, world().middle}, {world().root}), policy, kMintNow).lets_pass(), is_server);
        EXPECT_EQ(judge(live({for_clients, world().middle}, {world().root}), policy, kMintNow).lets_pass(), !is_server);
        EXPECT_TRUE(judge(live({world().leaf, world().middle}, {world().root}), policy, kMintNow).lets_pass());
    }
}

TEST(JudgeChain, RevocationMustDecideWhereItIsAskedFor) {
    const World& w = world();
    const Evidence plain = live({w.leaf, w.middle}, {w.root});
    const auto none_by_root = x509::testing::mint_crl(w.root, {});
    const auto none_by_middle = x509::testing::mint_crl(w.middle, {});
    const auto leaf_by_middle = x509::testing::mint_crl(w.middle, {w.leaf.certificate()});
    const auto middle_by_root = x509::testing::mint_crl(w.root, {w.middle.certificate()});
    const auto old_by_middle =
        x509::testing::mint_crl(w.middle, {}, kMintNow - std::chrono::days(9), kMintNow - std::chrono::days(2));
    const auto forged = x509::testing::mint_crl(mint().authority("middle"), {});
    struct Row {
        std::string_view why;
        std::vector<x509::CertificateRevocationList> crls;
        x509::RevocationScope scope;
        std::vector<ReasonCode> reasons;
    };
    const std::vector<Row> rows{
        {"asked for and none there", {}, x509::RevocationScope::kLeaf, {kRevocationUnknown}},
        {"all clear", {none_by_root, none_by_middle}, x509::RevocationScope::kChain, {}},
        {"the leaf revoked", {none_by_root, leaf_by_middle}, x509::RevocationScope::kChain, {kRevoked}},
        {"the authority revoked", {middle_by_root, none_by_middle}, x509::RevocationScope::kChain, {kRevoked}},
        {"the authority's list missing", {none_by_middle}, x509::RevocationScope::kChain, {kRevocationUnknown}},
        {"only the leaf asked about", {none_by_middle}, x509::RevocationScope::kLeaf, {}},
        {"out of date", {none_by_root, old_by_middle}, x509::RevocationScope::kChain, {kStaleRevocation}},
        {"forged", {none_by_root, forged}, x509::RevocationScope::kChain, {kRevocationUnknown}},
        {"off", {leaf_by_middle}, x509::RevocationScope::kOff, {}},
    };
    for (const Row& row : rows) {
        Evidence evidence = plain;
        evidence.crls = row.crls;
        ServerPolicy policy = kChain;
        policy.require_revocation = true;
        policy.revocation = row.scope;
        const Verdict verdict = judge(evidence, policy, kMintNow);
        EXPECT_EQ(codes(verdict), row.reasons) << row.why << "\n" << told(verdict);
    }
    // A pinned leaf's issuers don't count, and so neither do their lists.
    Evidence evidence = plain;
    evidence.crls = {leaf_by_middle};
    EXPECT_EQ(judge(evidence, policy_of(TrustMode::kPins, Match::kLeaf, {spki(w.leaf)}), kMintNow).outcome,
              Outcome::kTrusted);
}

TEST(JudgeChainAndPins, APinCountsInItsPlaceOfTheVerifiedChain) {
    const World& w = world();
    struct Row {
        std::string_view why;
        Match match;
        Pin pin;
        std::vector<ReasonCode> reasons;
        std::size_t position = 0;
    };
    const std::vector<Row> rows{
        {"leaf", Match::kLeaf, spki(w.leaf), {}, 0},
        {"leaf, under any", Match::kAny, spki(w.leaf), {}, 0},
        {"issuer", Match::kIssuer, spki(w.middle), {}, 1},
        {"anchor, though not presented", Match::kIssuer, spki(w.root), {}, 2},
        {"anchor, under any", Match::kAny, whole(w.root), {}, 2},
        {"issuer, where leaves count", Match::kLeaf, spki(w.middle), {kPinMismatch}},
        {"leaf, where issuers count", Match::kIssuer, spki(w.leaf), {kPinMismatch}},
        {"nobody's", Match::kAny, spki(w.alone), {kPinMismatch}},
    };
    for (const Row& row : rows) {
        const Verdict verdict = judge(live({w.leaf, w.middle}, {w.root}),
                                      policy_of(TrustMode::kChainAndPins, row.match, {row.pin}), kMintNow);
        EXPECT_EQ(codes(verdict), row.reasons) << row.why << "\n" << told(verdict);
        ASSERT_EQ(verdict.matched.has_value(), row.reasons.empty()) << row.why;
        if (!verdict.matched) continue;
        EXPECT_EQ(*verdict.matched, (MatchedPin{row.pin, row.position})) << row.why;
    }
}

TEST(JudgeChainAndPins, A01_APinOfThePresentedPileIsNoMatch) {
    const World& w = world();
    // The attacker's chain is valid to a trusted root; what is pinned was only appended.
    for (const Minted& appended : {w.leaf, w.middle, w.root}) {
        for (const Match match : {Match::kIssuer, Match::kAny}) {
            const Verdict verdict = judge(live({w.other_leaf, appended}, {w.root, w.other_root}),
                                          policy_of(TrustMode::kChainAndPins, match, {spki(appended)}), kMintNow);
            EXPECT_EQ(verdict.outcome, Outcome::kRefused);
            EXPECT_THAT(codes(verdict), ElementsAre(kPinMismatch));
            EXPECT_FALSE(verdict.matched);
        }
    }
}

TEST(JudgeChainAndPins, A02_APinReplacesNothingOfTheChain) {
    const World& w = world();
    const auto judged = [&](const Evidence& evidence, Match match, const Pin& pin) {
        const Verdict verdict = judge(evidence, policy_of(TrustMode::kChainAndPins, match, {pin}), kMintNow);
        EXPECT_EQ(verdict.outcome, Outcome::kRefused);
        return codes(verdict);
    };
    EXPECT_THAT(judged(live({w.neighbour, w.middle}, {w.root}), Match::kAny, spki(w.middle)),
                ElementsAre(kHostMismatch));
    EXPECT_THAT(judged(live({w.neighbour, w.middle}, {w.root}), Match::kLeaf, spki(w.neighbour)),
                ElementsAre(kHostMismatch));
    // What must be mended is the path: the pins are right.
    EXPECT_THAT(judged(live({w.leaf, w.middle}), Match::kAny, spki(w.middle)), ElementsAre(kChainUntrusted));
    EXPECT_THAT(judged(live({w.alone}, {w.root}), Match::kLeaf, spki(w.alone)), ElementsAre(kChainUntrusted));
    EXPECT_THAT(judged(live({w.alone}, {w.root}), Match::kLeaf, spki(w.leaf)),
                ElementsAre(kPinMismatch, kChainUntrusted));
}

TEST(JudgeChainAndPins, A04_OnePathIsJudgedAndItIsTheOneReported) {
    const World& w = world();
    // One key and name, signed by two roots.
    const Minted by_root = mint().authority("crossed").signed_by(w.root);
    const Minted by_other = mint().authority("crossed").reuse_key(by_root.shared_key()).signed_by(w.other_root);
    const Minted leaf = mint().leaf("db.example").signed_by(by_root);
    std::size_t trusted = 0;
    for (const std::vector<Minted>& presented :
         {std::vector{leaf, by_root, by_other}, std::vector{leaf, by_other, by_root, w.other_root}}) {
        for (const std::vector<Minted>& anchors :
             {std::vector{w.root}, std::vector{w.other_root}, std::vector{w.root, w.other_root}}) {
            for (const Minted& pinned : {w.root, w.other_root, by_root, by_other}) {
                const Verdict verdict =
                    judge(live(presented, anchors), policy_of(TrustMode::kChainAndPins, Match::kAny, {whole(pinned)}),
                          kMintNow);
                if (verdict.chain.empty()) {  // the path that was tried had no end
                    EXPECT_EQ(verdict.outcome, Outcome::kRefused);
                    EXPECT_FALSE(verdict.matched);
                    continue;
                }
                ASSERT_EQ(verdict.chain.size(), 3U) << told(verdict);
                const bool goes_by_root = verdict.chain[2] == w.root.certificate();
                EXPECT_EQ(verdict.chain[1], (goes_by_root ? by_root : by_other).certificate());
                const bool is_on_path =
                    verdict.chain[1].matches(whole(pinned)) || verdict.chain[2].matches(whole(pinned));
                EXPECT_EQ(verdict.outcome, is_on_path ? Outcome::kTrusted : Outcome::kRefused);
                EXPECT_EQ(verdict.matched.has_value(), is_on_path);
                trusted += is_on_path ? 1U : 0U;
                if (!verdict.matched) continue;
                EXPECT_TRUE(verdict.chain[verdict.matched->position].matches(whole(pinned)));
            }
        }
    }
    EXPECT_GE(trusted, 8U);
}

TEST(JudgeChainAndPins, EndsWithTheFirstThatEnds) {
    const World& w = world();
    const auto soon = kMintNow + std::chrono::days(3);
    const Minted short_lived = mint().leaf("db.example").signed_by(w.middle).valid(kMintNow, soon);
    ServerPolicy policy = policy_of(TrustMode::kChainAndPins, Match::kLeaf, {spki(short_lived)});
    EXPECT_EQ(judge(live({short_lived, w.middle}, {w.root}), policy, kMintNow).valid_until, soon);
    policy.pins.front().expires = soon - std::chrono::days(1);
    EXPECT_EQ(judge(live({short_lived, w.middle}, {w.root}), policy, kMintNow).valid_until,
              soon - std::chrono::days(1));
    policy.expires = soon - std::chrono::days(2);
    EXPECT_EQ(judge(live({short_lived, w.middle}, {w.root}), policy, kMintNow).valid_until,
              soon - std::chrono::days(2));
    EXPECT_EQ(judge(live({short_lived}), policy_of(TrustMode::kPins, Match::kLeaf, {spki(short_lived)}), kMintNow)
                  .valid_until,
              std::nullopt);
}

TEST(Judge, A91_SaysNoMoreOfAMismatchWhereTheNamesAreVeryMany) {
    Mint many = mint().leaf("shop.example").signed_by(world().root);
    for (int i = 0; i < 5000; ++i) many.san_dns("n" + std::to_string(i) + ".example");
    const Verdict verdict = judge(live({many}, {world().root}), policy_of(TrustMode::kChain), kMintNow);
    EXPECT_EQ(codes(verdict), std::vector{ReasonCode::kHostMismatch});
    EXPECT_LT(told(verdict).size(), 300U);
}

}  // namespace
}  // namespace cotter::trust
