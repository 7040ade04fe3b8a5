// A server judged by pins alone: what may match, and what a pin never makes up for.
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

struct Row {
    std::string_view why;
    std::vector<Minted> presented;
    Match match;
    std::vector<Pin> pins;
    std::vector<ReasonCode> reasons;  ///< none: trusted
    std::size_t position = 0;
};

void check(const std::vector<Row>& rows) {
    for (const Row& row : rows) {
        SCOPED_TRACE(row.why);
        const Verdict verdict = judge(live(row.presented), policy_of(TrustMode::kPins, row.match, row.pins), kMintNow);
        EXPECT_EQ(verdict.outcome, row.reasons.empty() ? Outcome::kTrusted : Outcome::kRefused) << told(verdict);
        EXPECT_EQ(codes(verdict), row.reasons) << told(verdict);
        EXPECT_EQ(verdict.matched.has_value(), row.reasons.empty());
        if (!verdict.matched) continue;
        EXPECT_EQ(verdict.matched->position, row.position);
        ASSERT_LT(row.position, verdict.chain.size());
        EXPECT_TRUE(verdict.chain[row.position].matches(verdict.matched->pin));
        EXPECT_EQ(verdict.chain.front(), verdict.presented.front());
    }
}

TEST(JudgePins, A06_IssuerSerialAndNamesAreNotTheKey) {
    const World& w = world();
    const Minted ours = mint().leaf("db.example").signed_by(w.middle).serial(77);
    const Minted twin = mint().leaf("db.example").signed_by(w.middle).serial(77);
    for (const PinTarget target : {PinTarget::kSubjectPublicKeyInfo, PinTarget::kCertificate, PinTarget::kKey}) {
        for (const PinForm form : {PinForm::kSha256, PinForm::kSha384, PinForm::kSha512, PinForm::kDer}) {
            const auto policy = policy_of(TrustMode::kPins, Match::kLeaf, {*ours.certificate().pin(target, form)});
            EXPECT_EQ(judge(live({ours}), policy, kMintNow).outcome, Outcome::kTrusted);
            EXPECT_EQ(judge(live({twin}), policy, kMintNow).outcome, Outcome::kRefused);
        }
    }
}

TEST(JudgePins, ALeafPinIsEnough) {
    const World& w = world();
    const Minted ended = mint().leaf("another.example").expired();
    const Pin key = *w.leaf.certificate().pin(PinTarget::kKey, PinForm::kSha256);
    check({
        {"its SPKI", {w.leaf}, Match::kLeaf, {spki(w.leaf)}, {}},
        {"its SPKI, SHA-512", {w.leaf}, Match::kLeaf, {spki(w.leaf, PinForm::kSha512)}, {}},
        {"its SPKI, unhashed", {w.leaf}, Match::kLeaf, {spki(w.leaf, PinForm::kDer)}, {}},
        {"its certificate", {w.leaf}, Match::kLeaf, {whole(w.leaf)}, {}},
        {"its concrete key", {w.leaf}, Match::kLeaf, {key}, {}},
        {"among others", {w.leaf}, Match::kLeaf, {spki(w.root), spki(w.leaf)}, {}},
        {"under any, before issuers are asked", {w.leaf, w.middle}, Match::kAny, {spki(w.middle), spki(w.leaf)}, {}},
        {"names, dates and issuers don't count", {ended}, Match::kLeaf, {spki(ended)}, {}},
        {"junk beside it doesn't count", {w.leaf, w.other_root, ended}, Match::kLeaf, {spki(w.leaf)}, {}},
        {"another key", {w.alone}, Match::kLeaf, {spki(w.leaf)}, {kPinMismatch}},
        {"another certificate of the same key",
         {mint().leaf("db.example").reuse_key(w.leaf.shared_key())},
         Match::kLeaf,
         {whole(w.leaf)},
         {kPinMismatch}},
    });
}

