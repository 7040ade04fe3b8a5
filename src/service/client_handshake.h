// A client's handshake with a server: dial, talk it over to TLS, shake hands. What the server is judged by is the
// judge's business, and whether a stream comes of it the gate's.
#pragma once

#include "service/connect_failure.h"
#include "stream/dial.h"
#include "stream/reactor.h"
#include "stream/socket.h"
#include "stream/starttls_dialogue.h"
#include "tls/context.h"
#include "tls/handshake.h"

#include <cotter/expected.h>
#include <cotter/host_name.h>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace cotter::service {

struct HandshakeOrder {
    HostPort server;                              ///< where to dial
    HostName name;                                ///< what the server is called: sent and judged
    std::optional<stream::StartTls> start_tls{};  ///< the protocol that is talked over to TLS first
    std::chrono::milliseconds connect_timeout{10'000};
    std::chrono::milliseconds handshake_timeout{10'000};  ///< from the connection on, the words before TLS included
    stream::Reach reach = stream::Reach::kAnywhere;
};

/// A finished handshake with its socket.
struct Shaken {
    stream::Socket socket;
    tls::Handshake handshake;
    ByteVector unread;
};

/// Why there is none, and what the server had shown of itself by then.
struct Unshaken {
    ConnectFailure failure;
    std::string address{};  ///< that took the connection; empty: none did
    std::optional<tls::Peer> shown{};
};

/// `context` and `judge` outlive the handshake; so does `session`, where one is given to be offered.
[[nodiscard]] boost::asio::awaitable<expected<Shaken, Unshaken>> shake_hands(stream::Reactor& reactor,
                                                                             const tls::Context& context,
                                                                             const tls::PeerJudge& judge,
                                                                             HandshakeOrder order,
                                                                             tls::ClientSession* session = nullptr);

/// Whether the server broke off since it speaks none of the application protocols that were asked for (RFC 7301, 3.2).
[[nodiscard]] bool refuses_application(const ConnectFailure& failure);

}  // namespace cotter::service
