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

TEST(JudgeContinuity, AKeyLogLetsInWhatItListsAndNothingElse) {
    const Pin own = spki(world().alone);
    const Pin other = spki(world().leaf);
    const KeyLogFinding listed{KeyLogState::kListed, own, 3, kMintNow, {}};
    struct Row {
        std::string_view why;
        KeyLogFinding log;
        bool passes;
        bool is_false;
        std::string_view told;
    };
    const std::vector<Row> rows{
        {"listed", listed, true, false, "in its log, entry 3, since"},
        {"another key is", {KeyLogState::kListed, other, 3, kMintNow, {}}, false, false, "about another key"},
        {"no key is", {KeyLogState::kListed, {}, 3, kMintNow, {}}, false, false, "about another key"},
        {"not read", {KeyLogState::kNotRead, {}, 0, {}, {}}, false, false, "was not read"},
        {"unreadable", {KeyLogState::kUnreadable, {}, 0, {}, "no route"}, false, false, "no route"},
        {"false", {KeyLogState::kFalse, {}, 0, {}, "two histories"}, false, true, "FALSE: two histories"},
        {"absent", {KeyLogState::kAbsent, {}, 0, {}, {}}, false, false, "does not have this key"},
        {"retired", {KeyLogState::kRetired, own, 4, kMintNow, {}}, false, false, "is retired, entry 4"},
        {"superseded", {KeyLogState::kSuperseded, own, 1, kMintNow, {}}, false, false, "an older one"},
    };
    for (const Row& row : rows) {
        for (const auto state : {ContinuityState::kUnknown, ContinuityState::kChanged}) {
            for (const auto mode : {TrustMode::kStrict, TrustMode::kAcceptNew, TrustMode::kAsk}) {
                Evidence evidence =
                    remembered(state, state == ContinuityState::kChanged ? std::vector{other} : std::vector<Pin>());
                evidence.key_log = row.log;
                const Verdict verdict = judge(evidence, policy_of(mode), kMintNow);
                EXPECT_EQ(verdict.lets_pass(), row.passes) << row.why;
                EXPECT_EQ(verdict.logged.has_value(), row.passes) << row.why;
                EXPECT_EQ(verdict.logged.value_or(LoggedKey{}).former,
                          row.passes ? evidence.continuity.remembered : std::vector<Pin>());
                EXPECT_FALSE(verdict.is_first_contact) << row.why;
                EXPECT_EQ(verdict.wants_key_log, row.log.state == KeyLogState::kNotRead) << row.why;
                std::vector<ReasonCode> expected;
                if (!row.passes)
                    expected.push_back(state == ContinuityState::kChanged ? kContinuityChanged : kContinuityUnknown);
                if (row.is_false) expected.push_back(kKeyLog);
                EXPECT_EQ(codes(verdict), expected) << row.why;
                std::string said;
                for (const auto* reasons : {&verdict.reasons, &verdict.notes})
                    for (const Reason& reason : *reasons)
                        if (reason.code == kKeyLog) said += reason.message;
                EXPECT_THAT(said, HasSubstr(row.told)) << row.why;
            }
        }
    }
    // It speaks of keys that are not known; what is revoked or can't be read it does not mend.
    for (const auto state : {ContinuityState::kRevoked, ContinuityState::kError, ContinuityState::kNotAsked}) {
        Evidence evidence = remembered(state, {own});
        evidence.key_log = listed;
        EXPECT_FALSE(judge(evidence, policy_of(TrustMode::kStrict), kMintNow).lets_pass());
    }
}

TEST(JudgeContinuity, A233_AFirstContactWaitsForTheNotariesAndNothingElseDoes) {
    const Pin own = spki(world().alone);
    const Pin other = spki(world().leaf);
    const auto heard = [](std::vector<NotarySight> sights) {
        return NotaryFindings{{{"notary:1", std::move(sights), "why"}}, 1, kMintNow};
    };
    const struct {
        NotaryFindings notaries;
        bool passes;
    } rows[] = {{{}, true}, {heard({{own, kMintNow}}), true}, {heard({{other, kMintNow}}), false}, {heard({}), false}};
    for (const auto& [notaries, passes] : rows) {
        Evidence evidence = remembered(ContinuityState::kUnknown, {});
        evidence.notaries = notaries;
        const Verdict verdict = judge(evidence, policy_of(TrustMode::kAcceptNew), kMintNow);
        EXPECT_EQ(verdict.lets_pass(), passes);
        EXPECT_EQ(verdict.is_first_contact, passes);
        const auto said = std::ranges::count(verdict.notes, ReasonCode::kNotary, &Reason::code);
        EXPECT_EQ(said, static_cast<std::ptrdiff_t>(notaries.words.size())) << "each outcome is said";
        // What is remembered needs nobody's word, and nobody's word mends what is not.
        Evidence known = remembered(ContinuityState::kMatch, {own});
        known.notaries = notaries;
        EXPECT_TRUE(judge(known, policy_of(TrustMode::kStrict), kMintNow).lets_pass());
        Evidence changed = remembered(ContinuityState::kChanged, {other});
        changed.notaries = notaries;
        EXPECT_FALSE(judge(changed, policy_of(TrustMode::kAcceptNew), kMintNow).lets_pass());
        EXPECT_FALSE(judge(evidence, policy_of(TrustMode::kStrict), kMintNow).lets_pass());
    }
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
