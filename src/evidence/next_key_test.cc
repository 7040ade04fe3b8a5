// A server's next key in known_peers: learnt from the present one, beside it until it is presented, and then alone.
#include "evidence/peer_list.h"

#include "x509/testing/mint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cotter::evidence {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using trust::ContinuityState;
using x509::testing::kMintNow;
using x509::testing::mint;
using x509::testing::Minted;

Pin spki(const x509::Certificate& certificate) {
    return *certificate.pin(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256);
}

class NextKey : public ::testing::Test {
  protected:
    [[nodiscard]] PeerList list(const std::string& text) const {
        auto parsed = PeerList::parse(text, "known_peers");
        if (!parsed) throw std::runtime_error(parsed.error().why);
        return *parsed;
    }
    [[nodiscard]] static std::string line(const std::string& name, const Pin& pin) {
        return name + " " + pin.to_string() + " 2026-01-01T00:00:00Z 2026-01-01T00:00:00Z\n";
    }
    [[nodiscard]] std::string known() const { return line("db.example:1", spki(present_)); }
    Result<bool> expect(PeerList& peers, const x509::Certificate& by, const x509::Certificate& next) const {
        return peers.expect(peer_, by, spki(next), kMintNow);
    }
    [[nodiscard]] ContinuityState state(const PeerList& peers, const x509::Certificate& leaf) const {
        return peers.ask(peer_, leaf).state;
    }

    const HostPort peer_ = *HostPort::parse("db.example:1");
    const HostPort elsewhere_ = *HostPort::parse("db.example:2");
    const NewNames names_{};
    const Minted minted_[3] = {mint().leaf("a.example"), mint().leaf("b.example"), mint().leaf("c.example")};
    const x509::Certificate present_ = minted_[0].certificate();
    const x509::Certificate next_ = minted_[1].certificate();
    const x509::Certificate other_ = minted_[2].certificate();
};

TEST_F(NextKey, IsTrustedBesideThePresentOneWhereThatIsRemembered) {
    PeerList peers = list(known());
    ASSERT_TRUE(*expect(peers, present_, next_));
    EXPECT_FALSE(*expect(peers, present_, next_)) << "it is known";
    EXPECT_THAT(peers.text(), HasSubstr("@next db.example:1 " + spki(next_).to_string()));
    EXPECT_EQ(state(peers, present_), ContinuityState::kMatch);
    EXPECT_EQ(state(peers, next_), ContinuityState::kMatch);
    EXPECT_EQ(state(peers, other_), ContinuityState::kChanged);
    EXPECT_EQ(peers.ask(elsewhere_, next_).state, ContinuityState::kUnknown);
    EXPECT_EQ(list(peers.text()).text(), peers.text());
}

TEST_F(NextKey, A134_OncePresentedItStandsAloneAndTheFormerIsAChangedKey) {
    PeerList peers = list(known());
    ASSERT_TRUE(*expect(peers, present_, next_));
    EXPECT_EQ(peers.note_seen(peer_, {next_}, kMintNow), PeerList::Noted::kSucceeded);
    EXPECT_EQ(state(peers, next_), ContinuityState::kMatch);
    EXPECT_EQ(state(peers, present_), ContinuityState::kChanged);
    EXPECT_THAT(peers.text(), ::testing::Not(HasSubstr("@next")));
    EXPECT_EQ(peers.note_seen(peer_, {next_}, kMintNow), PeerList::Noted::kNothing);
}

TEST_F(NextKey, WhoeverHoldsTheKeySpeaksForItAtEachOfItsPortsAndEachFollowsByItself) {
    const std::string third = PeerName::hashed(*HostPort::parse("10.0.0.1:1"), {}).to_string();
    PeerList peers = list(known() + line("db.example:2", spki(present_)) + line("db.example:3", spki(other_)) +
                          line(third, spki(present_)));
    ASSERT_TRUE(*expect(peers, present_, next_));
    EXPECT_FALSE(*expect(peers, present_, next_));
    EXPECT_EQ(peers.ask(elsewhere_, next_).state, ContinuityState::kMatch);
    EXPECT_EQ(peers.ask(*HostPort::parse("10.0.0.1:1"), next_).state, ContinuityState::kMatch);
    EXPECT_EQ(peers.ask(*HostPort::parse("db.example:3"), next_).state, ContinuityState::kChanged);
    // Servers of one key need not switch at one time.
    EXPECT_EQ(peers.note_seen(peer_, {next_}, kMintNow), PeerList::Noted::kSucceeded);
    EXPECT_EQ(peers.ask(elsewhere_, present_).state, ContinuityState::kMatch);
    EXPECT_EQ(peers.note_seen(elsewhere_, {next_}, kMintNow), PeerList::Noted::kSucceeded);
    EXPECT_EQ(peers.ask(elsewhere_, present_).state, ContinuityState::kChanged);
}

