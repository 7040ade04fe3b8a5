// A client judged by a server: the registry decides, and a client CA only where the registry knows nothing.
#include "trust/testing/cases.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cotter::trust {
namespace {

using namespace trust::testing;  // NOLINT(google-build-using-namespace): the vocabulary of these tests
using enum ReasonCode;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const AdmissionPolicy kByRegistry;
AdmissionPolicy by_authority(const std::vector<std::string_view>& patterns = {}) {
    AdmissionPolicy policy;
    policy.by_authority = true;
    for (const std::string_view pattern : patterns) policy.client_names.push_back(*ClientNamePattern::parse(pattern));
    return policy;
}

Evidence client(const std::vector<Minted>& presented, const std::vector<Minted>& anchors, Standing standing) {
    Evidence evidence = live(presented, anchors);
    evidence.host.reset();
    evidence.standing = std::move(standing);
    return evidence;
}

Standing active(const Minted& leaf, std::string name = "alice") {
    return {StandingState::kActive, std::move(name), spki(leaf), std::nullopt, ""};
}
Standing standing(StandingState state, std::string name = "alice") {
    return {state, std::move(name), std::nullopt, std::nullopt, "laptop lost"};
}
Standing nowhere() {
    return {StandingState::kUnknown, "", std::nullopt, std::nullopt, ""};
}

TEST(JudgeClient, TheRegistryDecidesWhateverTheAuthoritySays) {
    const World& w = world();
    struct Row {
        std::string_view why;
        Standing standing;
        std::vector<ReasonCode> by_registry;
        std::vector<ReasonCode> by_authority;  ///< for a leaf that the authority would admit
    };
    const std::vector<Row> rows{
        {"active", active(w.leaf), {}, {}},
        {"A116: revoked", standing(StandingState::kRevoked), {kRevoked}, {kRevoked}},
        {"A116: revoked and removed", standing(StandingState::kRevoked, ""), {kRevoked}, {kRevoked}},
        {"suspended", standing(StandingState::kSuspended), {kSuspended}, {kSuspended}},
        {"expired", standing(StandingState::kExpired), {kClientExpired}, {kClientExpired}},
        {"unavailable", standing(StandingState::kUnavailable, ""), {kNotAdmitted}, {kNotAdmitted}},
        {"never looked up", Standing{}, {kNotAdmitted}, {kNotAdmitted}},
        {"unknown", nowhere(), {kNotAdmitted}, {}},
        {"active by another's pin", active(w.neighbour), {kNotAdmitted}, {kNotAdmitted}},
        {"active without a name", active(w.leaf, ""), {kNotAdmitted}, {kNotAdmitted}},
        {"active without a pin", standing(StandingState::kActive), {kNotAdmitted}, {kNotAdmitted}},
    };
    for (const Row& row : rows) {
        const Evidence evidence = client({w.leaf, w.middle}, {w.root}, row.standing);
        const Verdict by_row = judge(evidence, kByRegistry, kMintNow);
        EXPECT_EQ(codes(by_row), row.by_registry) << row.why;
        EXPECT_EQ(by_row.outcome, row.by_registry.empty() ? Outcome::kTrusted : Outcome::kRefused) << row.why;
        const Verdict by_ca = judge(evidence, by_authority(), kMintNow);
        EXPECT_EQ(codes(by_ca), row.by_authority) << row.why << "\n" << told(by_ca);
        EXPECT_EQ(by_ca.outcome, row.by_authority.empty() ? Outcome::kTrusted : Outcome::kRefused) << row.why;
    }
}

TEST(JudgeClient, RefusalsNameTheClientAndTheReasonGiven) {
    const World& w = world();
    const Verdict revoked = judge(client({w.alone}, {}, standing(StandingState::kRevoked)), kByRegistry, kMintNow);
    EXPECT_EQ(revoked.client_name, "alice");
    EXPECT_EQ(revoked.first_reason().message, "alice is revoked (laptop lost)");
    const Verdict stranger = judge(client({w.alone}, {}, nowhere()), kByRegistry, kMintNow);
    EXPECT_EQ(stranger.client_name, "");
    EXPECT_THAT(stranger.first_reason().message, HasSubstr(spki(w.alone).to_string()));
    const Verdict blind = judge(client({w.alone}, {}, Standing{}), kByRegistry, kMintNow);
    EXPECT_THAT(blind.first_reason().message, HasSubstr("registry can't be read"));
}

TEST(JudgeClient, A05_A30_TheNameIsTheRegistrysAndNeverTheCertificates) {
    const World& w = world();
    const Minted pretender = mint().leaf("admin").common_name("admin").signed_by(w.middle);
    for (const AdmissionPolicy& policy : {kByRegistry, by_authority()}) {
        const Verdict verdict = judge(client({pretender, w.middle}, {w.root}, active(pretender)), policy, kMintNow);
        EXPECT_EQ(verdict.outcome, Outcome::kTrusted);
        EXPECT_EQ(verdict.client_name, "alice");
        EXPECT_FALSE(verdict.by_authority);
        EXPECT_EQ(verdict.matched, (MatchedPin{spki(pretender), 0}));
    }
}

TEST(JudgeClient, A13_A26_WantsACertificateAndTheProofOfItsKey) {
    const World& w = world();
    for (const AdmissionPolicy& policy : {kByRegistry, by_authority()}) {
        Evidence evidence = client({w.leaf, w.middle}, {w.root}, active(w.leaf));
        for (const Protocol protocol : {Protocol::kNone, Protocol::kTls12, Protocol::kTls13}) {
            evidence.possession = Possession::kNotProven;
            evidence.protocol = protocol;
            AdmissionPolicy lenient = policy;
            lenient.minimum_protocol = Protocol::kTls12;
            EXPECT_THAT(codes(judge(evidence, lenient, kMintNow)), ElementsAre(kNoCertificate));
        }
        evidence.presented.clear();
        EXPECT_THAT(codes(judge(evidence, policy, kMintNow)), ElementsAre(kNoCertificate));
    }
}

TEST(JudgeClient, RefusesWhatCantBeReadAndAnOlderProtocol) {
    const World& w = world();
    Evidence evidence = client({w.leaf}, {}, active(w.leaf));
    evidence.protocol = Protocol::kTls12;
    EXPECT_THAT(codes(judge(evidence, kByRegistry, kMintNow)), ElementsAre(kDowngradedProtocol));
    evidence.malformed = "not DER";
    EXPECT_THAT(codes(judge(evidence, kByRegistry, kMintNow)), ElementsAre(kMalformed));
}

TEST(JudgeClient, A101_WeakKeysAreRefusedEvenWhenRegistered) {
    for (const MintKey kind : {MintKey::kRsa1024, MintKey::kP192}) {
        const Minted weak = mint().leaf("alice").key(kind);
        EXPECT_THAT(codes(judge(client({weak}, {}, active(weak)), kByRegistry, kMintNow)), ElementsAre(kWeakKey));
    }
}

TEST(JudgeClient, ARegisteredKeysCertificateMayBePastItsDates) {
    for (const Minted& leaf : {mint().leaf("alice").expired().make(), mint().leaf("alice").not_yet_valid().make()}) {
        const Verdict verdict = judge(client({leaf}, {}, active(leaf)), kByRegistry, kMintNow);
        EXPECT_EQ(verdict.outcome, Outcome::kTrusted);
        EXPECT_EQ(verdict.valid_until, std::nullopt);
    }
}

TEST(JudgeClient, AnAdmissionEndsWhenTheRegistrySays) {
    const World& w = world();
    Standing until = active(w.alone);
    until.expires = kMintNow + std::chrono::seconds(1);
    const Evidence evidence = client({w.alone}, {}, until);
    EXPECT_EQ(judge(evidence, kByRegistry, kMintNow).valid_until, *until.expires - std::chrono::seconds(1));
    EXPECT_THAT(codes(judge(evidence, kByRegistry, *until.expires)), ElementsAre(kClientExpired));
}

TEST(JudgeClient, A29_TheAuthoritysPathMustBeForClients) {
    const World& w = world();
    const auto leaf = [&] { return mint().leaf("alice.clients.example").signed_by(w.middle); };
    const Minted serving_ca = mint().authority("servers only").extended_key_usage({"serverAuth"}).signed_by(w.root);
    struct Row {
        std::string_view why;
        std::vector<Minted> presented;
        std::vector<Minted> anchors;
        std::vector<ReasonCode> reasons;
    };
    const std::vector<Row> rows{
        {"for clients", {leaf().extended_key_usage({"clientAuth"}), w.middle}, {w.root}, {}},
        {"for anything", {leaf().extended_key_usage({}), w.middle}, {w.root}, {}},
        {"for servers", {leaf().extended_key_usage({"serverAuth"}), w.middle}, {w.root}, {kWrongPurpose}},
        {"for mail", {leaf().extended_key_usage({"emailProtection"}), w.middle}, {w.root}, {kWrongPurpose}},
        {"by an authority for servers",
         {mint().leaf("alice").signed_by(serving_ca), serving_ca},
         {w.root},
         {kWrongPurpose}},
        {"past its end", {leaf().expired(), w.middle}, {w.root}, {kExpired}},
        {"before its time", {leaf().not_yet_valid(), w.middle}, {w.root}, {kNotYetValid}},
        {"another authority's", {w.other_leaf, w.other_root}, {w.root}, {kChainUntrusted}},
        {"self-signed", {w.alone}, {w.root}, {kChainUntrusted}},
        {"no anchors", {leaf(), w.middle, w.root}, {}, {kChainUntrusted}},
    };
    for (const Row& row : rows) {
        const Verdict verdict = judge(client(row.presented, row.anchors, nowhere()), by_authority(), kMintNow);
        EXPECT_EQ(codes(verdict), row.reasons) << row.why << "\n" << told(verdict);
        EXPECT_TRUE(verdict.by_authority);
        EXPECT_EQ(verdict.valid_until.has_value(), row.reasons.empty());
    }
}

TEST(JudgeClient, A30_A31_ANameOfTheAuthorityIsASanThatCounts) {
    const World& w = world();
    const auto names = [&](const Mint& leaf, const std::vector<std::string_view>& patterns) {
        Mint made = leaf;
        const Verdict verdict =
            judge(client({made.signed_by(w.middle), w.middle}, {w.root}, nowhere()), by_authority(patterns), kMintNow);
        return verdict.outcome == Outcome::kTrusted ? verdict.client_name
                                                    : std::string(text_of(verdict.first_reason().code));
    };
    const auto bare = [] { return mint().leaf("x").no_san().common_name("alice.clients.example"); };
    EXPECT_EQ(names(mint().leaf("alice.clients.example"), {}), "ca:DNS:alice.clients.example");
    EXPECT_EQ(names(mint().leaf("alice.clients.example"), {"DNS:*.clients.example"}), "ca:DNS:alice.clients.example");
    EXPECT_EQ(names(mint().leaf("eve.example").san_dns("alice.clients.example"), {"DNS:*.clients.example"}),
              "ca:DNS:alice.clients.example");
    EXPECT_EQ(names(mint().leaf("alice.clients.example").san_uri("spiffe://x/y"), {"URI:spiffe://x/y"}),
              "ca:URI:spiffe://x/y");
    EXPECT_EQ(names(mint().leaf("alice.evil.example"), {"DNS:*.clients.example"}), "not_admitted");
    EXPECT_EQ(names(mint().leaf("a.b.clients.example"), {"DNS:*.clients.example"}), "not_admitted");
    EXPECT_EQ(names(bare(), {}), "not_admitted") << "the common name never counts";
    EXPECT_EQ(names(bare(), {"DNS:*.clients.example"}), "not_admitted");
    EXPECT_EQ(names(bare().san_uri("alice.clients.example"), {"DNS:*.clients.example"}), "not_admitted");
    EXPECT_EQ(names(bare().san_uri("x:\\y"), {}), "ca:URI:x:\\\\y") << "escaped, and once";
    const std::string longest = "spiffe://" + std::string(2039, 'a');
    EXPECT_EQ(names(bare().san_uri(longest), {}), "ca:URI:" + longest) << "told whole";
    EXPECT_EQ(names(bare().san_uri(longest + "a"), {}), "not_admitted") << "cut, it would read as another's";
    EXPECT_EQ(names(bare().san_email(std::string(300, 'a') + "@x"), {}), "not_admitted");
}

TEST(JudgeClient, AuthoritysRevocationMustDecide) {
    const World& w = world();
    Evidence evidence = client({w.leaf, w.middle}, {w.root}, nowhere());
    AdmissionPolicy policy = by_authority();
    policy.require_revocation = true;
    EXPECT_THAT(codes(judge(evidence, policy, kMintNow)), Each(kRevocationUnknown));
    EXPECT_EQ(judge(evidence, policy, kMintNow).outcome, Outcome::kRefused);
    evidence.crls = {x509::testing::mint_crl(w.root, {}), x509::testing::mint_crl(w.middle, {})};
    EXPECT_EQ(judge(evidence, policy, kMintNow).outcome, Outcome::kTrusted);
    const Verdict stale = judge(evidence, policy, kMintNow + std::chrono::days(8));
    EXPECT_EQ(stale.outcome, Outcome::kRefused);
    EXPECT_THAT(codes(stale), Each(kStaleRevocation));
    evidence.crls = {x509::testing::mint_crl(w.root, {}), x509::testing::mint_crl(w.middle, {w.leaf.certificate()})};
    EXPECT_THAT(codes(judge(evidence, policy, kMintNow)), ElementsAre(kRevoked));
    // A registered key is the registry's to revoke.
    evidence.standing = active(w.leaf);
    EXPECT_THAT(codes(judge(evidence, policy, kMintNow)), IsEmpty());
}

}  // namespace
}  // namespace cotter::trust
