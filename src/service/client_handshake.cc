// Dialling and shaking hands.
#include "service/client_handshake.h"

#include "stream/await.h"
#include "stream/starttls.h"

namespace cotter::service {
namespace {

constexpr std::uint8_t kNoApplicationProtocol = 120;
constexpr std::string_view kApplicationRefused = "no_application_protocol";

std::string advice_on(tls::Alert alert) {
    constexpr std::uint8_t kHandshakeFailure = 40;
    constexpr std::uint8_t kProtocolVersion = 70;
    constexpr std::uint8_t kInsufficientSecurity = 71;
    constexpr std::uint8_t kUnrecognizedName = 112;
    switch (alert.number) {
        case kProtocolVersion: return "if the server has nothing newer than TLS 1.2, say --min-tls 1.2";
        case kHandshakeFailure:
        case kInsufficientSecurity:
            return "ask the server's owner for a suite with ECDHE and AEAD, and a key that is not weak";
        case kUnrecognizedName: return "give the name that the server goes by with --server-name";
        case kNoApplicationProtocol:
            return "the server insists on an application protocol of its own: ask its owner to take others, too";
        default: return "look at the server's log for the reason";
    }
}

Error handshake_error(const HostPort& server, stream::HandshakeEnd end, const tls::HandshakeFailure& failure) {
    const std::string what = "the TLS handshake with " + server.to_string();
    switch (end) {
        case stream::HandshakeEnd::kExpired:
            return {ErrorKind::kFailed,
                    "handshake_timeout",
                    what,
                    "it did not finish in time",
                    "check that a TLS server listens there, or raise --handshake-timeout",
                    {}};
        case stream::HandshakeEnd::kClosed:
            return {ErrorKind::kFailed,
                    "handshake_closed",
                    what,
                    "the server closed the connection",
                    "check that a TLS server listens there, and its log",
                    {}};
        case stream::HandshakeEnd::kTooMuch:
            return {ErrorKind::kFailed,
                    "handshake_too_long",
                    what,
                    "the server sent more than any honest handshake has",
                    {},
                    {}};
        case stream::HandshakeEnd::kFinished:
        case stream::HandshakeEnd::kFailed: break;
    }
    if (failure.alert) {
        return {ErrorKind::kFailed,
                std::string(failure.alert->number == kNoApplicationProtocol ? kApplicationRefused : "handshake_alert"),
                what,
                "the server ended it with the alert " + std::string(failure.alert->name()),
                advice_on(*failure.alert),
                {}};
    }
    return {ErrorKind::kFailed,
            "handshake_failed",
            what,
            failure.detail,
            "check that it is a TLS server, and that it speaks TLS 1.3 (or say --min-tls 1.2)",
            {}};
}

ConnectFailure failure_of(const HandshakeOrder& order, stream::HandshakeEnd end, const tls::Handshake& handshake) {
    const tls::HandshakeFailure& failed = handshake.failure();
    if (end == stream::HandshakeEnd::kFailed && failed.verdict) return {*failed.verdict, handshake.connection_id()};
    if (end == stream::HandshakeEnd::kFailed && failed.alert && failed.alert->refuses_certificate())
        return {NotAdmitted{*failed.alert}, handshake.connection_id()};
    return {handshake_error(order.server, end, failed), handshake.connection_id()};
}

}  // namespace

bool refuses_application(const ConnectFailure& failure) {
    const auto* error = std::get_if<Error>(&failure.why);
    return error != nullptr && error->code == kApplicationRefused;
}

boost::asio::awaitable<expected<Shaken, Unshaken>> shake_hands(stream::Reactor& reactor, const tls::Context& context,
                                                               const tls::PeerJudge& judge, HandshakeOrder order,
                                                               tls::ClientSession* session) {
    // Named: g++ 12 destroys an aggregate made inside the co_await expression twice.
    const stream::Target target{order.server};
    auto socket = co_await stream::dial(reactor, target, order.reach, order.connect_timeout);
    if (!socket) co_return unexpected(Unshaken{{socket.error(), {}}});
    const std::string address = stream::remote_address(*socket);
    tls::Handshake handshake(context, reactor.wire(), judge, order.name, session);
    stream::Deadline deadline(reactor, stream::later(std::chrono::steady_clock::now(), order.handshake_timeout));
    if (order.start_tls) {
        auto started = co_await stream::start_tls(reactor, *socket, *order.start_tls, order.server.to_string(),
                                                  order.name.to_string(), deadline);
        if (!started) co_return unexpected(Unshaken{{started.error(), {}}, address});
    }
    ByteVector unread;
    const auto end = co_await stream::complete_handshake(reactor, *socket, handshake, deadline, unread);
    if (end == stream::HandshakeEnd::kFinished)
        co_return Shaken{std::move(*socket), std::move(handshake), std::move(unread)};

    if (end == stream::HandshakeEnd::kFailed) co_await stream::linger(reactor, *socket);
    Unshaken unshaken{failure_of(order, end, handshake), address};
    if (!handshake.peer().presented.empty()) unshaken.shown = handshake.peer();
    co_return unexpected(std::move(unshaken));
}

}  // namespace cotter::service
