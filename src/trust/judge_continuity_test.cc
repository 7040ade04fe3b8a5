// A server judged by what is remembered of it: four outcomes, of which only a match passes (INVARIANT A128).
#include "trust/testing/cases.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cotter::trust {
namespace {

using namespace trust::testing;  // NOLINT(google-build-using-namespace): the vocabulary of these tests
using enum ReasonCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Evidence remembered(ContinuityState state, const std::vector<Pin>& pins) {
    Evidence evidence = live({world().alone});
    evidence.continuity = {state, pins, kMintNow - std::chrono::days(30), "reading known_peers: its last line is torn"};
    return evidence;
}

TEST(JudgeContinuity, A128_ErrorUnknownMatchAndChangedAreFourOutcomes) {
    const Pin own = spki(world().alone);
    const Pin other = spki(world().leaf);
    struct Row {
        std::string_view why;
        ContinuityState state;
        std::vector<Pin> remembered;
        std::vector<ReasonCode> strict;
        std::vector<ReasonCode> accept_new;
    };
    const std::vector<Row> rows{
        {"match", ContinuityState::kMatch, {own}, {}, {}},
        {"a match that is of another key",
         ContinuityState::kMatch,
         {other},
         {kContinuityUnknown},
         {kContinuityUnknown}},
        {"a match of nothing", ContinuityState::kMatch, {}, {kContinuityUnknown}, {kContinuityUnknown}},
        {"unknown", ContinuityState::kUnknown, {}, {kContinuityUnknown}, {}},
        {"changed", ContinuityState::kChanged, {other}, {kContinuityChanged}, {kContinuityChanged}},
        {"revoked", ContinuityState::kRevoked, {own}, {kContinuityRevoked}, {kContinuityRevoked}},
        {"error", ContinuityState::kError, {}, {kContinuityUnknown}, {kContinuityUnknown}},
        {"never asked", ContinuityState::kNotAsked, {}, {kContinuityUnknown}, {kContinuityUnknown}},
    };
    for (const Row& row : rows) {
        const Evidence evidence = remembered(row.state, row.remembered);
        for (const auto& [trust, reasons] :
             {std::pair{TrustMode::kStrict, row.strict}, std::pair{TrustMode::kAcceptNew, row.accept_new}}) {
            const Verdict verdict = judge(evidence, policy_of(trust), kMintNow);
            EXPECT_EQ(codes(verdict), reasons) << row.why << " under " << text_of(trust);
            EXPECT_EQ(verdict.outcome, reasons.empty() ? Outcome::kTrusted : Outcome::kRefused);
            EXPECT_EQ(verdict.matched.has_value(), reasons.empty() && row.state == ContinuityState::kMatch);
        }
    }
}

TEST(JudgeContinuity, AChangedKeyIsToldWithBothPinsAndSinceWhenTheOldWasKnown) {
    const World& w = world();
    const Verdict verdict = judge(remembered(ContinuityState::kChanged, {spki(w.leaf), spki(w.middle)}),
                                  policy_of(TrustMode::kAcceptNew), kMintNow);
    const std::string& message = verdict.first_reason().message;
    EXPECT_THAT(message, HasSubstr(spki(w.leaf).abbreviated()));
    EXPECT_THAT(message, HasSubstr(spki(w.middle).abbreviated()));
    EXPECT_THAT(message, HasSubstr(spki(w.alone).to_string()));
    EXPECT_THAT(message, HasSubstr("known since 2026-10-25T00:00:00Z"));
    EXPECT_THAT(message, Not(HasSubstr("cotter"))) << "no command that would accept the new key";
}

TEST(JudgeContinuity, OnlyAFirstContactUnderAcceptNewIsToBeRemembered) {
    const Evidence unknown = remembered(ContinuityState::kUnknown, {});
    for (const TrustMode mode : {TrustMode::kStrict, TrustMode::kAsk})
        EXPECT_FALSE(judge(unknown, policy_of(mode), kMintNow).is_first_contact) << text_of(mode);
    ServerPolicy policy = policy_of(TrustMode::kAcceptNew);
    EXPECT_TRUE(judge(unknown, policy, kMintNow).is_first_contact);
    const Evidence known = remembered(ContinuityState::kMatch, {spki(world().alone)});
    EXPECT_FALSE(judge(known, policy, kMintNow).is_first_contact);
    // Judged by its chain alone, nobody has looked at what is remembered.
    policy.mode = Mode::kOff;
    Evidence by_chain = live({world().leaf, world().middle}, {world().root});
    by_chain.continuity = unknown.continuity;
    const Verdict verdict = judge(by_chain, policy, kMintNow);
    EXPECT_TRUE(verdict.lets_pass());
    EXPECT_FALSE(verdict.is_first_contact);
}

TEST(JudgeContinuity, AnErrorSaysWhy) {
    const Verdict verdict = judge(remembered(ContinuityState::kError, {}), policy_of(TrustMode::kStrict), kMintNow);
    EXPECT_THAT(verdict.first_reason().message, HasSubstr("its last line is torn"));
}

TEST(JudgeContinuity, A101_AWeakKeyIsNotRemembered) {
    Evidence evidence = live({mint().leaf("db.example").key(MintKey::kRsa1024)});
    evidence.continuity.state = ContinuityState::kUnknown;
    EXPECT_THAT(codes(judge(evidence, policy_of(TrustMode::kAcceptNew), kMintNow)), ElementsAre(kWeakKey));
}

}  // namespace
}  // namespace cotter::trust
