// After the handshake nothing about the peer changes: no renegotiation, no later question for a certificate, and only
// so many messages that are not data.
#include "tls/testing/ends.h"

#include <gtest/gtest.h>

#include <openssl/err.h>

namespace cotter::tls {
namespace {

using testing::converse;
using testing::hear;
using testing::OurEnd;
using testing::raw_context;
using testing::RawEnd;
using testing::Scene;
using trust::Protocol;

/// A finished connection of our server and a raw client, or the reverse.
struct Connection {
    std::unique_ptr<RawEnd> raw;
    std::optional<Stream> ours;
};

Connection connect(Scene& scene, bool we_serve, int version, const std::function<void(SSL*)>& tweak = {}) {
    auto context = raw_context(!we_serve, we_serve ? &scene.client_minted : &scene.server_minted);
    SSL_CTX_set_max_proto_version(context.get(), version);
    if (!we_serve) SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
    SSL_CTX_set_options(context.get(), SSL_OP_ALLOW_CLIENT_RENEGOTIATION);
    Connection connection{std::make_unique<RawEnd>(std::move(context), !we_serve), {}};
    if (tweak) tweak(connection.raw->get());
    OurEnd ours = we_serve ? scene.server_end() : scene.client_end();
    converse(*connection.raw, ours);
    auto opened = open_stream(std::move(ours.handshake));
    EXPECT_TRUE(opened);
    if (opened) {
        connection.ours.emplace(std::move(*opened));
        static_cast<void>(hear(*connection.ours, we_serve ? scene.server_wire : scene.client_wire, ours.unread));
    }
    return connection;
}

ContextSettings tls12_too() {
    return {Protocol::kTls12, false, {}};
}

TEST(PostHandshake, A24_NobodyRenegotiates) {
    for (const bool we_serve : {true, false}) {
        Scene scene(tls12_too());
        Connection connection = connect(scene, we_serve, TLS1_2_VERSION);
        ASSERT_TRUE(connection.ours);
        Wire& wire = we_serve ? scene.server_wire : scene.client_wire;
        const auto asked = (we_serve ? scene.server_judge : scene.client_judge).asked.size();
        const int messages = connection.raw->handshake_messages;
        ASSERT_EQ(SSL_renegotiate(connection.raw->get()), 1);
        connection.raw->is_finished = false;
        ByteVector asking = connection.raw->take({});
        ASSERT_FALSE(asking.empty());
        for (int i = 0; i < 4 && !asking.empty(); ++i) {
            const auto heard = hear(*connection.ours, wire, asking);
            EXPECT_EQ(heard.text, "");
            asking = connection.raw->take(heard.answer);
        }
        EXPECT_EQ(connection.raw->handshake_messages, messages) << "it renegotiated";
        EXPECT_EQ((we_serve ? scene.server_judge : scene.client_judge).asked.size(), asked);
    }
}

TEST(PostHandshake, A23_OurServerAsksForNoCertificateLater) {
    Scene scene({Protocol::kTls13, false, {}});
    Connection connection = connect(scene, true, TLS1_3_VERSION, [](SSL* ssl) { SSL_set_post_handshake_auth(ssl, 1); });
    ASSERT_TRUE(connection.ours);
    EXPECT_EQ(connection.raw->certificate_requests, 1) << "the one of the handshake";
    EXPECT_TRUE(connection.ours->write(x509::as_bytes("word")));
    const ByteVector sent(scene.server_wire.output().begin(), scene.server_wire.output().end());
    scene.server_wire.clear_output();
    static_cast<void>(connection.raw->take(sent));
    EXPECT_EQ(connection.raw->read(), "word");
    EXPECT_EQ(connection.raw->certificate_requests, 1);
}

TEST(PostHandshake, A23_OurClientOffersNoLaterAuthentication) {
    Scene scene({Protocol::kTls13, false, {}});
    Connection connection = connect(scene, false, TLS1_3_VERSION);
    ASSERT_TRUE(connection.ours);
    EXPECT_EQ(SSL_verify_client_post_handshake(connection.raw->get()), 0);
    EXPECT_EQ(ERR_GET_REASON(ERR_peek_last_error()), SSL_R_EXTENSION_NOT_RECEIVED);
    ERR_clear_error();
}

TEST(PostHandshake, AKeyUpdateOrTwoIsAnsweredAndDataFlowsOn) {
    for (const bool we_serve : {true, false}) {
        Scene scene({Protocol::kTls13, false, {}});
        Connection connection = connect(scene, we_serve, TLS1_3_VERSION);
        ASSERT_TRUE(connection.ours);
        Wire& wire = we_serve ? scene.server_wire : scene.client_wire;
        std::size_t answered = 0;
        for (int i = 0; i < 4; ++i) {
            ASSERT_EQ(SSL_key_update(connection.raw->get(), SSL_KEY_UPDATE_REQUESTED), 1);
            ByteVector sent = connection.raw->write("word");
            const auto heard = hear(*connection.ours, wire, sent);
            EXPECT_EQ(heard.text, "word");
            answered += heard.answer.size();
            static_cast<void>(connection.raw->take(heard.answer));
            EXPECT_EQ(connection.raw->read(), "");
        }
        EXPECT_GT(answered, 0U);
    }
}

TEST(PostHandshake, A51_EndlessMessagesThatAreNotDataEndTheConnection) {
    for (const bool with_data : {false, true}) {
        Scene scene({Protocol::kTls13, false, {}});
        Connection connection = connect(scene, true, TLS1_3_VERSION);
        ASSERT_TRUE(connection.ours);
        std::size_t answered = 0;
        int rounds = 0;
        for (; rounds < 10'000; ++rounds) {
            ASSERT_EQ(SSL_key_update(connection.raw->get(), SSL_KEY_UPDATE_REQUESTED), 1);
            connection.raw->is_finished = false;
            ByteVector sent = connection.raw->take({});
            if (with_data) {
                const ByteVector data = connection.raw->write("x");
                sent.insert(sent.end(), data.begin(), data.end());
            }
            ASSERT_FALSE(sent.empty());
            const auto heard = hear(*connection.ours, scene.server_wire, sent);
            answered += heard.answer.size();
            if (heard.reading == Plaintext::Reading::kFailed) break;
        }
        EXPECT_LT(rounds, 1000);
        EXPECT_LT(answered, 64U << 10U);
    }
}

TEST(PostHandshake, A51_NoMoreOfThemAreTakenThanTheLimitHoweverManyCameAtOnce) {
    Scene scene({Protocol::kTls13, false, {}});
    Connection connection = connect(scene, true, TLS1_3_VERSION);
    ASSERT_TRUE(connection.ours);
    ByteVector sent;
    for (int i = 0; i < 2000; ++i) {
        ASSERT_EQ(SSL_key_update(connection.raw->get(), SSL_KEY_UPDATE_NOT_REQUESTED), 1);
        connection.raw->is_finished = false;
        const ByteVector update = connection.raw->take({});
        ASSERT_FALSE(update.empty());
        sent.insert(sent.end(), update.begin(), update.end());
    }
    const ByteVector data = connection.raw->write("what lies behind them");
    sent.insert(sent.end(), data.begin(), data.end());
    const auto heard = hear(*connection.ours, scene.server_wire, sent);
    EXPECT_EQ(heard.reading, Plaintext::Reading::kFailed);
    EXPECT_EQ(heard.text, "");
}

TEST(PostHandshake, A07_WhatOneConnectionLeavesUnsentNeverGoesOutOnAnother) {
    Scene scene({Protocol::kTls13, false, {}});
    Connection careless = connect(scene, true, TLS1_3_VERSION);
    Connection other = connect(scene, true, TLS1_3_VERSION);
    ASSERT_TRUE(careless.ours && other.ours);
    ByteVector asking;
    for (int i = 0; i < 3; ++i) {
        ASSERT_EQ(SSL_key_update(careless.raw->get(), SSL_KEY_UPDATE_REQUESTED), 1);
        const ByteVector more = careless.raw->write("answer me");
        asking.insert(asking.end(), more.begin(), more.end());
    }
    ByteVector buffer(64U << 10U);
    scene.server_wire.lend(asking);
    static_cast<void>(careless.ours->read(buffer));
    ASSERT_FALSE(scene.server_wire.output().empty()) << "there is no answer that could be left";

    scene.server_wire.lend({});
    ASSERT_TRUE(other.ours->write(x509::as_bytes("word")));
    const ByteVector sent(scene.server_wire.output().begin(), scene.server_wire.output().end());
    static_cast<void>(other.raw->take(sent));
    EXPECT_EQ(other.raw->read(), "word");
}

TEST(PostHandshake, A177_ACloseNotifyIsNoFailureAndWhatCameBeforeItCounts) {
    Scene scene({Protocol::kTls13, false, {}});
    Connection connection = connect(scene, true, TLS1_3_VERSION);
    ASSERT_TRUE(connection.ours);
    ByteVector sent = connection.raw->write("last word");
    SSL_shutdown(connection.raw->get());
    const ByteVector close = connection.raw->pending();
    sent.insert(sent.end(), close.begin(), close.end());
    const auto heard = hear(*connection.ours, scene.server_wire, sent);
    EXPECT_EQ(heard.text, "last word");
    EXPECT_EQ(heard.reading, Plaintext::Reading::kCloseNotify);
    // Our own direction is still open.
    EXPECT_TRUE(connection.ours->write(x509::as_bytes("answer")));
    static_cast<void>(connection.raw->take(scene.server_wire.output()));
    scene.server_wire.clear_output();
    EXPECT_EQ(connection.raw->read(), "answer");
    EXPECT_TRUE(connection.ours->close_notify());
    EXPECT_FALSE(connection.ours->write(x509::as_bytes("after the end")));
}

TEST(PostHandshake, ARecordWithABitTurnedFails) {
    Scene scene({Protocol::kTls13, false, {}});
    Connection connection = connect(scene, true, TLS1_3_VERSION);
    ASSERT_TRUE(connection.ours);
    ByteVector sent = connection.raw->write("word");
    sent.back() ^= std::byte{1};
    const auto heard = hear(*connection.ours, scene.server_wire, sent);
    EXPECT_EQ(heard.text, "");
    EXPECT_EQ(heard.reading, Plaintext::Reading::kFailed);
}

}  // namespace
}  // namespace cotter::tls
