// What holds in every trust mode: evidence that is missing, ends, denials, reports.
#include "trust/testing/cases.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace cotter::trust {
namespace {

using namespace trust::testing;  // NOLINT(google-build-using-namespace): the vocabulary of these tests
using enum ReasonCode;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::array kTrustModes{TrustMode::kPins,   TrustMode::kChainAndPins, TrustMode::kChain,
                                 TrustMode::kStrict, TrustMode::kAcceptNew,    TrustMode::kDane};
constexpr std::array kModes{Mode::kEnforce, Mode::kReport, Mode::kOff};

/// Evidence that every trust mode is content with, and the policy that pins it.
Evidence good_evidence() {
    const World& w = world();
    Evidence evidence = live({w.leaf, w.middle}, {w.root});
    evidence.continuity = {ContinuityState::kMatch, {spki(w.leaf)}, kMintNow, ""};
    evidence.dane = {.state = DaneState::kSecure, .records = {tlsa(3, 1, 1, w.leaf)}};
    return evidence;
}
ServerPolicy pinned(TrustMode trust) {
    return policy_of(trust, Match::kLeaf, {spki(world().leaf)});
}

TEST(Judge, TrustsGoodEvidenceInEveryMode) {
    for (const TrustMode trust : kTrustModes) {
        for (const Mode mode : kModes) {
            ServerPolicy policy = pinned(trust);
            policy.mode = mode;
            const Verdict verdict = judge(good_evidence(), policy, kMintNow);
            EXPECT_EQ(verdict.outcome, Outcome::kTrusted) << text_of(trust) << told(verdict);
            EXPECT_THAT(verdict.reasons, IsEmpty());
        }
    }
}

TEST(Judge, A13_RefusesAPeerWithoutACertificateInEveryMode) {
    for (const TrustMode trust : kTrustModes) {
        for (const Mode mode : kModes) {
            ServerPolicy policy = pinned(trust);
            policy.mode = mode;
            Evidence evidence = good_evidence();
            evidence.presented.clear();
            const Verdict verdict = judge(evidence, policy, kMintNow);
            EXPECT_EQ(verdict.outcome, Outcome::kRefused);
            EXPECT_THAT(codes(verdict), ElementsAre(kNoCertificate));
        }
    }
}

TEST(Judge, A26_RefusesALiveLeafWhoseKeyWasNotProven) {
    for (const TrustMode trust : kTrustModes) {
        for (const Mode mode : kModes) {
            for (const Protocol protocol : {Protocol::kTls12, Protocol::kTls13}) {
                ServerPolicy policy = pinned(trust);
                policy.mode = mode;
                policy.minimum_protocol = Protocol::kTls12;
                Evidence evidence = good_evidence();
                evidence.possession = Possession::kNotProven;
                evidence.protocol = protocol;
                const Verdict verdict = judge(evidence, policy, kMintNow);
                EXPECT_EQ(verdict.outcome, Outcome::kRefused);
                EXPECT_THAT(codes(verdict), ElementsAre(kNoCertificate));
                EXPECT_THAT(verdict.first_reason().message, HasSubstr("not proven"));
            }
        }
    }
}

TEST(Judge, JudgesAFileThatProvesNothing) {
    Evidence evidence = good_evidence();
    evidence.possession = Possession::kNotProven;
    evidence.protocol = Protocol::kNone;
    for (const TrustMode trust : {TrustMode::kPins, TrustMode::kChainAndPins, TrustMode::kChain})
        EXPECT_EQ(judge(evidence, pinned(trust), kMintNow).outcome, Outcome::kTrusted);
}

TEST(Judge, RefusesWhatCantBeRead) {
    for (const TrustMode trust : kTrustModes) {
        Evidence evidence = good_evidence();
        evidence.malformed = "trailing octets at offset 12";
        const Verdict verdict = judge(evidence, pinned(trust), kMintNow);
        EXPECT_EQ(verdict.outcome, Outcome::kRefused);
        EXPECT_THAT(codes(verdict), ElementsAre(kMalformed));
        EXPECT_THAT(verdict.first_reason().message, HasSubstr("offset 12"));
    }
}

TEST(Judge, RefusesAnOlderProtocolThanAllowed) {
    for (const TrustMode trust : kTrustModes) {
        Evidence evidence = good_evidence();
        evidence.protocol = Protocol::kTls12;
        ServerPolicy policy = pinned(trust);
        EXPECT_THAT(codes(judge(evidence, policy, kMintNow)), ElementsAre(kDowngradedProtocol));
        policy.minimum_protocol = Protocol::kTls12;
        EXPECT_EQ(judge(evidence, policy, kMintNow).outcome, Outcome::kTrusted);
    }
}

TEST(Judge, A55_AnEmptyPinsetAdmitsNobody) {
    for (const TrustMode trust : {TrustMode::kPins, TrustMode::kChainAndPins}) {
        for (const Match match : {Match::kLeaf, Match::kIssuer, Match::kAny}) {
            for (const Mode mode : {Mode::kEnforce, Mode::kReport}) {
                ServerPolicy policy = policy_of(trust, match);
                policy.mode = mode;
                const Verdict verdict = judge(good_evidence(), policy, kMintNow);
                EXPECT_EQ(verdict.outcome, Outcome::kRefused);
                EXPECT_THAT(codes(verdict), ElementsAre(kEmptyPinset));
            }
        }
    }
}

TEST(Judge, A56_APolicyPastItsEndRefuses) {
    for (const TrustMode trust : kTrustModes) {
        ServerPolicy policy = pinned(trust);
        policy.expires = kMintNow;
        const Verdict last = judge(good_evidence(), policy, kMintNow);
        EXPECT_EQ(last.outcome, Outcome::kTrusted) << "its last second counts";
        EXPECT_EQ(last.valid_until, kMintNow);
        const Verdict after = judge(good_evidence(), policy, kMintNow + std::chrono::seconds(1));
        EXPECT_EQ(after.outcome, Outcome::kRefused);
        EXPECT_THAT(codes(after), ElementsAre(kPolicyExpired));
        EXPECT_THAT(after.first_reason().message, HasSubstr("2026-11-24T00:00:00Z"));
    }
}

TEST(Judge, A135_WhatThePolicyCameInEndsItInWhateverMode) {
    for (const TrustMode trust : kTrustModes) {
        for (const Mode mode : {Mode::kEnforce, Mode::kReport, Mode::kOff}) {
            ServerPolicy policy = pinned(trust);
            policy.mode = mode;
            policy.on_expiry = OnExpiry::kChain;
            policy.source_ends = kMintNow;
            const Verdict last = judge(good_evidence(), policy, kMintNow);
            EXPECT_EQ(last.outcome, Outcome::kTrusted) << "its last second counts";
            EXPECT_EQ(last.valid_until, kMintNow);
            const Verdict after = judge(good_evidence(), policy, kMintNow + std::chrono::seconds(1));
            EXPECT_EQ(after.outcome, Outcome::kRefused);
            EXPECT_THAT(codes(after), ElementsAre(kPolicyExpired));
        }
    }
}

TEST(Judge, A56_APolicyMayFallBackToTheChainAndToNothingLess) {
    const World& w = world();
    ServerPolicy policy = policy_of(TrustMode::kChainAndPins, Match::kLeaf, {spki(w.alone)});
    policy.expires = kMintNow - std::chrono::seconds(1);
    policy.on_expiry = OnExpiry::kChain;
    EXPECT_EQ(judge(good_evidence(), policy, kMintNow).outcome, Outcome::kTrusted);
    Evidence untrusted = good_evidence();
    untrusted.anchors = x509::TrustAnchors();
    EXPECT_THAT(codes(judge(untrusted, policy, kMintNow)), ElementsAre(kChainUntrusted));
    policy.trust = TrustMode::kPins;
    policy.pins = {{spki(w.leaf), PinRole::kPrimary, "", std::nullopt, ""}};
    EXPECT_EQ(judge(untrusted, policy, kMintNow).outcome, Outcome::kRefused);
    // What only the pins carry ends with the policy.
    policy.expires = kMintNow + std::chrono::days(1);
    EXPECT_EQ(judge(untrusted, policy, kMintNow).valid_until, policy.expires);
}

TEST(Judge, A56_APinPastItsEndMatchesNothing) {
    const World& w = world();
    for (const TrustMode trust : {TrustMode::kPins, TrustMode::kChainAndPins}) {
        ServerPolicy policy = pinned(trust);
        policy.pins.front().expires = kMintNow;
        const Verdict last = judge(good_evidence(), policy, kMintNow);
        EXPECT_EQ(last.outcome, Outcome::kTrusted);
        EXPECT_EQ(last.valid_until, kMintNow);
        const Verdict after = judge(good_evidence(), policy, kMintNow + std::chrono::seconds(1));
        EXPECT_EQ(after.outcome, Outcome::kRefused);
        EXPECT_THAT(codes(after), ElementsAre(kPinMismatch));
        EXPECT_THAT(after.first_reason().message, HasSubstr("past their end: " + spki(w.leaf).abbreviated()));
        policy.pins.push_back({whole(w.leaf), PinRole::kBackup, "", std::nullopt, ""});
        EXPECT_EQ(judge(good_evidence(), policy, kMintNow + std::chrono::seconds(1)).outcome, Outcome::kTrusted);
    }
}

TEST(Judge, DenialsHoldInEveryTrustMode) {
    const World& w = world();
    for (const TrustMode trust : kTrustModes) {
        for (const Pin& denied : {spki(w.leaf), whole(w.leaf), spki(w.middle), spki(w.other_root)}) {
            ServerPolicy policy = pinned(trust);
            policy.deny.insert(denied);
            Evidence evidence = good_evidence();
            evidence.presented.push_back(w.other_root.certificate());  // of the presented chain alone
            const Verdict verdict = judge(evidence, policy, kMintNow);
            EXPECT_EQ(verdict.outcome, Outcome::kRefused);
            EXPECT_THAT(codes(verdict), ElementsAre(kPinDenied));
            EXPECT_THAT(verdict.first_reason().message, HasSubstr(denied.abbreviated()));
        }
    }
    // The anchor is of the verified chain alone.
    ServerPolicy policy = pinned(TrustMode::kChain);
    policy.deny.insert(spki(w.root));
    EXPECT_THAT(codes(judge(good_evidence(), policy, kMintNow)), ElementsAre(kPinDenied));
}

TEST(Judge, A12_AReportIsNeverTrustAndForgivesOnlyThePins) {
    const World& w = world();
    const std::vector<Pin> other{spki(w.alone)};
    for (const TrustMode trust : {TrustMode::kPins, TrustMode::kChainAndPins}) {
        ServerPolicy policy = policy_of(trust, Match::kLeaf, other);
        policy.mode = Mode::kReport;
        const Verdict mismatch = judge(good_evidence(), policy, kMintNow);
        EXPECT_EQ(mismatch.outcome, Outcome::kReported);
        EXPECT_TRUE(mismatch.lets_pass());
        EXPECT_THAT(codes(mismatch), ElementsAre(kPinMismatch));
        EXPECT_FALSE(mismatch.matched);

        policy.deny.insert(spki(w.leaf));
        policy.expires = kMintNow - std::chrono::seconds(1);
        const Verdict all = judge(good_evidence(), policy, kMintNow);
        EXPECT_EQ(all.outcome, Outcome::kReported);
        EXPECT_THAT(codes(all), ElementsAre(kPinDenied, kPinMismatch, kPolicyExpired));
    }
    struct Row {
        std::string_view why;
        TrustMode trust;
        Match match;
        Pin pin;
        Evidence evidence;
    };
    const std::array rows{
        Row{"no trusted path", TrustMode::kChainAndPins, Match::kLeaf, other.front(), live({w.leaf, w.middle})},
        Row{"another host", TrustMode::kChainAndPins, Match::kLeaf, other.front(),
            live({w.neighbour, w.middle}, {w.root})},
        Row{"another host under a pinned issuer", TrustMode::kPins, Match::kIssuer, spki(w.middle),
            live({w.neighbour, w.middle})},
        Row{"a weak key", TrustMode::kPins, Match::kLeaf, other.front(),
            live({mint().leaf("db.example").key(MintKey::kRsa1024)})},
    };
    for (const Row& row : rows) {
        ServerPolicy policy = policy_of(row.trust, row.match, {row.pin});
        policy.mode = Mode::kReport;
        EXPECT_EQ(judge(row.evidence, policy, kMintNow).outcome, Outcome::kRefused) << row.why;
    }
    // Key continuity is no pin of a policy.
    Evidence changed = good_evidence();
    changed.continuity.state = ContinuityState::kChanged;
    ServerPolicy policy = pinned(TrustMode::kStrict);
    policy.mode = Mode::kReport;
    EXPECT_EQ(judge(changed, policy, kMintNow).outcome, Outcome::kRefused);
}

TEST(Judge, AnEntryThatIsOffIsJudgedByTheChain) {
    const World& w = world();
    for (const TrustMode trust : kTrustModes) {
        ServerPolicy policy = policy_of(trust);
        policy.mode = Mode::kOff;
        policy.expires = kMintNow - std::chrono::days(1);
        EXPECT_EQ(judge(live({w.leaf, w.middle}, {w.root}), policy, kMintNow).outcome, Outcome::kTrusted);
        EXPECT_THAT(codes(judge(live({w.leaf, w.middle}), policy, kMintNow)), ElementsAre(kChainUntrusted));
        EXPECT_THAT(codes(judge(live({w.neighbour, w.middle}, {w.root}), policy, kMintNow)),
                    ElementsAre(kHostMismatch));
    }
}

TEST(Judge, A11_AnInterceptionProxysPinSaysSo) {
    ServerPolicy policy = pinned(TrustMode::kPins);
    EXPECT_THAT(judge(good_evidence(), policy, kMintNow).notes, IsEmpty());
    policy.pins.front().role = PinRole::kProxy;
    policy.pins.front().approved_by = "risk acceptance 2026-17";
    const Verdict verdict = judge(good_evidence(), policy, kMintNow);
    EXPECT_EQ(verdict.outcome, Outcome::kTrusted);
    ASSERT_EQ(verdict.notes.size(), 1U);
    EXPECT_EQ(verdict.notes.front().code, kProxyPin);
    EXPECT_THAT(verdict.notes.front().message, HasSubstr("risk acceptance 2026-17"));
}

TEST(Judge, ListsEveryReasonWithTheOneToMendFirstInFront) {
    const World& w = world();
    const Minted ended = mint().leaf("shop.example").signed_by(w.middle).expired();
    Evidence evidence = live({ended, w.middle}, {w.root});
    evidence.protocol = Protocol::kTls12;
    evidence.possession = Possession::kNotProven;
    ServerPolicy policy = policy_of(TrustMode::kChainAndPins, Match::kLeaf, {spki(w.alone)});
    policy.deny.insert(spki(w.middle));
    policy.expires = kMintNow - std::chrono::seconds(1);
    EXPECT_THAT(codes(judge(evidence, policy, kMintNow)),
                ElementsAre(kNoCertificate, kPinDenied, kPinMismatch, kHostMismatch, kExpired, kPolicyExpired,
                            kDowngradedProtocol));
}

}  // namespace
}  // namespace cotter::trust
