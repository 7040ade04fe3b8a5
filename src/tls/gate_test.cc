// The gate gives a stream for a finished handshake and a verdict of now, and for nothing else.
#include "tls/testing/ends.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cotter::tls {
namespace {

using testing::converse;
using testing::hear;
using testing::OurEnd;
using testing::Scene;
using testing::through;
using trust::ReasonCode;

ContextSettings join_only() {
    return {trust::Protocol::kTls13, false, {Application::kJoin}};
}
ContextSettings both_applications() {
    return {trust::Protocol::kTls13, false, {Application::kStream, Application::kJoin}};
}

template <class Opened>
ReasonCode refused_because(const expected<Opened, trust::Verdict>& opened) {
    if (opened || opened.error().reasons.empty()) {
        ADD_FAILURE() << "it was not refused";
        return ReasonCode::kProxyPin;
    }
    return opened.error().first_reason().code;
}

TEST(Gate, OpensAStreamForAFinishedHandshakeAndATrustedPeer) {
    Scene scene;
    OurEnd server = scene.server_end();
    OurEnd client = scene.client_end();
    converse(server, client);
    auto ours = open_stream(std::move(server.handshake));
    auto theirs = open_stream(std::move(client.handshake));
    ASSERT_TRUE(ours && theirs);
    EXPECT_EQ(through(*theirs, scene.client_wire, *ours, scene.server_wire, "up"), "up");
    EXPECT_EQ(through(*ours, scene.server_wire, *theirs, scene.client_wire, "down"), "down");
    EXPECT_EQ(ours->peer().presented.front(), scene.client_minted.certificate());
    EXPECT_EQ(theirs->peer().presented.front(), scene.server_minted.certificate());
    EXPECT_EQ(ours->peer().possession, trust::Possession::kProven);
    EXPECT_EQ(ours->peer().protocol, trust::Protocol::kTls13);
    EXPECT_EQ(ours->peer().application, Application::kStream);
    EXPECT_FALSE(ours->is_resumed());
}

TEST(Gate, A17_OpensNothingBeforeTheHandshakeHasFinished) {
    for (int flights = 0; flights < 2; ++flights) {
        Scene scene;
        OurEnd server = scene.server_end();
        OurEnd client = scene.client_end();
        ByteVector bytes = client.take({});
        if (flights == 1) bytes = server.take(bytes);
        EXPECT_EQ(refused_because(open_stream(std::move(server.handshake))), ReasonCode::kNoCertificate);
        EXPECT_EQ(refused_because(open_stream(std::move(client.handshake))), ReasonCode::kNoCertificate);
    }
    Scene scene;
    scene.server_judge.lets_join = true;
    OurEnd server = scene.server_end();
    EXPECT_EQ(refused_because(open_join(std::move(server.handshake))), ReasonCode::kNoCertificate);
}

TEST(Gate, A17_AServerThatHasSeenTheCertificateButNotItsSignatureOpensNothing) {
    Scene scene;
    OurEnd server = scene.server_end();
    OurEnd client = scene.client_end();
    const ByteVector answer = server.take(client.take({}));
    const ByteVector last = client.take(answer);
    ASSERT_TRUE(client.is_finished());
    // One record of Certificate, CertificateVerify and Finished each: cut so that the last is missing.
    static_cast<void>(server.take(Bytes(last).first(last.size() - 1)));
    ASSERT_FALSE(server.is_finished());
    EXPECT_FALSE(open_stream(std::move(server.handshake)));
}

TEST(Gate, A07_AsksTheJudgeAgainWhenItsGenerationMovedAfterTheHandshake) {
    Scene scene;
    OurEnd server = scene.server_end();
    OurEnd client = scene.client_end();
    converse(server, client);
    ASSERT_TRUE(server.is_finished());
    scene.server_judge.moves++;
    scene.server_judge.says = trust::Outcome::kRefused;
    scene.server_judge.because = ReasonCode::kRevoked;
    EXPECT_EQ(refused_because(open_stream(std::move(server.handshake))), ReasonCode::kRevoked);
    EXPECT_EQ(scene.server_judge.asked.size(), 2U);
}

TEST(Gate, A43_AChangeInTheMiddleOfTheVerdictIsNoticedAtTheGate) {
    Scene scene;
    OurEnd server = scene.server_end();
    OurEnd client = scene.client_end();
    // The generation moves while the verdict is made of what was known before.
    scene.server_judge.on_question = [&judge = scene.server_judge] {
        judge.on_question = nullptr;
        judge.moves++;
    };
    converse(server, client);
    ASSERT_TRUE(server.is_finished());
    scene.server_judge.says = trust::Outcome::kRefused;
    EXPECT_FALSE(open_stream(std::move(server.handshake)));
}

TEST(Gate, TheHandshakesVerdictStandsWhileNothingMoves) {
    Scene scene;
    OurEnd server = scene.server_end();
    OurEnd client = scene.client_end();
    converse(server, client);
    EXPECT_TRUE(open_stream(std::move(server.handshake)));
    EXPECT_EQ(scene.server_judge.asked.size(), 1U);
}

TEST(Gate, A07_AReportedPeerPassesAndIsNotCalledTrusted) {
    Scene scene;
    scene.client_judge.says = trust::Outcome::kReported;
    OurEnd server = scene.server_end();
    OurEnd client = scene.client_end();
    converse(server, client);
    const auto opened = open_stream(std::move(client.handshake));
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->verdict().outcome, trust::Outcome::kReported);
}