TEST(JudgePins, A01_APinOfWhatWasMerelyAppendedIsNoMatch) {
    const World& w = world();
    check({
        {"the pinned leaf after the attacker's", {w.other_leaf, w.leaf}, Match::kLeaf, {spki(w.leaf)}, {kPinMismatch}},
        {"the pinned issuer after the attacker's chain",
         {w.other_leaf, w.other_root, w.middle},
         Match::kAny,
         {spki(w.middle)},
         {kChainUntrusted}},
        {"the same, issuers only", {w.alone, w.middle, w.root}, Match::kIssuer, {spki(w.root)}, {kChainUntrusted}},
        {"the pinned leaf as if it were an issuer", {w.alone, w.leaf}, Match::kAny, {spki(w.leaf)}, {kChainUntrusted}},
    });
}

TEST(JudgePins, A02_APinAboveTheLeafReplacesNeitherPathNorName) {
    const World& w = world();
    const Minted ended = mint().leaf("db.example").signed_by(w.middle).expired();
    const Minted early = mint().leaf("db.example").signed_by(w.middle).not_yet_valid();
    const Minted for_clients = mint().leaf("db.example").signed_by(w.middle).extended_key_usage({"clientAuth"});
    const Minted ended_ca = mint().authority("ended").expired();
    const Minted below_ended = mint().leaf("db.example").signed_by(ended_ca);
    const Minted sha1 = mint().leaf("db.example").signed_by(w.middle).digest("SHA1");
    const std::vector<Pin> middle{spki(w.middle)};
    check({
        {"the right name", {w.leaf, w.middle}, Match::kIssuer, middle, {}, 1},
        {"the root, if it is presented", {w.leaf, w.middle, w.root}, Match::kAny, {spki(w.root)}, {}, 2},
        {"by certificate", {w.leaf, w.middle}, Match::kAny, {whole(w.middle)}, {}, 1},
        {"another customer of the authority", {w.neighbour, w.middle}, Match::kIssuer, middle, {kHostMismatch}},
        {"a leaf past its end", {ended, w.middle}, Match::kIssuer, middle, {kExpired}},
        {"a leaf before its time", {early, w.middle}, Match::kAny, middle, {kNotYetValid}},
        {"a leaf for clients", {for_clients, w.middle}, Match::kAny, middle, {kWrongPurpose}},
        {"the anchor past its end", {below_ended, ended_ca}, Match::kAny, {spki(ended_ca)}, {kExpired}},
        {"a weak signature by it", {sha1, w.middle}, Match::kAny, middle, {kWeakSignature}},
        {"not presented", {w.leaf}, Match::kIssuer, middle, {kPinMismatch}},
        {"only leaves count", {w.leaf, w.middle}, Match::kLeaf, middle, {kPinMismatch}},
        {"only issuers count", {w.leaf, w.middle}, Match::kIssuer, {spki(w.leaf)}, {kPinMismatch}},
    });
    Evidence nameless = live({w.leaf, w.middle});
    nameless.host.reset();
    EXPECT_THAT(codes(judge(nameless, policy_of(TrustMode::kPins, Match::kAny, middle), kMintNow)),
                ElementsAre(kHostMismatch));
}

TEST(JudgePins, A03_OnlyAnAuthorityIsAnIssuer) {
    const World& w = world();
    const Minted below_leaf = mint().leaf("db.example").signed_by(w.leaf);
    const Minted no_sign = mint().authority("no keyCertSign").key_usage("digitalSignature");
    const Minted below_no_sign = mint().leaf("db.example").signed_by(no_sign);
    const Minted short_root = mint().authority("path length 0", 0);
    const Minted too_deep = mint().authority("too deep").signed_by(short_root);
    const Minted below_deep = mint().leaf("db.example").signed_by(too_deep);
    const Minted old = mint().common_name("version 1").version(1);
    const Minted below_old = mint().leaf("db.example").signed_by(old);
    const Minted impostor = mint().authority("middle");  // the name, and another key
    check({
        {"an ordinary leaf", {below_leaf, w.leaf, w.middle}, Match::kAny, {spki(w.leaf)}, {kChainUntrusted}},
        {"through a leaf", {below_leaf, w.leaf, w.middle}, Match::kAny, {spki(w.middle)}, {kChainUntrusted}},
        {"version 1", {below_old, old}, Match::kAny, {spki(old)}, {kChainUntrusted}},
        {"not the signer", {w.leaf, impostor}, Match::kAny, {spki(impostor)}, {kChainUntrusted}},
    });
    for (const auto& [presented, pin] : {std::pair{std::vector{below_no_sign, no_sign}, spki(no_sign)},
                                         std::pair{std::vector{below_deep, too_deep, short_root}, spki(short_root)}}) {
        const Verdict verdict = judge(live(presented), policy_of(TrustMode::kPins, Match::kIssuer, {pin}), kMintNow);
        EXPECT_EQ(verdict.outcome, Outcome::kRefused);
        EXPECT_FALSE(verdict.matched);
    }
}

