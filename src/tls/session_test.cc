// Resumption: off unless asked for, judged again each time, never renewed by itself, never carried over a change.
#include "tls/testing/ends.h"

#include <gtest/gtest.h>

namespace cotter::tls {
namespace {

using testing::converse;
using testing::hear;
using testing::OurEnd;
using testing::raw_context;
using testing::RawEnd;
using testing::Scene;
using trust::Protocol;

ContextSettings resuming(Protocol protocol) {
    return {protocol, true, {Application::kStream}};
}

/// A whole connection, as far as the tickets that come after it.
struct Connection {
    expected<Stream, trust::Verdict> server;
    expected<Stream, trust::Verdict> client;
};

Connection connect(Scene& scene) {
    OurEnd server = scene.server_end();
    OurEnd client = scene.client_end(true);
    converse(server, client);
    Connection made{open_stream(std::move(server.handshake)), open_stream(std::move(client.handshake))};
    if (made.client) static_cast<void>(hear(*made.client, scene.client_wire, client.unread));
    // OpenSSL voids the session of a connection that ends without a word.
    for (auto* end : {&made.server, &made.client}) {
        if (*end) static_cast<void>((*end)->close_notify());
    }
    scene.server_wire.clear_output();
    scene.client_wire.clear_output();
    return made;
}

bool both_resumed(const Connection& connection) {
    EXPECT_TRUE(connection.server && connection.client);
    if (!connection.server || !connection.client) return false;
    EXPECT_EQ(connection.server->is_resumed(), connection.client->is_resumed());
    return connection.server->is_resumed();
}

TEST(Sessions, A36_NothingResumesUnlessAskedFor) {
    Scene scene;
    static_cast<void>(connect(scene));
    EXPECT_EQ(scene.session.find(std::chrono::steady_clock::now()), nullptr);
    EXPECT_FALSE(both_resumed(connect(scene)));
}

TEST(Sessions, A41_NoTicketsAreSentUnlessAskedFor) {
    for (const int version : {TLS1_3_VERSION, TLS1_2_VERSION}) {
        Scene scene({Protocol::kTls12, false, {}});
        auto context = raw_context(false, &scene.client_minted);
        SSL_CTX_set_max_proto_version(context.get(), version);
        RawEnd client(std::move(context), false);
        OurEnd server = scene.server_end();
        converse(client, server);
        ASSERT_TRUE(client.is_finished && server.is_finished());
        static_cast<void>(client.read());
        EXPECT_EQ(client.tickets, 0);
        EXPECT_EQ(SSL_SESSION_is_resumable(SSL_get0_session(client.get())), 0);
    }
}

TEST(Sessions, A36_AResumedSessionIsJudgedAgainWithTheCertificateThatItCarries) {
    Scene scene(resuming(Protocol::kTls13));
    ASSERT_FALSE(both_resumed(connect(scene)));
    const auto proven = scene.server_judge.asked.front().authenticated_at;
    scene.server_judge.asked.clear();
    scene.client_judge.asked.clear();
    const Connection second = connect(scene);
    ASSERT_TRUE(both_resumed(second));
    for (const auto* judge : {&scene.server_judge, &scene.client_judge}) {
        ASSERT_FALSE(judge->asked.empty());
        const auto& minted = judge == &scene.server_judge ? scene.client_minted : scene.server_minted;
        for (const Peer& peer : judge->asked) {
            ASSERT_EQ(peer.presented.size(), 1U);
            EXPECT_EQ(peer.presented.front(), minted.certificate());
            EXPECT_EQ(peer.possession, trust::Possession::kProven);
            EXPECT_EQ(peer.protocol, Protocol::kTls13);
        }
    }
    EXPECT_EQ(second.server->peer().authenticated_at, proven);
    EXPECT_EQ(second.server->peer().application, Application::kStream);
}

TEST(Sessions, A36_ASessionWhosePeerIsRefusedTodayIsRefused) {
    Scene scene(resuming(Protocol::kTls13));
    ASSERT_FALSE(both_resumed(connect(scene)));
    scene.server_judge.says = trust::Outcome::kRefused;
    scene.server_judge.because = trust::ReasonCode::kRevoked;
    OurEnd server = scene.server_end();
    OurEnd client = scene.client_end(true);
    converse(server, client);
    EXPECT_TRUE(server.is_failed());
    EXPECT_FALSE(open_stream(std::move(server.handshake)));
}

TEST(Sessions, A16_AVerdictThatTurnsBetweenResumptionAndGateRefuses) {
    for (const bool at_server : {true, false}) {
        Scene scene(resuming(Protocol::kTls13));
        ASSERT_FALSE(both_resumed(connect(scene)));
        OurEnd server = scene.server_end();
        OurEnd client = scene.client_end(true);
        converse(server, client);
        ASSERT_TRUE(server.is_finished() && client.is_finished());
        // The generation stays where it is: a resumption has no verdict of its own that could stand.
        (at_server ? scene.server_judge : scene.client_judge).says = trust::Outcome::kRefused;
        EXPECT_FALSE(open_stream(std::move(at_server ? server.handshake : client.handshake)));
    }
}

TEST(Sessions, A36_AClientOffersNoSessionOfAServerThatItWouldRefuseToday) {
    Scene scene(resuming(Protocol::kTls13));
    ASSERT_FALSE(both_resumed(connect(scene)));
    // Refused is what was proven then; what is proven now passes.
    const auto then = scene.client_judge.asked.back().authenticated_at;
    scene.client_judge.on_question = [&judge = scene.client_judge, then] {
        judge.says = judge.asked.back().authenticated_at == then ? trust::Outcome::kRefused : trust::Outcome::kTrusted;
    };
    EXPECT_FALSE(both_resumed(connect(scene)));
}

TEST(Sessions, A35_ASessionOfAnotherContextDoesNotResume) {
    Scene scene(resuming(Protocol::kTls13));
    ASSERT_FALSE(both_resumed(connect(scene)));
    scene.remake_server();
    EXPECT_FALSE(both_resumed(connect(scene)));
    EXPECT_TRUE(both_resumed(connect(scene)));
}

TEST(Sessions, A35_ASessionOfOneServerMeansNothingToAnother) {
    Scene here(resuming(Protocol::kTls13));
    Scene there(resuming(Protocol::kTls13));
    ASSERT_FALSE(both_resumed(connect(here)));
    const RememberedSession* session = here.session.find(std::chrono::steady_clock::now());
    ASSERT_NE(session, nullptr);
    SSL_SESSION_up_ref(session->session.get());
    there.session.remember(there.session.era(), {SessionPtr(session->session.get()), session->peer});
    EXPECT_FALSE(both_resumed(connect(there)));
}

TEST(Sessions, A37_ResumingAgainAndAgainDoesNotRenewTheProof) {
    Scene scene(resuming(Protocol::kTls13));
    const auto before = std::chrono::steady_clock::now();
    ASSERT_FALSE(both_resumed(connect(scene)));
    const auto after = std::chrono::steady_clock::now();
    for (int i = 0; i < 4; ++i) {
        const Connection again = connect(scene);
        ASSERT_TRUE(both_resumed(again)) << i;
        for (const Stream* stream : {&*again.server, &*again.client}) {
            EXPECT_GE(stream->peer().authenticated_at, before);
            EXPECT_LE(stream->peer().authenticated_at, after);
        }
    }
    const auto end = after + kMostSessionAge;
    EXPECT_EQ(scene.session.find(end), nullptr);
    EXPECT_NE(scene.session.find(before + kMostSessionAge - std::chrono::seconds(1)), nullptr);
}

TEST(Sessions, A38_AResumedSessionIsNeverWithoutItsCertificate) {
    Scene scene(resuming(Protocol::kTls13));
    for (int i = 0; i < 3; ++i) static_cast<void>(connect(scene));
    for (const auto* judge : {&scene.server_judge, &scene.client_judge}) {
        for (const Peer& peer : judge->asked) EXPECT_EQ(peer.presented.size(), 1U);
    }
}

TEST(Sessions, A39_ASessionThatArrivesAfterTheClearingIsNotKept) {
    Scene scene(resuming(Protocol::kTls13));
    OurEnd server = scene.server_end();
    OurEnd client = scene.client_end(true);
    converse(server, client);
    auto stream = open_stream(std::move(client.handshake));
    ASSERT_TRUE(stream);
    // The identity or the policy changes while the ticket is on its way.
    scene.session.clear();
    static_cast<void>(hear(*stream, scene.client_wire, client.unread));
    static_cast<void>(stream->close_notify());
    scene.client_wire.clear_output();
    EXPECT_EQ(scene.session.find(std::chrono::steady_clock::now()), nullptr);
    EXPECT_FALSE(both_resumed(connect(scene)));
    EXPECT_TRUE(both_resumed(connect(scene)));
}

TEST(Sessions, A39_AClearedSessionIsNotOffered) {
    Scene scene(resuming(Protocol::kTls13));
    ASSERT_FALSE(both_resumed(connect(scene)));
    scene.session.clear();
    EXPECT_FALSE(both_resumed(connect(scene)));
}

TEST(Sessions, A36_ASessionOfAStrangerWhoJoinedOpensNoStreamLater) {
    Scene scene({Protocol::kTls13, true, {Application::kStream, Application::kJoin}},
                {Protocol::kTls13, true, {Application::kJoin}});
    scene.server_judge.says = trust::Outcome::kRefused;
    scene.server_judge.lets_join = true;
    for (int i = 0; i < 2; ++i) {
        OurEnd server = scene.server_end();
        OurEnd client = scene.client_end(true);
        converse(server, client);
        ASSERT_TRUE(server.is_finished());
        auto joining = open_join(std::move(client.handshake));
        ASSERT_TRUE(joining);
        static_cast<void>(hear(*joining, scene.client_wire, client.unread));
        static_cast<void>(joining->close_notify());
        scene.client_wire.clear_output();
        EXPECT_FALSE(open_stream(std::move(server.handshake)));
    }
}

TEST(Sessions, A40_Tls12SessionsAreJudgedAgainToo) {
    Scene scene(resuming(Protocol::kTls12));
    x509::SslContextPtr context = raw_context(false, &scene.client_minted);
    SSL_CTX_set_max_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_up_ref(context.get());
    SSL_CTX* const shared = context.get();
    RawEnd first(std::move(context), false);
    OurEnd server = scene.server_end();
    converse(first, server);
    ASSERT_TRUE(server.is_finished());
    auto whole = open_stream(std::move(server.handshake));
    ASSERT_TRUE(whole && whole->close_notify());
    scene.server_wire.clear_output();
    const SessionPtr session(SSL_get1_session(first.get()));
    ASSERT_EQ(SSL_SESSION_is_resumable(session.get()), 1);
    EXPECT_EQ(first.tickets, 0);  // by id alone: nothing of it leaves the server

    for (const auto says : {trust::Outcome::kTrusted, trust::Outcome::kRefused}) {
        scene.server_judge.says = says;
        SSL_CTX_up_ref(shared);
        RawEnd again(x509::SslContextPtr(shared), false);
        SSL_set_session(again.get(), session.get());
        OurEnd second = scene.server_end();
        converse(again, second);
        if (says == trust::Outcome::kTrusted) {
            ASSERT_TRUE(second.is_finished());
            const auto stream = open_stream(std::move(second.handshake));
            ASSERT_TRUE(stream);
            EXPECT_TRUE(stream->is_resumed());
            EXPECT_EQ(stream->peer().presented.front(), scene.client_minted.certificate());
            SSL_set_shutdown(again.get(), SSL_SENT_SHUTDOWN);
        } else {
            EXPECT_TRUE(second.is_failed());
        }
    }
    SSL_CTX_free(shared);
}

TEST(Sessions, A42_NoEarlyDataIsOfferedOrRead) {
    Scene scene(resuming(Protocol::kTls13));
    x509::SslContextPtr context = raw_context(false, &scene.client_minted);
    SSL_CTX* const shared = context.get();
    SSL_CTX_up_ref(shared);
    RawEnd first(std::move(context), false);
    OurEnd server = scene.server_end();
    converse(first, server);
    ASSERT_TRUE(server.is_finished());
    static_cast<void>(first.read());
    ASSERT_GT(first.tickets, 0);
    const SessionPtr session(SSL_SESSION_dup(SSL_get0_session(first.get())));
    EXPECT_EQ(SSL_SESSION_get_max_early_data(session.get()), 0U);

    // A client that sends it all the same.
    SSL_SESSION_set_max_early_data(session.get(), 1000);
    RawEnd eager(x509::SslContextPtr(shared), false);
    SSL_set_session(eager.get(), session.get());
    std::size_t written = 0;
    static_cast<void>(SSL_write_early_data(eager.get(), "early", 5, &written));
    ASSERT_EQ(written, 5U);
    OurEnd second = scene.server_end();
    ByteVector to_server = eager.pending();
    while (!to_server.empty()) to_server = eager.take(second.take(to_server));
    EXPECT_NE(SSL_get_early_data_status(eager.get()), SSL_EARLY_DATA_ACCEPTED);
    if (second.is_finished()) {
        auto stream = open_stream(std::move(second.handshake));
        ASSERT_TRUE(stream);
        EXPECT_EQ(hear(*stream, scene.server_wire, second.unread).text, "");
    }
}

RememberedSession aged(std::chrono::steady_clock::time_point proven) {
    RememberedSession remembered{SessionPtr(SSL_SESSION_new()), {}};
    remembered.peer.authenticated_at = proven;
    return remembered;
}

TEST(SessionStore, A167_KeepsSoManyAndDropsTheOldest) {
    const auto now = std::chrono::steady_clock::now();
    ServerSessions sessions;
    for (std::size_t i = 0; i < ServerSessions::kMost + 10; ++i) {
        sessions.remember(std::to_string(i), aged(now));
        ASSERT_LE(sessions.size(), ServerSessions::kMost);
    }
    EXPECT_EQ(sessions.find("9", now), nullptr);
    EXPECT_NE(sessions.find("10", now), nullptr);
    EXPECT_NE(sessions.find(std::to_string(ServerSessions::kMost + 9), now), nullptr);
}

TEST(SessionStore, A37_ForgetsByTheTimeOfTheProof) {
    const auto now = std::chrono::steady_clock::now();
    ServerSessions sessions;
    sessions.remember("a", aged(now));
    EXPECT_NE(sessions.find("a", now + kMostSessionAge - std::chrono::seconds(1)), nullptr);
    EXPECT_EQ(sessions.find("a", now + kMostSessionAge), nullptr);
    EXPECT_EQ(sessions.size(), 0U);
    sessions.remember("b", aged(now - kMostSessionAge));
    EXPECT_EQ(sessions.find("b", now), nullptr);
}

TEST(SessionStore, OneIdIsOneSession) {
    const auto now = std::chrono::steady_clock::now();
    ServerSessions sessions;
    sessions.remember("a", aged(now - kMostSessionAge));
    sessions.remember("a", aged(now));
    EXPECT_EQ(sessions.size(), 1U);
    EXPECT_NE(sessions.find("a", now), nullptr);
    sessions.forget("a");
    sessions.forget("a");
    EXPECT_EQ(sessions.find("a", now), nullptr);
}

}  // namespace
}  // namespace cotter::tls
