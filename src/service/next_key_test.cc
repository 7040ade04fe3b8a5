// What a client makes of a server's word about its next key, over real handshakes: who may be believed, what is learnt,
// and what is only told.
#include "service/next_key.h"

#include "files/testing/scratch_folder.h"
#include "identity/key_proof.h"
#include "service/key_announcer.h"
#include "tls/testing/ends.h"

#include <gtest/gtest.h>

namespace cotter::service {
namespace {

using registry::KeyAnswer;
using tls::testing::converse;
using tls::testing::identity_of;
using tls::testing::OurEnd;
using tls::testing::Scene;
using x509::testing::kMintNow;
using x509::testing::mint;
using x509::testing::Minted;

class NextKeyTest : public ::testing::Test {
  protected:
    struct Ends {
        tls::Stream server;
        tls::Stream client;
    };
    Ends meet(bool resume = false) {
        OurEnd server = scene_.server_end();
        OurEnd client = scene_.client_end(resume);
        converse(server, client);
        auto ours = tls::open_stream(std::move(server.handshake));
        auto theirs = tls::open_stream(std::move(client.handshake));
        if (!ours || !theirs) throw std::runtime_error("no stream");
        static_cast<void>(tls::testing::hear(*theirs, scene_.client_wire, client.unread));
        return {std::move(*ours), std::move(*theirs)};
    }
    [[nodiscard]] KeyAnnouncer announcer(const Minted& next) const {
        return {present_.public_key(), identity_of(next)};
    }
    Heard hear(const stream::KeyNews& news, const tls::Stream& stream) {
        return hear_of_next_key(news, stream, peer_, policy_, memory_, kMintNow);
    }
    [[nodiscard]] Pin pin_of(const Minted& minted) const {
        return *minted.certificate().pin(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256);
    }
    void remember_present() {
        policy_.trust = trust::TrustMode::kStrict;
        ASSERT_TRUE(memory_.remember(peer_, {pin_of(scene_.server_minted)}, kMintNow));
    }
    [[nodiscard]] std::size_t remembered() const { return memory_.pins_of(peer_)->size(); }