TEST(Gate, A07_WhoOnlyLooksGetsNoStreamWhateverTheVerdict) {
    for (const auto says : {trust::Outcome::kTrusted, trust::Outcome::kReported, trust::Outcome::kRefused}) {
        Scene scene;
        scene.client_judge.looks = true;
        scene.client_judge.says = says;
        OurEnd server = scene.server_end();
        OurEnd client = scene.client_end();
        converse(server, client);
        ASSERT_TRUE(client.is_finished());
        EXPECT_EQ(client.handshake.peer().presented.front(), scene.server_minted.certificate());
        EXPECT_EQ(refused_because(open_stream(std::move(client.handshake))), ReasonCode::kNoPolicy);
    }
    Scene scene(join_only());
    scene.server_judge.lets_join = true;
    scene.client_judge.looks = true;
    OurEnd server = scene.server_end();
    OurEnd client = scene.client_end();
    converse(server, client);
    EXPECT_FALSE(open_join(std::move(client.handshake)));
}

TEST(Gate, A08_AClientThatRefusesSendsItsAlertAndNothingElse) {
    Scene scene;
    scene.client_judge.says = trust::Outcome::kRefused;
    scene.client_judge.because = ReasonCode::kPinMismatch;
    OurEnd server = scene.server_end();
    OurEnd client = scene.client_end();
    const ByteVector answer = server.take(client.take({}));
    const ByteVector last = client.take(answer);
    ASSERT_TRUE(client.is_failed());
    ASSERT_TRUE(client.handshake.failure().verdict);
    EXPECT_EQ(client.handshake.failure().verdict->first_reason().code, ReasonCode::kPinMismatch);
    static_cast<void>(server.take(last));
    ASSERT_TRUE(server.is_failed());
    EXPECT_EQ(server.handshake.failure().alert, Alert{42});
    EXPECT_TRUE(scene.server_judge.asked.empty()) << "the server saw a certificate of a client that had refused it";
    EXPECT_FALSE(open_stream(std::move(client.handshake)));
    EXPECT_FALSE(open_stream(std::move(server.handshake)));
}

TEST(Gate, A08_AStrangerOfTheServerGetsNoStreamThere) {
    Scene scene;
    scene.server_judge.says = trust::Outcome::kRefused;
    OurEnd server = scene.server_end();
    OurEnd client = scene.client_end();
    converse(server, client);
    ASSERT_TRUE(server.is_failed());
    ASSERT_TRUE(server.handshake.failure().verdict);
    EXPECT_FALSE(open_stream(std::move(server.handshake)));
    // In TLS 1.3 the client has finished before; what it is told comes as an alert in its first reading.
    ASSERT_TRUE(client.is_finished());
    auto stream = open_stream(std::move(client.handshake));
    ASSERT_TRUE(stream);
    const auto heard = hear(*stream, scene.client_wire, client.unread);
    EXPECT_EQ(heard.reading, Plaintext::Reading::kFailed);
    ASSERT_TRUE(stream->received_alert());
    EXPECT_EQ(stream->received_alert()->number, 46);
    EXPECT_TRUE(stream->received_alert()->refuses_certificate());
}

