// The relay moves octets unchanged both ways, passes each end on as what it was, and holds no more than it must.
#include "stream/relay.h"

#include "stream/testing/sockets.h"
#include "tls/testing/ends.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/socket.h>

#include <cerrno>
#include <random>

namespace cotter::stream {
namespace {

using testing::bytes_of;
using testing::Descriptor;
using testing::Got;
using testing::receive_some;
using testing::run_until;
using testing::send_some;
using testing::text_of;
using tls::testing::OurEnd;
using tls::testing::Scene;

/// A relay with a TLS client of the test's at one end and a plain socket of the test's at the other.
class Tunnel {
  public:
    explicit Tunnel(RelayLimits limits = {}, EarlyBytes early = {}, std::string_view early_text = {}) {
        auto [client_end, peer_end] = testing::tcp_pair();
        auto [backend_end, plain_end] = testing::tcp_pair();
        client_socket = std::move(client_end);
        backend = std::move(backend_end);
        OurEnd server = scene_.server_end(reactor.wire());
        OurEnd client = scene_.client_end();
        tls::testing::converse(server, client);
        auto stream = tls::open_stream(std::move(server.handshake));
        auto opened = tls::open_stream(std::move(client.handshake));
        if (!stream || !opened) throw std::runtime_error("no stream for the test");
        client_.emplace(std::move(*opened));
        if (!early_text.empty()) early.ciphertext = encrypted(early_text);
        relay = std::make_shared<Relay>(reactor, adopt(reactor.io(), peer_end.release(), AF_INET), std::move(*stream),
                                        adopt(reactor.io(), plain_end.release(), AF_INET), limits,
                                        [this](EndReason reason, const RelayCounts& told, std::optional<tls::Alert>) {
                                            reasons.push_back(reason);
                                            counts = told;
                                        });
        relay->start(std::move(early));
    }

    [[nodiscard]] ByteVector encrypted(std::string_view text) {
        scene_.client_wire.lend({});
        EXPECT_TRUE(client_->write(x509::as_bytes(text)));
        return taken();
    }
    [[nodiscard]] ByteVector close_notify() {
        EXPECT_TRUE(client_->close_notify());
        return taken();
    }
    /// Ciphertext from the client, all of it, the reactor running meanwhile.
    void client_sends(const ByteVector& ciphertext) {
        std::size_t sent = 0;
        EXPECT_TRUE(run_until(reactor, [&] {
            sent += send_some(client_socket.get(), Bytes(ciphertext).subspan(sent));
            return sent == ciphertext.size();
        }));
    }
    /// What has come to the client since, added to `client_heard`.
    void client_listens() {
        const Got got = receive_some(client_socket.get());
        client_error = got.error;
        client_at_end = client_at_end || got.is_end;
        if (got.bytes.empty()) return;
        const auto heard = tls::testing::hear(*client_, scene_.client_wire, got.bytes);
        client_heard += heard.text;
        has_close_notify = has_close_notify || heard.reading == tls::Plaintext::Reading::kCloseNotify;
    }
    void backend_listens() {
        const Got got = receive_some(backend.get());
        backend_error = got.error;
        backend_at_end = backend_at_end || got.is_end;
        backend_heard += text_of(got.bytes);
    }
    void backend_sends(std::string_view text) {
        EXPECT_EQ(send_some(backend.get(), x509::as_bytes(text)), text.size());
    }
    [[nodiscard]] bool has_ended() const { return !reasons.empty(); }

  private:
    [[nodiscard]] ByteVector taken() {
        ByteVector ciphertext(scene_.client_wire.output().begin(), scene_.client_wire.output().end());
        scene_.client_wire.clear_output();
        return ciphertext;
    }

    Scene scene_;
    std::optional<tls::Stream> client_;

