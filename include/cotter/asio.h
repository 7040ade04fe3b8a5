// Standalone Asio's TLS streams behind cotter's gate. The context is made as ever, and then
//
//     cotter::openssl::attach(context.native_handle(), verifier);
//     asio::ssl::stream<asio::ip::tcp::socket> stream(executor, context);
//     cotter::openssl::expect(stream.native_handle(), server);
//     co_await cotter::async_handshake(stream, asio::ssl::stream_base::client, asio::use_awaitable);
//
// A server attaches an Admission instead, and says openssl::came_from(), since OpenSSL reads from no socket here.
#pragma once

#include <cotter/asio_handshake.h>

#include <asio/compose.hpp>
#include <asio/error_code.hpp>
#include <asio/ssl/stream.hpp>
#include <asio/ssl/stream_base.hpp>

namespace cotter {

/// The stream's async_handshake, which also fails, with Gate::kRefused, where the peer is refused only after OpenSSL's
/// own part: a session that was resumed, a first contact that can't be written down. Signature of the completion:
/// void(asio::error_code).
template <class Stream, class CompletionToken>
auto async_handshake(Stream& stream, asio::ssl::stream_base::handshake_type type, CompletionToken&& token) {
    return asio::async_compose<CompletionToken, void(asio::error_code)>(
        detail::GatedHandshake<Stream, asio::ssl::stream_base::handshake_type>{&stream, type}, token, stream);
}

/// The same, waiting; `error` is as above.
template <class Stream>
void handshake(Stream& stream, asio::ssl::stream_base::handshake_type type, asio::error_code& error) {
    stream.handshake(type, error);
    if (!error && !openssl::verdict_of(stream.native_handle()).lets_pass()) {
        error = asio::error_code(make_error_code(Gate::kRefused));
    }
}

}  // namespace cotter