TEST(Gate, A15_AJudgeThatBreaksRefuses) {
    for (const bool at_server : {true, false}) {
        Scene scene;
        (at_server ? scene.server_judge : scene.client_judge).throws = true;
        OurEnd server = scene.server_end();
        OurEnd client = scene.client_end();
        converse(server, client);
        EXPECT_TRUE(at_server ? server.is_failed() : client.is_failed());
        (at_server ? scene.server_judge : scene.client_judge).throws = false;
        EXPECT_FALSE(open_stream(std::move(at_server ? server.handshake : client.handshake)));
    }
}

TEST(Gate, A50_AStrangerMayJoinOnlyByTheJoinProtocol) {
    Scene scene(both_applications(), {});
    scene.server_judge.says = trust::Outcome::kRefused;
    scene.server_judge.lets_join = true;
    OurEnd server = scene.server_end();
    OurEnd client = scene.client_end();
    converse(server, client);
    EXPECT_TRUE(server.is_failed()) << "cotter/1 lets a stranger in because strangers may join";
}

TEST(Gate, A50_AConnectionForJoiningIsAJoinChannelAndNeverAStream) {
    for (const auto says : {trust::Outcome::kRefused, trust::Outcome::kTrusted}) {
        for (const bool as_stream : {true, false}) {
            Scene scene(both_applications(), join_only());
            scene.server_judge.says = says;
            scene.server_judge.lets_join = true;
            OurEnd server = scene.server_end();
            OurEnd client = scene.client_end();
            converse(server, client);
            ASSERT_TRUE(server.is_finished());
            EXPECT_EQ(server.handshake.peer().application, Application::kJoin);
            if (as_stream) {
                EXPECT_EQ(refused_because(open_stream(std::move(server.handshake))), ReasonCode::kNotAdmitted);
                EXPECT_FALSE(open_stream(std::move(client.handshake)));
            } else {
                EXPECT_TRUE(open_join(std::move(server.handshake)));
                EXPECT_TRUE(open_join(std::move(client.handshake)));
            }
        }
    }
}

TEST(Gate, A50_AConnectionForAStreamIsNoJoinChannel) {
    Scene scene;
    scene.server_judge.lets_join = true;
    OurEnd server = scene.server_end();
    OurEnd client = scene.client_end();
    converse(server, client);
    EXPECT_EQ(refused_because(open_join(std::move(server.handshake))), ReasonCode::kNotAdmitted);
    EXPECT_EQ(refused_because(open_join(std::move(client.handshake))), ReasonCode::kNotAdmitted);
}

/// A server that refuses its client with a farewell.
struct FarewellScene : Scene {
    explicit FarewellScene(const ContextSettings& server = {}, const ContextSettings& client = {})
        : Scene(server, client) {
        server_judge.says = trust::Outcome::kRefused;
        server_judge.because = ReasonCode::kRevoked;
        server_judge.farewell = "ask for an invitation";
    }
};

TEST(Gate, A07_WhoIsRefusedWithAFarewellHearsItAndGetsNoStream) {
    FarewellScene scene;
    OurEnd server = scene.server_end();
    OurEnd client = scene.client_end();
    converse(server, client);
    ASSERT_TRUE(server.is_finished());
    EXPECT_EQ(refused_because(open_stream(std::move(server.handshake))), ReasonCode::kRevoked);
    auto farewell = open_farewell(std::move(server.handshake));
    auto theirs = open_stream(std::move(client.handshake));
    ASSERT_TRUE(farewell && theirs);
    scene.server_wire.lend({});
    ASSERT_TRUE(farewell->write(x509::as_bytes("words")) && farewell->close_notify());
    const ByteVector said(scene.server_wire.output().begin(), scene.server_wire.output().end());
    const auto heard = hear(*theirs, scene.client_wire, said);
    EXPECT_EQ(heard.text, "words");
    EXPECT_EQ(heard.reading, Plaintext::Reading::kCloseNotify);
}

