// Socket: a connected stream socket, TCP or UNIX, and the few system calls that cotter makes on it. Asio waits; the
// bytes move here, so that nothing is allocated or copied for a wait.
#pragma once

#include <cotter/bytes.h>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <string>

namespace cotter::stream {

using Socket = boost::asio::generic::stream_protocol::socket;
using ErrorCode = boost::system::error_code;

/// What one non-blocking call did.
struct Moved {
    enum class Outcome : std::uint8_t { kDone, kWouldBlock, kEnd, kFailed };
    Outcome outcome = Outcome::kDone;
    std::size_t size = 0;  ///< octets, for kDone
    int error = 0;         ///< errno, for kFailed
};

/// One recv. kEnd: the other side has shut down its direction.
[[nodiscard]] Moved receive(Socket& socket, std::span<std::byte> into);
/// One send; raises no signal. Never kEnd.
[[nodiscard]] Moved send(Socket& socket, Bytes from);

/// Takes a connected non-blocking descriptor over.
[[nodiscard]] Socket adopt(boost::asio::io_context& io, int descriptor, int family);

/// The error that the kernel holds for this socket (SO_ERROR, which this clears), or 0.
[[nodiscard]] int pending_error(Socket& socket);

/// No delay, keep-alive, for a TCP socket; what a listening one accepts has them, too.
void prepare_tcp(int descriptor);
/// Ends our direction.
void shut_down_writing(Socket& socket);
/// Closes so that the other side gets a reset and not an end of data.
void reset(Socket& socket);
/// Whether the kernel resets the connection when the socket is closed, by whomever: also when this process is killed.
void reset_when_closed(Socket& socket, bool wanted);

/// Octets that were sent and that the other side's system does not have yet.
[[nodiscard]] std::size_t unsent_octets(Socket& socket);

/// "192.0.2.1:5000", "[2001:db8::1]:5000", "unix" of the peer, or of our side.
[[nodiscard]] std::string remote_address(const Socket& socket);
[[nodiscard]] std::string local_address(const Socket& socket);

}  // namespace cotter::stream