  public:
    Reactor reactor;
    std::shared_ptr<Relay> relay;
    Descriptor client_socket;
    Descriptor backend;
    std::string client_heard;
    std::string backend_heard;
    bool client_at_end = false;
    bool has_close_notify = false;
    bool backend_at_end = false;
    int client_error = 0;
    int backend_error = 0;
    std::vector<EndReason> reasons;
    RelayCounts counts;
};

bool backend_hears(Tunnel& tunnel, const std::function<bool()>& is_so) {
    return run_until(tunnel.reactor, [&] {
        tunnel.backend_listens();
        return is_so();
    });
}
bool client_hears(Tunnel& tunnel, const std::function<bool()>& is_so) {
    return run_until(tunnel.reactor, [&] {
        tunnel.client_listens();
        return is_so();
    });
}

TEST(Relay, WhatIsTooFastIsNotRead) {
    constexpr std::size_t kAll = 64U << 20U;
    Tunnel tunnel;
    const auto throttle = std::make_shared<Throttle>(32U << 10U, tunnel.reactor.now());
    tunnel.relay->hold_to({throttle});
    const std::string much(1U << 20U, 'x');
    std::size_t sent = 0;
    std::uint64_t most_held = 0;
    // The backend reads all it gets, and says as much as it can; neither goes faster than the throttle lets it, and
    // the rest stays with whoever sends it.
    ASSERT_TRUE(run_until(tunnel.reactor, [&] {
        tunnel.client_listens();
        if (sent < kAll) sent += send_some(tunnel.backend.get(), x509::as_bytes(much));
        most_held = std::max(most_held, tunnel.relay->counts().to_peer - tunnel.client_heard.size());
        return tunnel.client_heard.size() > 40U << 10U;
    }));
    EXPECT_LT(sent, kAll);
    EXPECT_LE(most_held, 32U << 10U);
    EXPECT_FALSE(tunnel.has_ended());

    tunnel.relay->hold_to({});
    ASSERT_TRUE(client_hears(tunnel, [&] { return tunnel.client_heard.size() >= sent; })) << "free again";
}

TEST(Relay, TheEndOfWhatIsHeldBackComesAfterIt) {
    Tunnel tunnel;
    tunnel.relay->hold_to({std::make_shared<Throttle>(8U << 10U, tunnel.reactor.now())});
    const std::string text(10U << 10U, 'x');
    tunnel.client_sends(tunnel.encrypted(text));
    tunnel.client_sends(tunnel.close_notify());
    tunnel.backend_sends(text);
    ::shutdown(tunnel.backend.get(), SHUT_WR);
    ASSERT_TRUE(run_until(tunnel.reactor, [&] {
        tunnel.client_listens();
        tunnel.backend_listens();
        return tunnel.has_close_notify && tunnel.backend_at_end;
    }));
    EXPECT_EQ(tunnel.client_heard, text);
    EXPECT_EQ(tunnel.backend_heard, text);
    ASSERT_TRUE(run_until(tunnel.reactor, [&] { return tunnel.has_ended(); }));
    EXPECT_EQ(tunnel.reasons, std::vector{EndReason::kDone});
}

TEST(Relay, ABreakIsNoticedWhileASideIsHeldBack) {
    Tunnel tunnel;
    const auto throttle = std::make_shared<Throttle>(1U << 10U, tunnel.reactor.now());
    throttle->spend(Throttle::Direction::kFromPeer, 1U << 30U);
    tunnel.relay->hold_to({throttle});
    tunnel.client_sends(tunnel.encrypted("never read"));
    ASSERT_TRUE(run_until(tunnel.reactor, [turns = 0]() mutable { return ++turns > 3; }));
    tunnel.client_socket.close_with_reset();
    ASSERT_TRUE(run_until(tunnel.reactor, [&] { return tunnel.has_ended(); }));
    EXPECT_EQ(tunnel.reasons, std::vector{EndReason::kPeerReset});
    EXPECT_EQ(tunnel.counts.from_peer, 0U);
}

TEST(Relay, A178_ThePeersEndIsPassedOnAndTheOtherDirectionFlowsOn) {
    Tunnel tunnel;
    tunnel.client_sends(tunnel.encrypted("question"));
    tunnel.client_sends(tunnel.close_notify());
    ASSERT_TRUE(backend_hears(tunnel, [&] { return tunnel.backend_at_end; }));
    EXPECT_EQ(tunnel.backend_heard, "question");
    EXPECT_FALSE(tunnel.has_ended());
    tunnel.backend_sends("a late answer");
    tunnel.backend.close();
    ASSERT_TRUE(client_hears(tunnel, [&] { return tunnel.has_close_notify; }));
    EXPECT_EQ(tunnel.client_heard, "a late answer");
    ASSERT_TRUE(run_until(tunnel.reactor, [&] { return tunnel.has_ended(); }));
    EXPECT_EQ(tunnel.reasons, std::vector{EndReason::kDone});
    EXPECT_EQ(tunnel.counts.from_peer, 8U);
    EXPECT_EQ(tunnel.counts.to_peer, 13U);
}

TEST(Relay, A178_ThePlainSidesEndIsPassedOnAndTheOtherDirectionFlowsOn) {
    Tunnel tunnel;
    tunnel.backend_sends("greeting");
    ::shutdown(tunnel.backend.get(), SHUT_WR);
    ASSERT_TRUE(client_hears(tunnel, [&] { return tunnel.has_close_notify; }));
    EXPECT_EQ(tunnel.client_heard, "greeting");
    EXPECT_FALSE(tunnel.has_ended());
    tunnel.client_sends(tunnel.encrypted("a late word"));
    tunnel.client_sends(tunnel.close_notify());
    ASSERT_TRUE(backend_hears(tunnel, [&] { return tunnel.backend_at_end; }));
    EXPECT_EQ(tunnel.backend_heard, "a late word");
    ASSERT_TRUE(run_until(tunnel.reactor, [&] { return tunnel.has_ended(); }));
    EXPECT_EQ(tunnel.reasons, std::vector{EndReason::kDone});
}

TEST(Relay, A177_AnEndWithoutCloseNotifyIsATruncationAndNoCleanEnd) {
    Tunnel tunnel;
    tunnel.client_sends(tunnel.encrypted("half a mess"));
    ASSERT_TRUE(backend_hears(tunnel, [&] { return tunnel.backend_heard == "half a mess"; }));
    tunnel.client_socket.close();
    ASSERT_TRUE(backend_hears(tunnel, [&] { return tunnel.backend_error != 0 || tunnel.backend_at_end; }));
    EXPECT_EQ(tunnel.backend_error, ECONNRESET);
    EXPECT_FALSE(tunnel.backend_at_end) << "the backend takes a part for the whole";
    EXPECT_EQ(tunnel.reasons, std::vector{EndReason::kTruncated});
}

TEST(Relay, A179_AResetOfOneSideResetsTheOther) {
    {
        Tunnel tunnel;
        tunnel.client_socket.close_with_reset();
        ASSERT_TRUE(backend_hears(tunnel, [&] { return tunnel.backend_error != 0 || tunnel.backend_at_end; }));
        EXPECT_EQ(tunnel.backend_error, ECONNRESET);
        EXPECT_EQ(tunnel.reasons, std::vector{EndReason::kPeerReset});
    }
    Tunnel tunnel;
    tunnel.backend.close_with_reset();
    ASSERT_TRUE(client_hears(tunnel, [&] { return tunnel.client_error != 0 || tunnel.client_at_end; }));
    EXPECT_EQ(tunnel.client_error, ECONNRESET);
    EXPECT_FALSE(tunnel.has_close_notify);
    EXPECT_EQ(tunnel.reasons, std::vector{EndReason::kPlainReset});
}

TEST(Relay, A179_WritingToASideThatIsGoneEndsTheStreamAndRaisesNoSignal) {
    Tunnel tunnel;
    // Closing over unread octets makes the kernel answer with resets.
    tunnel.client_sends(tunnel.encrypted("never read"));
    ASSERT_TRUE(run_until(tunnel.reactor, [&] { return tunnel.relay->counts().from_peer != 0; }));
    tunnel.backend.close();
    const ByteVector more = tunnel.encrypted(std::string(1000, 'x'));
    ASSERT_TRUE(run_until(tunnel.reactor, [&] {
        static_cast<void>(send_some(tunnel.client_socket.get(), more));
        return tunnel.has_ended();
    }));
    EXPECT_THAT(tunnel.reasons.front(), ::testing::AnyOf(EndReason::kPlainReset, EndReason::kPeerFault));
}

TEST(Relay, ARecordThatWasTamperedWithResetsTheBackend) {
    Tunnel tunnel;
    ByteVector record = tunnel.encrypted("word");
    record.back() ^= std::byte{1};
    tunnel.client_sends(record);
    ASSERT_TRUE(backend_hears(tunnel, [&] { return tunnel.backend_error != 0 || tunnel.backend_at_end; }));
    EXPECT_EQ(tunnel.backend_error, ECONNRESET);
    EXPECT_EQ(tunnel.backend_heard, "");
    EXPECT_EQ(tunnel.reasons, std::vector{EndReason::kPeerFault});
}

std::string noise(std::size_t size, unsigned seed) {
    std::mt19937 random(seed);
    std::string text(size, '\0');
    for (char& c : text) c = static_cast<char>(random());
    return text;
}

TEST(Relay, A180_OctetsInAreOctetsOutBothWaysAtOnce) {
    const std::string up = noise(3'000'000, 1);
    const std::string down = noise(3'000'000, 2);
    Tunnel tunnel;
    std::mt19937 random(3);
    ByteVector ciphertext;
    for (std::size_t at = 0; at < up.size();) {
        const std::size_t size = std::min<std::size_t>(up.size() - at, 1 + random() % 40'000);
        const ByteVector part = tunnel.encrypted(std::string_view(up).substr(at, size));
        ciphertext.insert(ciphertext.end(), part.begin(), part.end());
        at += size;
    }
    const ByteVector end = tunnel.close_notify();
    ciphertext.insert(ciphertext.end(), end.begin(), end.end());
    std::size_t sent_up = 0;
    std::size_t sent_down = 0;
    ASSERT_TRUE(run_until(tunnel.reactor, [&] {
        sent_up += send_some(tunnel.client_socket.get(), Bytes(ciphertext).subspan(sent_up));
        sent_down += send_some(tunnel.backend.get(), x509::as_bytes(std::string_view(down).substr(sent_down)));
        if (sent_down == down.size()) ::shutdown(tunnel.backend.get(), SHUT_WR);
        tunnel.client_listens();
        tunnel.backend_listens();
        return tunnel.has_ended() && tunnel.backend_at_end && tunnel.has_close_notify;
    }));
    EXPECT_TRUE(tunnel.backend_heard == up);
    EXPECT_TRUE(tunnel.client_heard == down);
    EXPECT_EQ(tunnel.counts.from_peer, up.size());
    EXPECT_EQ(tunnel.counts.to_peer, down.size());
    EXPECT_EQ(tunnel.reasons, std::vector{EndReason::kDone});
}

/// What both sockets of a direction and the relay's one buffer may hold.
constexpr std::uint64_t kMostHeld = 1U << 20U;

TEST(Relay, A171_WhatTheBackendDoesNotReadIsNotReadFromThePeer) {
    Tunnel tunnel;
    const std::string block = noise(16'000, 4);
    std::string sent_text;
    ByteVector ciphertext;
    std::uint64_t before = 0;
    int still = 0;
    // Sends until neither the socket takes more nor the relay moves.
    ASSERT_TRUE(run_until(tunnel.reactor, [&] {
        if (ciphertext.empty()) {
            ciphertext = tunnel.encrypted(block);
            sent_text += block;
        }
        const std::size_t size = send_some(tunnel.client_socket.get(), ciphertext);
        ciphertext.erase(ciphertext.begin(), ciphertext.begin() + static_cast<std::ptrdiff_t>(size));
        const std::uint64_t now = tunnel.relay->counts().from_peer;
        still = size == 0 && now == before ? still + 1 : 0;
        before = now;
        return still > 20 || now > 4 * kMostHeld;
    }));
    EXPECT_LT(tunnel.relay->counts().from_peer, kMostHeld);
    // And all of it arrives once it is wanted.
    const ByteVector end = tunnel.close_notify();
    ciphertext.insert(ciphertext.end(), end.begin(), end.end());
    ASSERT_TRUE(backend_hears(tunnel, [&] {
        const std::size_t size = send_some(tunnel.client_socket.get(), ciphertext);
        ciphertext.erase(ciphertext.begin(), ciphertext.begin() + static_cast<std::ptrdiff_t>(size));
        return tunnel.backend_at_end;
    }));
    EXPECT_TRUE(tunnel.backend_heard == sent_text);
}

TEST(Relay, A171_WhatThePeerDoesNotReadIsNotReadFromTheBackend) {
    Tunnel tunnel;
    const std::string block = noise(16'000, 5);
    std::string sent_text;
    std::uint64_t before = 0;
    int still = 0;
    ASSERT_TRUE(run_until(tunnel.reactor, [&] {
        const std::size_t size = send_some(tunnel.backend.get(), x509::as_bytes(block));
        sent_text += block.substr(0, size);
        const std::uint64_t now = tunnel.relay->counts().to_peer;
        still = size == 0 && now == before ? still + 1 : 0;
        before = now;
        return still > 20 || now > 4 * kMostHeld;
    }));
    EXPECT_LT(tunnel.relay->counts().to_peer, kMostHeld);
    ::shutdown(tunnel.backend.get(), SHUT_WR);
    ASSERT_TRUE(client_hears(tunnel, [&] { return tunnel.has_close_notify; }));
    EXPECT_TRUE(tunnel.client_heard == sent_text);
}

TEST(Relay, A215_WhatTheServerSaysOfTheClientComesBeforeAnyOctetOfIts) {
    Tunnel tunnel({}, {.ciphertext = {}, .to_plain = bytes_of("PROXY x\r\n"), .to_peer = {}}, "PROXY forged\r\n");
    tunnel.client_sends(tunnel.encrypted("more"));
    ASSERT_TRUE(backend_hears(tunnel, [&] { return tunnel.backend_heard.ends_with("more"); }));
    EXPECT_EQ(tunnel.backend_heard, "PROXY x\r\nPROXY forged\r\nmore");
    EXPECT_EQ(tunnel.relay->counts().from_peer, 18U) << "the header is none of the client's octets";
}

TEST(Relay, A125_IdlenessAndLifetimeHaveTheirEnds) {
    using std::chrono::milliseconds;
    struct Case {
        RelayLimits limits;
        EndReason reason;
    };
    for (const Case& c : {Case{{milliseconds(150), milliseconds::max()}, EndReason::kIdle},
                          Case{{milliseconds::max(), milliseconds(150)}, EndReason::kLifetime}}) {
        Tunnel tunnel(c.limits);
        ASSERT_TRUE(backend_hears(tunnel, [&] { return tunnel.backend_error != 0 || tunnel.backend_at_end; }));
        EXPECT_EQ(tunnel.backend_error, ECONNRESET);
        EXPECT_EQ(tunnel.reasons, std::vector{c.reason});
    }
}

TEST(Relay, StoppingResetsBothSidesAndIsToldOnce) {
    Tunnel tunnel;
    tunnel.relay->stop(EndReason::kNoLongerAdmitted);
    tunnel.relay->stop(EndReason::kDrained);
    EXPECT_EQ(tunnel.reasons, std::vector{EndReason::kNoLongerAdmitted});
    ASSERT_TRUE(backend_hears(tunnel, [&] { return tunnel.backend_error != 0; }));
    ASSERT_TRUE(client_hears(tunnel, [&] { return tunnel.client_error != 0; }));
    EXPECT_EQ(tunnel.backend_error, ECONNRESET);
    EXPECT_EQ(tunnel.client_error, ECONNRESET);
}

TEST(Relay, EachEndHasItsWord) {
    std::vector<std::string_view> words;
    for (int i = 0; i <= static_cast<int>(EndReason::kDrained); ++i)
        words.push_back(text_of(static_cast<EndReason>(i)));
    EXPECT_THAT(words, ::testing::ElementsAre("done", "truncated", "peer_reset", "peer_fault", "plain_reset", "idle",
                                              "lifetime", "expired", "no_longer_admitted", "disconnected", "drained"));
}

}  // namespace
}  // namespace cotter::stream