TEST(Gate, A228_ThereIsNoFarewellForAnybodyElse) {
    struct Case {
        const char* why;
        ContextSettings client;
        std::string farewell;
    };
    const Case cases[] = {
        {"a client that could not read it", {trust::Protocol::kTls13, false, {}}, "words"},
        {"one that wants to join", join_only(), "words"},
        {"one whom the owner has nothing to say to", {}, ""},
    };
    for (const Case& c : cases) {
        FarewellScene scene(both_applications(), c.client);
        scene.server_judge.farewell = c.farewell;
        OurEnd server = scene.server_end();
        OurEnd client = scene.client_end();
        converse(server, client);
        EXPECT_TRUE(server.is_failed()) << c.why;
        EXPECT_FALSE(open_farewell(std::move(server.handshake))) << c.why;
    }
    Scene admitted;
    admitted.server_judge.farewell = "words";
    OurEnd server = admitted.server_end();
    OurEnd client = admitted.client_end();
    converse(server, client);
    EXPECT_FALSE(open_farewell(std::move(server.handshake))) << "who is let in";
    EXPECT_FALSE(open_farewell(std::move(client.handshake))) << "a client's side";
}

TEST(Gate, A17_WhoOnlyCopiedTheCertificateHearsNoFarewell) {
    FarewellScene scene;
    OurEnd server = scene.server_end();
    OurEnd client = scene.client_end();
    const ByteVector last = client.take(server.take(client.take({})));
    ASSERT_TRUE(client.is_finished());
    static_cast<void>(server.take(Bytes(last).first(last.size() - 1)));
    ASSERT_FALSE(server.is_finished());
    EXPECT_FALSE(open_farewell(std::move(server.handshake)));
}

ContextSettings control_only() {
    return {trust::Protocol::kTls13, false, {Application::kControl}};
}
ContextSettings every_application() {
    return {trust::Protocol::kTls13, false, {Application::kStream, Application::kJoin, Application::kControl}};
}

TEST(Gate, A50_AConnectionForControlIsAControlChannelAndNeverAStreamOrAJoin) {
    for (int what = 0; what < 3; ++what) {
        Scene scene(every_application(), control_only());
        scene.server_judge.lets_join = true;
        OurEnd server = scene.server_end();
        OurEnd client = scene.client_end();
        converse(server, client);
        ASSERT_TRUE(server.is_finished());
        EXPECT_EQ(server.handshake.peer().application, Application::kControl);
        if (what == 0) {
            EXPECT_EQ(refused_because(open_stream(std::move(server.handshake))), ReasonCode::kNotAdmitted);
            EXPECT_EQ(refused_because(open_stream(std::move(client.handshake))), ReasonCode::kNotAdmitted);
        } else if (what == 1) {
            EXPECT_EQ(refused_because(open_join(std::move(server.handshake))), ReasonCode::kNotAdmitted);
            EXPECT_EQ(refused_because(open_join(std::move(client.handshake))), ReasonCode::kNotAdmitted);
        } else {
            EXPECT_TRUE(open_control(std::move(server.handshake)));
            EXPECT_TRUE(open_control(std::move(client.handshake)));
        }
    }
}

TEST(Gate, A50_AConnectionForAStreamOrAJoinIsNoControlChannel) {
    for (const auto& settings : {ContextSettings{}, join_only(), ContextSettings{trust::Protocol::kTls13, false, {}}}) {
        Scene scene(settings);
        scene.server_judge.lets_join = true;
        OurEnd server = scene.server_end();
        OurEnd client = scene.client_end();
        converse(server, client);
        EXPECT_EQ(refused_because(open_control(std::move(server.handshake))), ReasonCode::kNotAdmitted);
        EXPECT_EQ(refused_because(open_control(std::move(client.handshake))), ReasonCode::kNotAdmitted);
    }
}

