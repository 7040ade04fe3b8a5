// Coroutines over a socket for what comes before and after the relay: driving a handshake, sending all of something,
// and closing so that the last words arrive.
#pragma once

#include "stream/deadline.h"
#include "stream/reactor.h"
#include "stream/socket.h"
#include "tls/handshake.h"

#include <boost/asio/awaitable.hpp>

namespace cotter::stream {

/// How a handshake on a socket ended.
enum class HandshakeEnd : std::uint8_t {
    kFinished,
    kFailed,   ///< Handshake::failure() says why
    kClosed,   ///< the other side closed or reset the connection
    kExpired,  ///< the deadline passed
    kTooMuch,  ///< more bytes than any honest handshake has
};

/// Runs a handshake to its end, each step in its turn. What was received after its last message is left in `unread`.
/// The deadline guards the socket meanwhile. At most 64 KiB are read (INVARIANT A54).
[[nodiscard]] boost::asio::awaitable<HandshakeEnd> complete_handshake(Reactor& reactor, Socket& socket,
                                                                      tls::Handshake& handshake, Deadline& deadline,
                                                                      ByteVector& unread);

/// Sends the wire's output; false if the connection broke or the deadline passed.
[[nodiscard]] boost::asio::awaitable<bool> send_wire(Reactor& reactor, Socket& socket);

/// Sends all of it; `octets` stay where they are meanwhile. False if the connection broke or the deadline passed.
[[nodiscard]] boost::asio::awaitable<bool> send_all(Socket& socket, Bytes octets);

/// Waits until the socket is readable; false if that ended otherwise (deadline, closed by us).
[[nodiscard]] boost::asio::awaitable<bool> until_readable(Socket& socket);

/// Ends our direction, then reads and drops until the other side has closed too, 256 KiB or two seconds: closing over
/// unread bytes would send a reset, and that would overtake the alert.
[[nodiscard]] boost::asio::awaitable<void> linger(Reactor& reactor, Socket& socket);

}  // namespace cotter::stream
