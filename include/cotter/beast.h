// Boost.Beast's clients, HTTPS and WebSocket, behind cotter's gate. The context is made as ever, and then
//
//     cotter::openssl::attach(context.native_handle(), verifier);
//     boost::beast::ssl_stream<boost::beast::tcp_stream> stream(executor, context);
//     … connect its lowest layer …
//     co_await cotter::beast::async_handshake(stream, server, boost::asio::use_awaitable);
//
// after which http::async_write and _read are as ever; or, with a websocket::stream of such a stream,
//
//     co_await cotter::beast::async_handshake(socket, server, "/chat", boost::asio::use_awaitable);
#pragma once

#include <cotter/boost_asio.h>
#include <cotter/error.h>
#include <cotter/host_name.h>
#include <cotter/openssl.h>

#include <boost/asio/compose.hpp>
#include <boost/asio/ssl/stream_base.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <boost/system/error_code.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace cotter::beast {

/// What a request to that server says in its Host field (RFC 9110 7.2): without the port where it is HTTPS's own, an
/// IPv6 address in brackets.
[[nodiscard]] inline std::string host_field(const HostPort& server) {
    std::string text = server.to_string();
    constexpr std::string_view kOwnPort = ":443";
    if (server.port == 443 && text.ends_with(kOwnPort)) text.resize(text.size() - kOwnPort.size());
    return text;
}

namespace detail {

/// Which server it is, the TLS handshake, the gate; then `upgrade(self)`, which ends the operation or begins the next.
template <class NextLayer, class Upgrade>
struct JudgedHandshake {
    boost::beast::ssl_stream<NextLayer>* stream;
    HostPort server;
    Upgrade upgrade;
    enum class Step { kTls, kUpgrade, kDone } step = Step::kTls;

    template <class Self>
    void operator()(Self& self, boost::system::error_code error = {}) {
        switch (step) {
            case Step::kTls:
                step = Step::kUpgrade;
                // Where it can't be said, the handshake is refused, since no policy is known.
                static_cast<void>(openssl::expect(stream->native_handle(), server));
                cotter::async_handshake(*stream, boost::asio::ssl::stream_base::client, std::move(self));
                return;
            case Step::kUpgrade:
                if (error) return self.complete(error);
                step = Step::kDone;
                return upgrade(self);
            case Step::kDone: return self.complete(error);
        }
    }
};

}  // namespace detail

/// TLS as client of `server`, which is judged, on a stream whose lowest layer is connected. Fails as
/// cotter::async_handshake does: nothing of a request has been sent then. The stream must outlive the operation.
/// Signature of the completion: void(boost::system::error_code).
template <class NextLayer, class CompletionToken>
auto async_handshake(boost::beast::ssl_stream<NextLayer>& stream, const HostPort& server, CompletionToken&& token) {
    const auto end = [](auto& self) { self.complete({}); };
    return boost::asio::async_compose<CompletionToken, void(boost::system::error_code)>(
        detail::JudgedHandshake<NextLayer, decltype(end)>{&stream, server, end}, token, stream);
}

/// The same beneath a WebSocket, then the upgrade (RFC 6455 4.1): a server that is refused never sees the request.
/// `target`: path and query, "/" at least.
template <class NextLayer, bool kDeflates, class CompletionToken>
auto async_handshake(boost::beast::websocket::stream<boost::beast::ssl_stream<NextLayer>, kDeflates>& socket,
                     const HostPort& server, std::string target, CompletionToken&& token) {
    auto upgrade = [&socket, host = host_field(server), target = std::move(target)](auto& self) mutable {
        // They are part of what is moved.
        const std::string host_now = std::move(host);
        const std::string target_now = std::move(target);
        socket.async_handshake(host_now, target_now, std::move(self));
    };
    return boost::asio::async_compose<CompletionToken, void(boost::system::error_code)>(
        detail::JudgedHandshake<NextLayer, decltype(upgrade)>{&socket.next_layer(), server, std::move(upgrade)}, token,
        socket);
}

}  // namespace cotter::beast
