// Revocation in a verdict: in which modes it is asked, what is told of what could not be had, and notes that decide
// nothing.
#include "trust/testing/cases.h"
#include "x509/testing/mint_ocsp.h"

#include <gtest/gtest.h>

namespace cotter::trust {
namespace {

using namespace testing;
using x509::testing::mint_crl;
using x509::testing::mint_ocsp;

TEST(JudgeRevocation, A113_AStapledRevocationRefusesWhereverAPathIsJudged) {
    const World& w = world();
    Evidence evidence = live({w.leaf, w.middle}, {w.root});
    evidence.stapled = mint_ocsp(w.middle).revoked(w.leaf).make();
    const auto judged = [&](const ServerPolicy& policy) { return codes(judge(evidence, policy, kMintNow)); };
    const std::vector revoked{ReasonCode::kRevoked};
    EXPECT_EQ(judged(policy_of(TrustMode::kChain)), revoked);
    EXPECT_EQ(judged(policy_of(TrustMode::kChainAndPins, Match::kLeaf, {spki(w.leaf)})), revoked);
    EXPECT_EQ(judged(policy_of(TrustMode::kPins, Match::kIssuer, {spki(w.middle)})), revoked);
    EXPECT_EQ(judged(policy_of(TrustMode::kPins, Match::kLeaf, {spki(w.leaf)})), std::vector<ReasonCode>())
        << "where the key itself is pinned, issuers don't count";
    ServerPolicy off = policy_of(TrustMode::kChain);
    off.revocation = x509::RevocationScope::kOff;
    EXPECT_EQ(judged(off), std::vector<ReasonCode>());
}

TEST(JudgeRevocation, A108_TellsWhatCouldNotBeHadOnlyWhereItIsWanting) {
    const World& w = world();
    Evidence evidence = live({w.leaf, w.middle}, {w.root});
    evidence.unfetched = {"fetching http://ca.example/1.crl: nobody answered"};
    ServerPolicy policy = policy_of(TrustMode::kChain);
    policy.require_revocation = true;
    const Verdict wanting = judge(evidence, policy, kMintNow);
    EXPECT_EQ(wanting.outcome, Outcome::kRefused);
    EXPECT_NE(told(wanting).find("http://ca.example/1.crl"), std::string::npos);

    evidence.ocsp_responses = {mint_ocsp(w.middle).good(w.leaf).make(), mint_ocsp(w.root).good(w.middle).make()};
    EXPECT_EQ(judge(evidence, policy, kMintNow).outcome, Outcome::kTrusted);

    evidence.ocsp_responses.front() = mint_ocsp(w.middle).revoked(w.leaf).make();
    EXPECT_EQ(told(judge(evidence, policy, kMintNow)).find("http://"), std::string::npos);
}

TEST(JudgeRevocation, NotesEmbeddedTimestampsWhichDecideNothing) {
    const World& w = world();
    const auto noted = [&](const char* octets) {
        const Minted leaf =
            mint().leaf("db.example").signed_by(w.middle).extension("1.3.6.1.4.1.11129.2.4.2", false, octets);
        const Verdict verdict = judge(live({leaf, w.middle}, {w.root}), policy_of(TrustMode::kChain), kMintNow);
        EXPECT_EQ(verdict.outcome, Outcome::kTrusted);
        return verdict.notes;
    };
    const std::vector<Reason> two{{ReasonCode::kTimestamps, "2 SCTs embedded; their signatures are not checked"}};
    EXPECT_EQ(noted("04080006000109000109"), two);
    const std::vector<Reason> one{{ReasonCode::kTimestamps, "1 SCT embedded; its signature is not checked"}};
    EXPECT_EQ(noted("04050003000109"), one);
    const std::vector<Reason> broken{{ReasonCode::kTimestamps, "the list of embedded SCTs can't be read"}};
    EXPECT_EQ(noted("0500"), broken);
    EXPECT_TRUE(judge(live({w.leaf, w.middle}, {w.root}), policy_of(TrustMode::kChain), kMintNow).notes.empty());
}

}  // namespace
}  // namespace cotter::trust