TEST(JudgePins, A79_ALeafPresentedTwiceIsNotItsOwnIssuer) {
    const Minted authority = mint().leaf("db.example").is_ca(true).key_usage("keyCertSign,digitalSignature");
    check({
        {"under issuer", {authority, authority}, Match::kIssuer, {spki(authority)}, {kChainUntrusted}},
        {"under any it is the leaf", {authority, authority}, Match::kAny, {spki(authority)}, {}},
    });
}

TEST(JudgePins, A101_WeakKeysAreRefusedEvenWhenPinned) {
    for (const MintKey kind : {MintKey::kRsa1024, MintKey::kP192, MintKey::kDsa}) {
        const Minted weak = mint().leaf("db.example").key(kind);
        const Verdict verdict = judge(live({weak}), policy_of(TrustMode::kPins, Match::kLeaf, {spki(weak)}), kMintNow);
        EXPECT_EQ(verdict.outcome, Outcome::kRefused);
        EXPECT_THAT(codes(verdict), ElementsAre(kWeakKey)) << told(verdict);
    }
    const Minted weak_ca = mint().authority("weak").key(MintKey::kRsa1024);
    const Minted below = mint().leaf("db.example").signed_by(weak_ca);
    const Verdict verdict =
        judge(live({below, weak_ca}), policy_of(TrustMode::kPins, Match::kIssuer, {spki(weak_ca)}), kMintNow);
    EXPECT_EQ(verdict.outcome, Outcome::kRefused);
    EXPECT_THAT(told(verdict), HasSubstr("weak_key"));
}

TEST(JudgePins, AWeakSignatureDoesNotCountWhereTheLeafIsPinned) {
    const Minted sha1 = mint().leaf("db.example").digest("SHA1");
    EXPECT_EQ(judge(live({sha1}), policy_of(TrustMode::kPins, Match::kLeaf, {spki(sha1)}), kMintNow).outcome,
              Outcome::kTrusted);
}

TEST(JudgePins, AMismatchSaysWhatWasExpectedAndWhatCame) {
    const World& w = world();
    const auto message = [&](const std::vector<Pin>& pins, Match match = Match::kLeaf) {
        const Verdict verdict = judge(live({w.leaf, w.middle}), policy_of(TrustMode::kPins, match, pins), kMintNow);
        return verdict.reasons.empty() ? std::string() : verdict.first_reason().message;
    };
    EXPECT_THAT(message({spki(w.root)}), HasSubstr(spki(w.root).abbreviated()));
    EXPECT_THAT(message({spki(w.root)}), HasSubstr(spki(w.leaf).to_string()));
    EXPECT_THAT(message({spki(w.root)}), Not(HasSubstr("digest of")));
    EXPECT_THAT(message({spki(w.middle)}), HasSubstr("is of certificate 1 as presented, which does not count here"));
    EXPECT_THAT(message({spki(w.leaf)}, Match::kIssuer), HasSubstr("is of the leaf, which does not count here"));
    // The digest of the certificate, given as that of the key.
    const Pin confused = *Pin::from_octets(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256, whole(w.leaf).octets());
    EXPECT_THAT(message({confused}), HasSubstr("is the cert digest of the leaf, given as spki"));
    EXPECT_THAT(message(std::vector<Pin>{spki(w.root), spki(w.other_root), spki(w.alone), spki(w.other_leaf),
                                         spki(w.neighbour)}),
                HasSubstr("and 1 more"));
}

}  // namespace
}  // namespace cotter::trust
