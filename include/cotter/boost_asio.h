// Boost.Asio's TLS streams behind cotter's gate. The context is made as ever, and then
//
//     cotter::openssl::attach(context.native_handle(), verifier);
//     boost::asio::ssl::stream<boost::asio::ip::tcp::socket> stream(executor, context);
//     cotter::openssl::expect(stream.native_handle(), server);
//     co_await cotter::async_handshake(stream, boost::asio::ssl::stream_base::client, boost::asio::use_awaitable);
//
// A server attaches an Admission instead, and says openssl::came_from(), since OpenSSL reads from no socket here.
#pragma once

#include <cotter/asio_handshake.h>

#include <boost/asio/compose.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/ssl/stream_base.hpp>
#include <boost/system/error_code.hpp>

namespace cotter {

/// The stream's async_handshake, which also fails, with Gate::kRefused, where the peer is refused only after OpenSSL's
/// own part: a session that was resumed, a first contact that can't be written down. Signature of the completion:
/// void(boost::system::error_code).
template <class Stream, class CompletionToken>
auto async_handshake(Stream& stream, boost::asio::ssl::stream_base::handshake_type type, CompletionToken&& token) {
    return boost::asio::async_compose<CompletionToken, void(boost::system::error_code)>(
        detail::GatedHandshake<Stream, boost::asio::ssl::stream_base::handshake_type>{&stream, type}, token, stream);
}

/// The same, waiting; `error` is as above.
template <class Stream>
void handshake(Stream& stream, boost::asio::ssl::stream_base::handshake_type type, boost::system::error_code& error) {
    stream.handshake(type, error);
    if (!error && !openssl::verdict_of(stream.native_handle()).lets_pass()) {
        error = boost::system::error_code(make_error_code(Gate::kRefused));
    }
}

}  // namespace cotter
