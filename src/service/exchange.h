// One request, one answer: how the join and the control exchange go over a connection that carries no stream.
#pragma once

#include "service/connect_failure.h"
#include "stream/await.h"
#include "stream/deadline.h"
#include "tls/handshake.h"

#include <cotter/bytes.h>
#include <cotter/expected.h>

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <optional>
#include <string>

namespace cotter::service {

/// A client's side: sends the request and gives everything up to the server's close_notify; or why there is no answer.
/// `unread` is what came behind the handshake. The deadline guards the socket.
[[nodiscard]] boost::asio::awaitable<expected<ByteVector, std::string>> ask(stream::Reactor& reactor,
                                                                            stream::Socket& socket,
                                                                            tls::Plaintext& channel, ByteVector request,
                                                                            ByteVector unread, std::size_t most,
                                                                            stream::Deadline& deadline);

/// What a client is told that got none. `doing`: "joining at db.example.com:5433".
[[nodiscard]] ConnectFailure no_answer(std::string code, std::string doing, std::string why,
                                       const std::string& connection_id);

/// How much of a request has come.
enum class RequestState : std::uint8_t { kIncomplete, kWhole, kTooMuch };

/// A server's side: what has been read once `look` says that it is whole; nothing where it never is.
[[nodiscard]] boost::asio::awaitable<std::optional<ByteVector>> await_request(
    stream::Reactor& reactor, stream::Socket& socket, tls::Plaintext& channel, ByteVector unread,
    stream::Deadline& deadline, std::function<RequestState(Bytes)> look);

/// Sends the answer, ends the connection and lingers until the other side has it.
[[nodiscard]] boost::asio::awaitable<void> send_answer(stream::Reactor& reactor, stream::Socket& socket,
                                                       tls::Plaintext& channel, ByteVector answer);

}  // namespace cotter::service