TEST_F(NextKey, TheFormerGoesInEverySpelling) {
    const Pin certificate = *present_.pin(PinTarget::kCertificate, PinForm::kSha256);
    PeerList peers = list(line("db.example:1", certificate) + known());
    ASSERT_TRUE(*expect(peers, present_, next_));
    EXPECT_EQ(state(peers, present_), ContinuityState::kMatch);
    EXPECT_EQ(peers.note_seen(peer_, {next_}, kMintNow), PeerList::Noted::kSucceeded);
    EXPECT_EQ(state(peers, present_), ContinuityState::kChanged);
    EXPECT_EQ(peers.lines().size(), 1U);
}

TEST_F(NextKey, SeeingThePresentKeyChangesNothing) {
    PeerList peers = list(known());
    ASSERT_TRUE(*expect(peers, present_, next_));
    EXPECT_EQ(peers.note_seen(peer_, {present_}, kMintNow), PeerList::Noted::kSeen);
    EXPECT_EQ(state(peers, next_), ContinuityState::kMatch);
    EXPECT_EQ(state(peers, present_), ContinuityState::kMatch);
}

TEST_F(NextKey, OneAnnouncementTakesThePlaceOfTheLast) {
    PeerList peers = list(known());
    ASSERT_TRUE(*expect(peers, present_, other_));
    ASSERT_TRUE(*expect(peers, present_, next_));
    EXPECT_EQ(state(peers, other_), ContinuityState::kChanged)
        << "a key that was announced and never came stays trusted";
    EXPECT_EQ(state(peers, next_), ContinuityState::kMatch);
    EXPECT_EQ(peers.lines().size(), 2U);
}

TEST_F(NextKey, AWithdrawalForgetsItAndNothingElse) {
    PeerList peers = list(known() + line("db.example:2", spki(other_)));
    ASSERT_TRUE(*expect(peers, present_, next_));
    EXPECT_FALSE(peers.expect_none(peer_, other_)) << "somebody else's word";
    EXPECT_FALSE(peers.expect_none(elsewhere_, present_));
    EXPECT_TRUE(peers.expect_none(peer_, present_));
    EXPECT_EQ(peers.text(), known() + line("db.example:2", spki(other_)));
    EXPECT_FALSE(peers.expect_none(peer_, present_));
}

TEST_F(NextKey, A141_OnlyARememberedKeyAnnouncesAnother) {
    PeerList peers = list(known());
    EXPECT_EQ(expect(peers, other_, next_).error().code, "peer_unknown");
    PeerList nobody = list("");
    EXPECT_EQ(expect(nobody, present_, next_).error().code, "peer_unknown");
    // One that was only announced itself and has not come yet announces none.
    ASSERT_TRUE(*expect(peers, present_, next_));
    EXPECT_EQ(expect(peers, next_, other_).error().code, "peer_unknown");
    EXPECT_EQ(state(peers, other_), ContinuityState::kChanged);
}

TEST_F(NextKey, ARevokedKeyIsNotLearnt) {
    PeerList peers = list(known());
    EXPECT_TRUE(peers.revoke(spki(next_), kMintNow, ""));
    EXPECT_EQ(expect(peers, present_, next_).error().code, "peer_revoked");
    EXPECT_EQ(state(peers, next_), ContinuityState::kRevoked);
}

TEST_F(NextKey, A128_WhereAMarkIsNotUnderstoodNothingIsLearnt) {
    PeerList peers = list(known() + "@later db.example:1 " + spki(other_).to_string() + " x\n");
    EXPECT_EQ(expect(peers, present_, next_).error().code, "known_peers_mark");
}

TEST_F(NextKey, WhatAPersonVouchesForIsNoLongerWithdrawn) {
    PeerList peers = list(known());
    ASSERT_TRUE(*expect(peers, present_, next_));
    EXPECT_TRUE(*peers.remember(peer_, {spki(next_)}, kMintNow, names_, true));
    EXPECT_FALSE(peers.expect_none(peer_, present_));
    EXPECT_EQ(state(peers, next_), ContinuityState::kMatch);
}

TEST_F(NextKey, A130_ALineOfItIsReadWholeOrNotAtAll) {
    const std::string times = " 2026-01-01T00:00:00Z 2026-01-01T00:00:00Z";
    const std::string pin = spki(next_).to_string();
    const std::string after = " after=" + spki(present_).to_string();
    EXPECT_TRUE(PeerLine::parse("@next db.example:1 " + pin + times + after));
    EXPECT_TRUE(PeerLine::parse("@next db.example:1 " + pin + times + after + " # from the owner"));
    for (const std::string& bad : {
             "@next db.example:1 " + pin + times,                                          // after whom?
             "db.example:1 " + pin + times + after,                                        // no mark
             "@revoked db.example:1 " + pin + times + after,                               // revoked keys follow nobody
             "@next * " + pin + times + after,                                             // at every host
             "@next db.example:1 " + pin + times + after + after,                          // twice
             "@next db.example:1 " + pin + times + " after=x",                             // no pin
             "@next db.example:1 " + pin + times + " after=" + pin,                        // itself
             "@next db.example:1 " + pin + times + after + " until=2027-01-01T00:00:00Z",  // of a certificate not seen
         }) {
        EXPECT_FALSE(PeerLine::parse(bad)) << bad;
    }
}

}  // namespace
}  // namespace cotter::evidence