    Scene scene_{tls::ContextSettings{trust::Protocol::kTls13, true, {tls::Application::kStream}}};
    const x509::Certificate present_ = scene_.server_minted.certificate();
    const Minted next_ = mint().leaf("next.example");
    files::testing::ScratchFolder scratch_;
    const HostPort peer_ = *HostPort::parse("server.example:1");
    evidence::KnownPeers memory_{scratch_ / "known_peers"};
    trust::ServerPolicy policy_;
};

TEST_F(NextKeyTest, IsLearntWhereOneGoesByMemoryAndToldOnce) {
    remember_present();
    const Ends ends = meet();
    KeyAnnouncer said = announcer(next_);
    const auto news = said.news_for(ends.server);
    ASSERT_TRUE(news);
    const Heard heard = hear(*news, ends.client);
    ASSERT_TRUE(heard.event);
    EXPECT_EQ(heard.event->kind, KeyEvent::Kind::kLearnt);
    EXPECT_EQ(heard.answer, KeyAnswer::kReady);
    EXPECT_EQ(heard.next, pin_of(next_));
    EXPECT_EQ(remembered(), 2U);
    said.note(scene_.client_minted.certificate().public_key().canonical(), KeyAnswer::kReady);
    const auto later = said.news_for(ends.server);
    ASSERT_TRUE(later);
    EXPECT_EQ(later->answer_held, 1);
    const Heard again = hear(*later, ends.client);
    EXPECT_FALSE(again.event);
    EXPECT_EQ(again.answer, KeyAnswer::kNone);
}

TEST_F(NextKeyTest, A32_OfAnotherConnectionOrAnotherPresentKeyIsNotBelieved) {
    remember_present();
    const Ends first = meet();
    const Ends second = meet();
    const auto recorded = announcer(next_).news_for(first.server);
    ASSERT_TRUE(recorded);
    const Heard replayed = hear(*recorded, second.client);
    ASSERT_TRUE(replayed.event);
    EXPECT_EQ(replayed.event->kind, KeyEvent::Kind::kRefused);
    EXPECT_EQ(replayed.answer, KeyAnswer::kNone);
    const Minted other = mint().leaf("other.example");
    const x509::Certificate other_certificate = other.certificate();
    const auto foreign = KeyAnnouncer(other_certificate.public_key(), identity_of(next_)).news_for(second.server);
    ASSERT_TRUE(foreign);
    EXPECT_EQ(hear(*foreign, second.client).event->kind, KeyEvent::Kind::kRefused);
    EXPECT_EQ(remembered(), 1U);
    EXPECT_TRUE(hear(*announcer(next_).news_for(second.server), second.client).event) << "the right one is";
    EXPECT_EQ(remembered(), 2U);
}

TEST_F(NextKeyTest, A16_NothingIsSaidOrHeardOnAResumedSession) {
    remember_present();
    {
        Ends full = meet(true);
        // OpenSSL voids the session of a connection that ends without a word.
        ASSERT_TRUE(full.server.close_notify() && full.client.close_notify());
        scene_.server_wire.clear_output();
        scene_.client_wire.clear_output();
    }
    const Ends resumed = meet(true);
    ASSERT_TRUE(resumed.client.is_resumed());
    EXPECT_FALSE(announcer(next_).news_for(resumed.server));
    // Nor is it heard if a server says it all the same.
    const auto session = resumed.server.session_binding();
    ASSERT_TRUE(session);
    const auto proof =
        identity::prove_key(identity_of(next_), {identity::KeyRole::kServer, present_.public_key(), *session});
    ASSERT_TRUE(proof);
    EXPECT_FALSE(hear({*proof, 0}, resumed.client).event);
    EXPECT_EQ(remembered(), 1U);
}

TEST_F(NextKeyTest, UnderPinsThatWereGivenNothingIsAddedAndTheOwnerIsTold) {
    policy_.trust = trust::TrustMode::kPins;
    policy_.pins.push_back({pin_of(scene_.server_minted), {}, {}, {}, {}});
    scene_.client_judge.by_authority = false;
    const Ends ends = meet();
    const Heard by_hand = hear(*announcer(next_).news_for(ends.server), ends.client);
    // The scripted judge matches no pin, and what is not trusted by its leaf alone is said to be so.
    EXPECT_EQ(by_hand.answer, KeyAnswer::kOtherTrust);
    EXPECT_FALSE(std::filesystem::exists(scratch_ / "known_peers"));
}

TEST_F(NextKeyTest, WhoIsOnlyReportedIsNotListenedTo) {
    remember_present();
    scene_.client_judge.says = trust::Outcome::kReported;
    const Ends ends = meet();
    EXPECT_FALSE(hear(*announcer(next_).news_for(ends.server), ends.client).event);
    EXPECT_EQ(remembered(), 1U);
}

TEST_F(NextKeyTest, ADeniedOrRevokedKeyIsNotLearntAndTheOwnerIsTold) {
    remember_present();
    const Ends ends = meet();
    const auto news = announcer(next_).news_for(ends.server);
    policy_.deny = *PinSet::parse(pin_of(next_).to_string());
    const Heard denied = hear(*news, ends.client);
    EXPECT_EQ(denied.answer, KeyAnswer::kRefused);
    policy_.deny = {};
    ASSERT_TRUE(memory_.update([&](evidence::PeerList& list, const evidence::NewNames&) -> Result<bool> {
        return list.revoke(pin_of(next_), kMintNow, "");
    }));
    const Heard revoked = hear(*news, ends.client);
    ASSERT_TRUE(revoked.event);
    EXPECT_EQ(revoked.event->kind, KeyEvent::Kind::kRefused);
    EXPECT_EQ(revoked.answer, KeyAnswer::kRefused);
    EXPECT_EQ(remembered(), 1U);
}

TEST_F(NextKeyTest, AWithdrawalForgetsWhatWasLearntAndSilenceDoesNot) {
    remember_present();
    const Ends ends = meet();
    ASSERT_TRUE(hear(*announcer(next_).news_for(ends.server), ends.client).event);
    KeyAnnouncer nothing(present_.public_key(), std::nullopt);
    const auto none = nothing.news_for(ends.server);
    ASSERT_TRUE(none && none->proof.empty());
    EXPECT_EQ(remembered(), 2U);
    EXPECT_EQ(hear(*none, ends.client).event->kind, KeyEvent::Kind::kWithdrawn);
    EXPECT_EQ(remembered(), 1U);
    EXPECT_FALSE(hear(*none, ends.client).event);
}

}  // namespace
}  // namespace cotter::service
