// Judging by TLSA records: every kind of record, what holds besides, and answers that count for nothing.
#include "trust/dane_match.h"
#include "trust/testing/cases.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cotter::trust {
namespace {

using namespace trust::testing;  // NOLINT(google-build-using-namespace): the vocabulary of these tests
using enum ReasonCode;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

Evidence with(Evidence evidence, std::vector<TlsaRecord> records) {
    evidence.dane = {.state = DaneState::kSecure, .records = std::move(records), .asked = "_5432._tcp.db.example."};
    return evidence;
}

Verdict judged(const Evidence& evidence) {
    return judge(evidence, policy_of(TrustMode::kDane), kMintNow);
}

/// Usages 0 to 3: which certificate of root > middle > leaf a record of that usage is to be of.
const Minted& subject_of(unsigned usage) {
    const World& w = world();
    return usage == 1 || usage == 3 ? w.leaf : w.middle;
}

TEST(JudgeDane, A145_EveryUsageSelectorAndMatchingTypeMatchesItsOwnAndNothingElse) {
    const World& w = world();
    const Evidence evidence = live({w.leaf, w.middle}, {w.root});
    for (unsigned usage = 0; usage <= 3; ++usage) {
        for (unsigned selector = 0; selector <= 1; ++selector) {
            for (unsigned matching = 0; matching <= 2; ++matching) {
                SCOPED_TRACE(std::to_string(usage) + std::to_string(selector) + std::to_string(matching));
                const TlsaRecord good = tlsa(usage, selector, matching, subject_of(usage));
                const Verdict trusted = judged(with(evidence, {good}));
                EXPECT_EQ(trusted.outcome, Outcome::kTrusted) << told(trusted);
                ASSERT_TRUE(trusted.matched);
                EXPECT_EQ(trusted.matched->position, usage == 1 || usage == 3 ? 0U : 1U);
                EXPECT_TRUE(trusted.chain[trusted.matched->position].matches(trusted.matched->pin));
                EXPECT_EQ(trusted.chain.size(), usage == 3 ? 1U : usage == 2 ? 2U : 3U);

                // Another's; the right object, one octet of it changed; the certificate at the other place.
                const Minted& elsewhere = usage == 1 || usage == 3 ? w.middle : w.leaf;
                // (What ends a certificate is its signature, which an anchor that comes whole doesn't need.)
                TlsaRecord changed = usage == 2 && selector == 0 && matching == 0 ? tlsa(2, 0, 0, w.other_root) : good;
                if (changed == good) changed.data.back() ^= std::byte{1};
                for (const TlsaRecord& bad : {tlsa(usage, selector, matching, w.other_leaf), changed,
                                              tlsa(usage, selector, matching, elsewhere)}) {
                    const Verdict refused = judged(with(evidence, {bad}));
                    EXPECT_EQ(refused.outcome, Outcome::kRefused);
                    EXPECT_FALSE(refused.matched);
                    // A whole authority in the record is tried as an anchor, and leads nowhere.
                    EXPECT_EQ(codes(refused).back(), kDaneMismatch) << told(refused);
                }

                // Data that is none of its kind: cut, too long, empty.
                TlsaRecord cut = good;
                cut.data.pop_back();
                TlsaRecord longer = good;
                longer.data.push_back(std::byte{0});
                TlsaRecord empty = good;
                empty.data.clear();
                for (const TlsaRecord& bad : {cut, longer, empty}) {
                    const Verdict refused = judged(with(evidence, {bad}));
                    EXPECT_THAT(codes(refused), ElementsAre(kDaneMismatch));
                    EXPECT_THAT(told(refused), HasSubstr("none of the TLSA records"));
                    EXPECT_EQ(judged(with(evidence, {bad, good})).outcome, Outcome::kTrusted);
                }
            }
        }
    }
}

TEST(JudgeDane, A146_RecordsNoneOfWhichIsUsableAreNeverFallenBackFrom) {
    const World& w = world();
    // Everything else would let this server in: its path, name and dates are in order, and its key is remembered.
    Evidence evidence = live({w.leaf, w.middle}, {w.root});
    evidence.continuity = {ContinuityState::kMatch, {spki(w.leaf)}, kMintNow, ""};
    const ByteVector digest = tlsa(3, 1, 1, w.leaf).data;
    const std::vector<std::vector<TlsaRecord>> sets{
        {},
        {{4, 1, 1, digest}},
        {{255, 255, 255, digest}},
        {{3, 2, 1, digest}},
        {{3, 1, 3, digest}},
        {{3, 1, 2, digest}},  // a SHA-256 digest called SHA-512
        {{3, 1, 0, digest}},  // and called the key itself
        {{4, 1, 1, digest}, {3, 1, 255, digest}, {3, 1, 1, {}}},
    };
    for (const auto& records : sets) {
        for (const Mode mode : {Mode::kEnforce, Mode::kReport}) {
            ServerPolicy policy = policy_of(TrustMode::kDane);
            policy.mode = mode;
            const Verdict verdict = judge(with(evidence, records), policy, kMintNow);
            EXPECT_EQ(verdict.outcome, Outcome::kRefused);
            EXPECT_THAT(codes(verdict), ElementsAre(kDaneMismatch));
        }
    }
    EXPECT_THAT(told(judged(with(evidence, {}))), HasSubstr("is empty"));
    EXPECT_THAT(told(judged(with(evidence, {{4, 1, 1, digest}}))), HasSubstr("4 1 1 "));
    EXPECT_THAT(told(judged(with(evidence, {{4, 1, 1, digest}}))), HasSubstr("unknown usage"));
}

TEST(JudgeDane, A143_OnlyAValidatedAnswerCountsAndEachOtherIsToldApart) {
    const World& w = world();
    struct Row {
        DaneState state;
        ReasonCode code;
        std::string_view words;
    };
    const std::vector<Row> rows{
        {DaneState::kAbsent, kDaneMismatch, "DNSSEC proves that there is no TLSA record for _5432._tcp.db.example."},
        {DaneState::kInsecure, kDaneBogus, "is insecure: the zone is not signed"},
        {DaneState::kBogus, kDaneBogus, "is bogus"},
        {DaneState::kError, kDaneBogus, "there is no answer"},
        {DaneState::kNotAsked, kDaneBogus, "nobody asked"},
    };
    Evidence evidence = live({w.leaf, w.middle}, {w.root});
    evidence = with(std::move(evidence), {tlsa(3, 1, 1, w.leaf)});
    ASSERT_EQ(judged(evidence).outcome, Outcome::kTrusted);
    for (const Row& row : rows) {
        evidence.dane.state = row.state;  // the records are there, and right
        for (const Mode mode : {Mode::kEnforce, Mode::kReport}) {
            ServerPolicy policy = policy_of(TrustMode::kDane);
            policy.mode = mode;
            const Verdict verdict = judge(evidence, policy, kMintNow);
            EXPECT_EQ(verdict.outcome, Outcome::kRefused) << row.words;
            EXPECT_THAT(codes(verdict), ElementsAre(row.code)) << row.words;
            EXPECT_THAT(told(verdict), HasSubstr(row.words));
            EXPECT_FALSE(verdict.matched);
        }
    }
}

TEST(JudgeDane, AnAnswerThatIsTooOldCountsForNothing) {
    const World& w = world();
    Evidence evidence = with(live({w.leaf}), {tlsa(3, 1, 1, w.leaf)});
    evidence.dane.expires = kMintNow;
    EXPECT_EQ(judged(evidence).outcome, Outcome::kTrusted);
    evidence.dane.expires = kMintNow - std::chrono::seconds(1);
    EXPECT_THAT(codes(judged(evidence)), ElementsAre(kDaneBogus));
}

TEST(JudgeDane, A145_NamesDatesAndIssuersDontCountForUsage3AndDoForTheOthers) {
    const World& w = world();
    const Minted expired = mint().leaf("db.example").signed_by(w.middle).expired();
    const Minted early = mint().leaf("db.example").signed_by(w.middle).not_yet_valid();
    const Minted for_clients = mint().leaf("db.example").signed_by(w.middle).extended_key_usage({"clientAuth"});
    struct Row {
        std::string_view why;
        const Minted& leaf;
        std::vector<Minted> anchors;
        std::vector<ReasonCode> others;
    };
    const std::vector<Row> rows{
        {"another's name", w.neighbour, {w.root}, {kHostMismatch}},
        {"expired", expired, {w.root}, {kExpired}},
        {"not yet valid", early, {w.root}, {kNotYetValid}},
        {"for clients", for_clients, {w.root}, {kWrongPurpose}},
    };
    for (const Row& row : rows) {
        const Evidence evidence = live({row.leaf, w.middle}, row.anchors);
        EXPECT_EQ(judged(with(evidence, {tlsa(3, 1, 1, row.leaf)})).outcome, Outcome::kTrusted) << row.why;
        EXPECT_EQ(judged(with(evidence, {tlsa(3, 1, 1, row.leaf)})).valid_until, std::nullopt);
        for (const TlsaRecord& other : {tlsa(1, 1, 1, row.leaf), tlsa(2, 0, 1, w.middle), tlsa(0, 0, 1, w.middle)}) {
            const Verdict verdict = judged(with(evidence, {other}));
            EXPECT_EQ(verdict.outcome, Outcome::kRefused) << row.why;
            // The record is right: it is not called wrong.
            EXPECT_EQ(codes(verdict), row.others) << row.why << "\n" << told(verdict);
        }
    }
}

TEST(JudgeDane, A145_Usages0And1WantThePathToTheUsualAnchorsAndUsage2ToItsOwnAlone) {
    const World& w = world();
    const auto codes_of = [&](const TlsaRecord& one, const std::vector<Minted>& presented,
                              const std::vector<Minted>& anchors) {
        return codes(judged(with(live(presented, anchors), {one})));
    };
    // Without a usual anchor, and with another's.
    for (const std::vector<Minted>& anchors : {std::vector<Minted>{}, std::vector<Minted>{w.other_root}}) {
        EXPECT_THAT(codes_of(tlsa(0, 1, 1, w.middle), {w.leaf, w.middle}, anchors), ElementsAre(kChainUntrusted));
        EXPECT_THAT(codes_of(tlsa(1, 1, 1, w.leaf), {w.leaf, w.middle}, anchors), ElementsAre(kChainUntrusted));
        EXPECT_THAT(codes_of(tlsa(2, 1, 1, w.middle), {w.leaf, w.middle}, anchors), IsEmpty());
        EXPECT_THAT(codes_of(tlsa(2, 1, 1, w.root), {w.leaf, w.middle, w.root}, anchors), IsEmpty());
    }
    // The usual anchor itself, which need not be presented.
    EXPECT_THAT(codes_of(tlsa(0, 0, 2, w.root), {w.leaf, w.middle}, {w.root}), IsEmpty());
    // A right path, and the record is of an authority that is not on it.
    EXPECT_THAT(codes_of(tlsa(0, 1, 1, w.other_root), {w.leaf, w.middle, w.other_root}, {w.root, w.other_root}),
                ElementsAre(kDaneMismatch));
    // What is appended signs nothing (INVARIANT A01).
    EXPECT_THAT(codes_of(tlsa(2, 1, 1, w.root), {w.other_leaf, w.root}, {}), ElementsAre(kChainUntrusted));
    EXPECT_THAT(codes_of(tlsa(2, 1, 1, w.root), {w.alone, w.root}, {}), ElementsAre(kChainUntrusted));
    EXPECT_THAT(codes_of(tlsa(3, 1, 1, w.leaf), {w.other_leaf, w.leaf}, {w.other_root}), ElementsAre(kDaneMismatch));
    EXPECT_THAT(codes_of(tlsa(1, 1, 1, w.leaf), {w.other_leaf, w.leaf}, {w.other_root}), ElementsAre(kDaneMismatch));
    // An authority's date counts where it is the anchor, too.
    const Minted old = mint().authority("old").expired();
    const Minted under_old = mint().leaf("db.example").signed_by(old);
    EXPECT_THAT(codes_of(tlsa(2, 0, 1, old), {under_old, old}, {}), ElementsAre(kExpired));
}

TEST(JudgeDane, A145_ALeafIsNoAuthorityOfItself) {
    // Usage 2 is of an authority: a self-signed certificate that is one, presented once or twice, is none of its own.
    const Minted alone = mint().authority("alone").san_dns("db.example");
    for (const std::vector<Minted>& presented : {std::vector{alone}, std::vector{alone, alone}}) {
        for (const unsigned matching : {0U, 1U, 2U}) {
            for (const unsigned selector : {0U, 1U}) {
                const Verdict verdict = judged(with(live(presented), {tlsa(2, selector, matching, alone)}));
                EXPECT_EQ(verdict.outcome, Outcome::kRefused);
                EXPECT_THAT(codes(verdict), ElementsAre(kDaneMismatch));
            }
        }
    }
}

TEST(JudgeDane, AnAuthorityThatIsNotSentIsFoundOnlyWhereTheRecordHasItWhole) {
    const World& w = world();
    const Minted leaf = mint().leaf("db.example").signed_by(w.root);
    const Verdict whole = judged(with(live({leaf}), {tlsa(2, 0, 0, w.root)}));
    EXPECT_EQ(whole.outcome, Outcome::kTrusted) << told(whole);
    ASSERT_TRUE(whole.matched);
    EXPECT_EQ(*whole.matched, (MatchedPin{*w.root.certificate().pin(PinTarget::kCertificate, PinForm::kDer), 1}));
    EXPECT_EQ(whole.valid_until, std::min(leaf.certificate().not_after(), w.root.certificate().not_after()));
    // Through one that is sent.
    EXPECT_EQ(judged(with(live({w.leaf, w.middle}), {tlsa(2, 0, 0, w.root)})).outcome, Outcome::kTrusted);
    for (const TlsaRecord& other : {tlsa(2, 0, 1, w.root), tlsa(2, 0, 2, w.root), tlsa(2, 1, 0, w.root),
                                    tlsa(2, 1, 1, w.root), tlsa(2, 1, 2, w.root)}) {
        EXPECT_THAT(codes(judged(with(live({leaf}), {other}))), ElementsAre(kDaneMismatch));
    }
    // Another's whole certificate is no help.
    EXPECT_THAT(codes(judged(with(live({leaf}), {tlsa(2, 0, 0, w.other_root)}))),
                ElementsAre(kChainUntrusted, kDaneMismatch));
}

TEST(JudgeDane, OfDigestsOfOneKindOnlyTheStrongestCounts) {
    const World& w = world();
    const auto outcome = [&](std::vector<TlsaRecord> records) {
        return judged(with(live({w.leaf, w.middle}, {w.root}), std::move(records))).outcome;
    };
    TlsaRecord broken = tlsa(3, 1, 2, w.leaf);
    broken.data.pop_back();
    // The rule is RFC 7671's, section 9.
    EXPECT_EQ(outcome({tlsa(3, 1, 1, w.leaf), tlsa(3, 1, 2, w.other_leaf)}), Outcome::kRefused) << "outdone";
    EXPECT_EQ(outcome({tlsa(3, 1, 2, w.other_leaf), tlsa(3, 1, 1, w.leaf)}), Outcome::kRefused) << "in any order";
    EXPECT_EQ(outcome({tlsa(3, 1, 1, w.other_leaf), tlsa(3, 1, 2, w.leaf)}), Outcome::kTrusted) << "the stronger";
    EXPECT_EQ(outcome({tlsa(3, 1, 1, w.leaf), tlsa(3, 0, 2, w.other_leaf)}), Outcome::kTrusted) << "other selector";
    EXPECT_EQ(outcome({tlsa(3, 1, 1, w.leaf), tlsa(1, 1, 2, w.other_leaf)}), Outcome::kTrusted) << "other usage";
    EXPECT_EQ(outcome({tlsa(3, 1, 0, w.leaf), tlsa(3, 1, 2, w.other_leaf)}), Outcome::kTrusted)
        << "whole objects always count";
    EXPECT_EQ(outcome({tlsa(3, 1, 1, w.leaf), tlsa(3, 1, 0, w.other_leaf)}), Outcome::kTrusted) << "and outdo nothing";
    EXPECT_EQ(outcome({tlsa(3, 1, 1, w.leaf), broken}), Outcome::kTrusted) << "unusable ones outdo nothing";
    EXPECT_EQ(outcome({tlsa(3, 1, 1, w.leaf), tlsa(3, 1, 1, w.other_leaf)}), Outcome::kTrusted) << "equals";
    const Verdict told_of = judged(with(live({w.leaf}), {tlsa(3, 1, 1, w.other_leaf), tlsa(3, 1, 2, w.leaf)}));
    ASSERT_EQ(told_of.notes.size(), 2U);
    EXPECT_THAT(told_of.notes.back().message, AllOf(HasSubstr("passed over"), HasSubstr("3 1 1 ")));
}

TEST(JudgeDane, AnyOneOfSeveralRecordsIsEnough) {
    const World& w = world();
    const TlsaRecord next_key = tlsa(3, 1, 1, w.other_leaf);
    const Evidence evidence = live({w.leaf, w.middle}, {w.root});
    for (const TlsaRecord& right :
         {tlsa(3, 1, 1, w.leaf), tlsa(2, 0, 1, w.middle), tlsa(1, 0, 1, w.leaf), tlsa(0, 1, 2, w.root)}) {
        EXPECT_EQ(judged(with(evidence, {next_key, right})).outcome, Outcome::kTrusted);
        EXPECT_EQ(judged(with(evidence, {right, next_key})).outcome, Outcome::kTrusted);
    }
    // One whose path fails stands in no other's way.
    EXPECT_EQ(judged(with(live({w.leaf, w.middle}), {tlsa(1, 1, 1, w.leaf), tlsa(2, 0, 1, w.middle)})).outcome,
              Outcome::kTrusted);
    EXPECT_EQ(
        judged(with(live({w.leaf, w.other_root}, {w.middle}), {tlsa(2, 0, 1, w.other_root), tlsa(1, 1, 1, w.leaf)}))
            .outcome,
        Outcome::kTrusted);
    // What is named is the most specific.
    const Verdict verdict = judged(with(evidence, {tlsa(0, 1, 1, w.root), tlsa(3, 1, 1, w.leaf)}));
    EXPECT_EQ(verdict.matched, (MatchedPin{spki(w.leaf), 0}));
}

TEST(JudgeDane, A148_AValidatedAliasIsANameToo) {
    const World& w = world();
    for (const TlsaRecord& one : {tlsa(2, 0, 1, w.middle), tlsa(1, 1, 1, w.leaf), tlsa(0, 1, 1, w.root)}) {
        Evidence evidence = with(live({w.leaf, w.middle}, {w.root}, "www.example:5432"), {one});
        EXPECT_THAT(codes(judged(evidence)), ElementsAre(kHostMismatch));
        evidence.dane.alias_of = *HostName::parse("db.example");
        EXPECT_EQ(judged(evidence).outcome, Outcome::kTrusted) << told(judged(evidence));
        // Only where DANE decides.
        EXPECT_THAT(codes(judge(evidence, policy_of(TrustMode::kChain), kMintNow)), ElementsAre(kHostMismatch));
        ServerPolicy off = policy_of(TrustMode::kDane);
        off.mode = Mode::kOff;
        EXPECT_THAT(codes(judge(evidence, off, kMintNow)), ElementsAre(kHostMismatch));
        evidence.dane.alias_of = *HostName::parse("elsewhere.example");
        EXPECT_THAT(told(judged(evidence)), HasSubstr("not for www.example or elsewhere.example"));
    }
}

TEST(JudgeDane, WhatNoTrustForgivesIsNotForgivenHereEither) {
    const World& w = world();
    const Minted weak = mint().leaf("db.example").key(x509::testing::MintKey::kRsa1024);
    EXPECT_THAT(codes(judged(with(live({weak}), {tlsa(3, 1, 1, weak)}))), ElementsAre(kWeakKey));
    Evidence unproven = with(live({w.leaf}), {tlsa(3, 1, 1, w.leaf)});
    unproven.possession = Possession::kNotProven;
    EXPECT_THAT(codes(judged(unproven)), ElementsAre(kNoCertificate));
    ServerPolicy policy = policy_of(TrustMode::kDane);
    policy.deny.insert(spki(w.leaf));
    EXPECT_THAT(codes(judge(with(live({w.leaf}), {tlsa(3, 1, 1, w.leaf)}), policy, kMintNow)), ElementsAre(kPinDenied));
    // A weak signature on the way to the authority that is named.
    const Minted sha1 = mint().leaf("db.example").signed_by(w.middle).digest("SHA1");
    EXPECT_THAT(codes(judged(with(live({sha1, w.middle}), {tlsa(2, 0, 1, w.middle)}))), ElementsAre(kWeakSignature));
}

TEST(JudgeDane, A59_ADigestOfAnotherThingIsExplained) {
    const World& w = world();
    TlsaRecord mistaken = tlsa(3, 0, 1, w.leaf);
    mistaken.selector = 1;
    EXPECT_THAT(told(judged(with(live({w.leaf}), {mistaken}))), HasSubstr("cert digest of the leaf"));
    EXPECT_THAT(told(judged(with(live({w.leaf}), {tlsa(3, 1, 1, w.other_leaf)}))), Not(HasSubstr("digest of")));
}

TEST(JudgeDane, SaysWhatWasAskedAndWhatCame) {
    const World& w = world();
    Evidence evidence = with(live({w.leaf}), {tlsa(3, 1, 1, w.leaf), {9, 1, 1, {}}});
    const Verdict looked_up = judged(evidence);
    ASSERT_EQ(looked_up.notes.size(), 2U);
    EXPECT_EQ(looked_up.notes.front(),
              (Reason{kDaneRecords, "TLSA _5432._tcp.db.example.: 2 records, validated by DNSSEC"}));
    EXPECT_THAT(looked_up.notes.back().message, HasSubstr("9 1 1: unknown usage"));
    evidence.dane.asked.clear();
    EXPECT_EQ(judged(evidence).notes.front().message, "TLSA: 2 records, given on the command line");
}

}  // namespace
}  // namespace cotter::trust
