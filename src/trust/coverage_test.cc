// What an account of a verdict lists, mode by mode, and that it never claims more than was done.
#include "trust/coverage.h"

#include "trust/testing/cases.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace cotter::trust {
namespace {

using namespace trust::testing;  // NOLINT(google-build-using-namespace): the vocabulary of these tests
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// "host_name", or "!host_name" where it was checked and didn't hold.
std::vector<std::string> checked(const Coverage& coverage) {
    std::vector<std::string> result;
    for (const Check& check : coverage.checked) result.push_back((check.has_held ? "" : "!") + std::string(check.code));
    return result;
}

std::vector<std::string> unchecked(const Coverage& coverage) {
    std::vector<std::string> result;
    for (const Check& check : coverage.not_checked) result.emplace_back(check.code);
    return result;
}

Coverage account(const Evidence& evidence, const ServerPolicy& policy) {
    return coverage_of(evidence, policy, judge(evidence, policy, kMintNow), kMintNow);
}

TEST(Coverage, SaysOfEachModeWhatItRestsOn) {
    const World& w = world();
    const Evidence chain = live({w.leaf, w.middle}, {w.root});
    Evidence remembered = live({w.leaf});
    remembered.continuity = {ContinuityState::kMatch, {spki(w.leaf)}, std::nullopt, {}};
    ServerPolicy denying = policy_of(TrustMode::kChain);
    denying.deny.insert(spki(w.neighbour));
    struct Row {
        std::string what;
        Evidence evidence;
        ServerPolicy policy;
        std::vector<std::string> checked;
        std::vector<std::string> unchecked;
    };
    const std::vector<std::string> peer{"encoding", "key_possession", "protocol", "key_strength"};
    const auto with = [&](std::vector<std::string> more) {
        more.insert(more.begin(), peer.begin(), peer.end());
        return more;
    };
    const std::vector<Row> rows{
        {"a pin of the leaf",
         live({w.leaf}),
         policy_of(TrustMode::kPins, Match::kLeaf, {spki(w.leaf)}),
         with({"pins"}),
         {"known_peers", "dane", "path", "dates", "purpose", "host_name", "crl", "ocsp", "certificate_transparency"}},
        {"a wrong pin of the leaf",
         live({w.leaf}),
         policy_of(TrustMode::kPins, Match::kLeaf, {spki(w.root)}),
         with({"!pins"}),
         {"known_peers", "dane", "path", "dates", "purpose", "host_name", "crl", "ocsp", "certificate_transparency"}},
        {"a pin of an issuer",
         live({w.leaf, w.middle, w.root}),
         policy_of(TrustMode::kPins, Match::kIssuer, {spki(w.root)}),
         with({"pins", "path", "dates", "purpose", "signatures", "host_name"}),
         {"known_peers", "dane", "crl", "ocsp", "certificate_transparency"}},
        {"the chain",
         chain,
         policy_of(TrustMode::kChain),
         with({"path", "dates", "purpose", "signatures", "host_name"}),
         {"pins", "known_peers", "dane", "crl", "ocsp", "certificate_transparency"}},
        {"the chain, and what is denied",
         chain,
         denying,
         with({"deny", "path", "dates", "purpose", "signatures", "host_name"}),
         {"pins", "known_peers", "dane", "crl", "ocsp", "certificate_transparency"}},
        {"the chain without an anchor",
         live({w.leaf, w.middle}),
         policy_of(TrustMode::kChain),
         with({"!path", "host_name"}),
         {"pins", "known_peers", "dane", "dates", "purpose", "signatures", "crl", "ocsp", "certificate_transparency"}},
        {"the chain of another host",
         live({w.neighbour, w.middle}, {w.root}),
         policy_of(TrustMode::kChainAndPins, Match::kAny, {spki(w.middle)}),
         with({"pins", "path", "dates", "purpose", "signatures", "!host_name"}),
         {"known_peers", "dane", "crl", "ocsp", "certificate_transparency"}},
        {"a remembered key",
         remembered,
         policy_of(TrustMode::kStrict),
         with({"known_peers"}),
         {"pins", "dane", "path", "dates", "purpose", "host_name", "crl", "ocsp", "certificate_transparency"}},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(row.what);
        const Coverage coverage = account(row.evidence, row.policy);
        EXPECT_EQ(checked(coverage), row.checked);
        EXPECT_EQ(unchecked(coverage), row.unchecked);
    }
}

TEST(Coverage, AFileProvesNoKey) {
    const World& w = world();
    Evidence evidence = live({w.leaf});
    evidence.protocol = Protocol::kNone;
    evidence.possession = Possession::kNotProven;
    const Coverage coverage = account(evidence, policy_of(TrustMode::kPins, Match::kLeaf, {spki(w.leaf)}));
    EXPECT_THAT(unchecked(coverage), Contains("key_possession"));
    EXPECT_THAT(checked(coverage), Not(Contains("key_possession")));
}

TEST(Coverage, WithoutACertificateNothingElseWasChecked) {
    const Coverage coverage = account(live({}), policy_of(TrustMode::kChain));
    EXPECT_EQ(checked(coverage), std::vector<std::string>{"!certificate"});
    EXPECT_EQ(unchecked(coverage), std::vector<std::string>{"everything_else"});
}

TEST(Coverage, RevocationIsTold) {
    const World& w = world();
    Evidence evidence = live({w.leaf, w.middle}, {w.root});
    ServerPolicy policy = policy_of(TrustMode::kChain);
    policy.require_revocation = true;
    EXPECT_THAT(checked(account(evidence, policy)), Contains("!crl"));
    policy.revocation = x509::RevocationScope::kOff;
    EXPECT_THAT(unchecked(account(evidence, policy)), Contains("crl"));
    policy.revocation = x509::RevocationScope::kLeaf;
    evidence.crls = {x509::testing::mint_crl(w.middle, {})};
    const Coverage coverage = account(evidence, policy);
    const auto crl = std::ranges::find(coverage.checked, std::string_view("crl"), &Check::code);
    ASSERT_NE(crl, coverage.checked.end());
    EXPECT_TRUE(crl->has_held);
    EXPECT_THAT(crl->message, HasSubstr("the leaf"));
}

TEST(Coverage, APolicyPastItsEndIsToldAndItsPinsDontCount) {
    const World& w = world();
    ServerPolicy policy = policy_of(TrustMode::kChainAndPins, Match::kAny, {spki(w.leaf)});
    policy.expires = kMintNow - std::chrono::hours(1);
    const Evidence evidence = live({w.leaf, w.middle}, {w.root});
    EXPECT_THAT(checked(account(evidence, policy)), Contains("!policy_end"));
    policy.on_expiry = OnExpiry::kChain;
    EXPECT_THAT(unchecked(account(evidence, policy)), Contains("pins"));
    EXPECT_THAT(unchecked(account(evidence, policy)), Contains("policy_end"));
}

/// Every reason is found again as a check that did not hold: nothing refuses without being accounted for.
TEST(Coverage, EveryRefusalIsACheckThatDidNotHold) {
    const World& w = world();
    Evidence weak = live({mint().leaf("db.example").key(MintKey::kRsa1024)});
    Evidence old_protocol = live({w.leaf});
    old_protocol.protocol = Protocol::kTls12;
    for (const Evidence& evidence :
         {live({}), live({w.leaf, w.middle}, {w.root}), live({w.neighbour, w.middle}, {w.root}), live({w.alone}), weak,
          old_protocol, live({mint().leaf("db.example").signed_by(w.middle).expired(), w.middle}, {w.root})}) {
        for (const TrustMode trust : kTrustModes) {
            for (const auto& pins : {std::vector<Pin>{}, {spki(w.root)}, {spki(w.leaf)}}) {
                for (const Match match : {Match::kLeaf, Match::kIssuer, Match::kAny}) {
                    const ServerPolicy policy = policy_of(trust, match, pins);
                    const Verdict verdict = judge(evidence, policy, kMintNow);
                    const Coverage coverage = coverage_of(evidence, policy, verdict, kMintNow);
                    const bool has_failed =
                        std::ranges::any_of(coverage.checked, [](const Check& check) { return !check.has_held; });
                    EXPECT_EQ(has_failed, !verdict.reasons.empty()) << text_of(trust) << "\n" << told(verdict);
                    EXPECT_THAT(coverage.not_checked, Not(IsEmpty()));
                }
            }
        }
    }
}

}  // namespace
}  // namespace cotter::trust