TEST(Gate, A07_AControlChannelPassesTheSameGateAsAStream) {
    Scene stranger(every_application(), control_only());
    stranger.server_judge.says = trust::Outcome::kRefused;
    stranger.server_judge.lets_join = true;  // whoever may join may not control
    OurEnd refused = stranger.server_end();
    OurEnd refused_client = stranger.client_end();
    converse(refused, refused_client);
    EXPECT_TRUE(refused.is_failed());
    EXPECT_FALSE(open_control(std::move(refused.handshake)));

    Scene scene(every_application(), control_only());
    OurEnd server = scene.server_end();
    OurEnd client = scene.client_end();
    converse(server, client);
    ASSERT_TRUE(server.is_finished());
    scene.server_judge.moves++;
    scene.server_judge.says = trust::Outcome::kRefused;
    scene.server_judge.because = ReasonCode::kRevoked;
    EXPECT_EQ(refused_because(open_control(std::move(server.handshake))), ReasonCode::kRevoked);
}

TEST(Gate, A32_BothEndsBindProofsToTheSameSessionAndToNoOther) {
    std::vector<std::array<std::byte, 32>> bindings;
    for (int connection = 0; connection < 2; ++connection) {
        Scene scene;
        OurEnd server = scene.server_end();
        OurEnd client = scene.client_end();
        converse(server, client);
        auto ours = open_stream(std::move(server.handshake));
        auto theirs = open_stream(std::move(client.handshake));
        ASSERT_TRUE(ours && theirs && ours->session_binding());
        EXPECT_EQ(ours->session_binding(), theirs->session_binding());
        bindings.push_back(*ours->session_binding());
    }
    EXPECT_NE(bindings[0], bindings[1]);
}

TEST(Gate, A50_AServerThatTakesNoJoinsTellsAnAdmittedClientSoToo) {
    Scene scene(both_applications(), join_only());
    OurEnd server = scene.server_end();
    OurEnd client = scene.client_end();
    converse(server, client);
    EXPECT_TRUE(server.is_failed());
    EXPECT_FALSE(open_join(std::move(server.handshake)));
}

TEST(Gate, A50_AClientJoinsOnlyAServerThatItTrusts) {
    Scene scene(join_only());
    scene.server_judge.lets_join = true;
    scene.client_judge.lets_join = true;  // means nothing on this side
    scene.client_judge.says = trust::Outcome::kRefused;
    OurEnd server = scene.server_end();
    OurEnd client = scene.client_end();
    converse(server, client);
    EXPECT_TRUE(client.is_failed());
    EXPECT_FALSE(open_join(std::move(client.handshake)));
}

TEST(Gate, A50_TheServerPrefersTheStreamWhereBothAreOffered) {
    Scene scene(both_applications(), {trust::Protocol::kTls13, false, {Application::kJoin, Application::kStream}});
    OurEnd server = scene.server_end();
    OurEnd client = scene.client_end();
    converse(server, client);
    EXPECT_EQ(server.handshake.peer().application, Application::kStream);
    EXPECT_EQ(client.handshake.peer().application, Application::kStream);
}

TEST(Handshake, BothEndsHaveTheSameConnectionIdAndEachConnectionAnother) {
    std::string before;
    for (const auto protocol : {trust::Protocol::kTls13, trust::Protocol::kTls12}) {
        Scene scene({protocol, false, {Application::kStream}});
        OurEnd server = scene.server_end();
        OurEnd client = scene.client_end();
        converse(server, client);
        EXPECT_EQ(server.handshake.connection_id(), client.handshake.connection_id());
        EXPECT_THAT(server.handshake.connection_id(), ::testing::MatchesRegex("[0-9a-z]{8}"));
        EXPECT_NE(server.handshake.connection_id(), before);
        before = server.handshake.connection_id();
    }
}

TEST(Handshake, ARefusedClientHasTheIdOfTheServersLine) {
    Scene scene;
    scene.server_judge.says = trust::Outcome::kRefused;
    OurEnd server = scene.server_end();
    OurEnd client = scene.client_end();
    converse(server, client);
    EXPECT_EQ(server.handshake.connection_id(), client.handshake.connection_id());
}

}  // namespace
}  // namespace cotter::tls
