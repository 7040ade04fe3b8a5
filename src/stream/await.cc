// The coroutines round a handshake.
#include "stream/await.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace cotter::stream {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kMostHandshakeBytes = 64U << 10U;
constexpr std::size_t kHandshakeRead = 16U << 10U;
constexpr std::size_t kMostLingerBytes = 256U << 10U;
constexpr std::chrono::seconds kLinger{2};

asio::awaitable<bool> until(Socket& socket, Socket::wait_type what) {
    const auto [fault] = co_await socket.async_wait(what, asio::as_tuple(asio::use_awaitable));
    co_return !fault;
}

}  // namespace

asio::awaitable<bool> until_readable(Socket& socket) {
    return until(socket, Socket::wait_read);
}

asio::awaitable<bool> send_wire(Reactor& reactor, Socket& socket) {
    tls::Wire& wire = reactor.wire();
    const Bytes output = wire.output();
    if (output.empty()) co_return true;
    const Moved first = send(socket, output);
    if (first.outcome == Moved::Outcome::kFailed) {
        wire.clear_output();
        co_return false;
    }
    // The wire belongs to all connections of the thread, so what remains is copied before the first wait.
    const Bytes remaining = output.subspan(first.size);
    const ByteVector rest(remaining.begin(), remaining.end());
    wire.clear_output();
    co_return co_await send_all(socket, rest);
}

asio::awaitable<bool> send_all(Socket& socket, Bytes octets) {
    while (!octets.empty()) {
        if (!co_await until(socket, Socket::wait_write)) co_return false;
        const Moved more = send(socket, octets);
        if (more.outcome == Moved::Outcome::kFailed) co_return false;
        octets = octets.subspan(more.size);
    }
    co_return true;
}

asio::awaitable<HandshakeEnd> complete_handshake(Reactor& reactor, Socket& socket, tls::Handshake& handshake,
                                                 Deadline& deadline, ByteVector& unread) {
    using Progress = tls::Handshake::Progress;
    deadline.guard(&socket);
    std::size_t received_bytes = 0;
    bool must_hear = !handshake.speaks_first();
    for (;;) {
        co_await reactor.turn();
        if (deadline.is_expired()) co_return HandshakeEnd::kExpired;
        Moved moved;
        if (must_hear) moved = receive(socket, reactor.receive_buffer().first(kHandshakeRead));
        if (moved.outcome != Moved::Outcome::kWouldBlock) {
            if (moved.outcome != Moved::Outcome::kDone) co_return HandshakeEnd::kClosed;
            received_bytes += moved.size;
            if (received_bytes > kMostHandshakeBytes) co_return HandshakeEnd::kTooMuch;
            reactor.wire().lend(reactor.receive_buffer().first(moved.size));
            const Progress progress = handshake.advance();
            const Bytes rest = reactor.wire().unread();
            unread.assign(rest.begin(), rest.end());
            const bool is_sent = co_await send_wire(reactor, socket);
            if (progress == Progress::kFailed) co_return HandshakeEnd::kFailed;
            if (!is_sent) co_return deadline.is_expired() ? HandshakeEnd::kExpired : HandshakeEnd::kClosed;
            if (progress == Progress::kFinished) co_return HandshakeEnd::kFinished;
            must_hear = true;
        }
        const bool is_readable = co_await until(socket, Socket::wait_read);
        if (deadline.is_expired()) co_return HandshakeEnd::kExpired;
        if (!is_readable) co_return HandshakeEnd::kClosed;
    }
}

asio::awaitable<void> linger(Reactor& reactor, Socket& socket) {
    shut_down_writing(socket);
    Deadline deadline(reactor, later(reactor.now(), kLinger));
    deadline.guard(&socket);
    std::size_t dropped = 0;
    while (dropped < kMostLingerBytes && !deadline.is_expired()) {
        // Apart: g++ 12 awaits what stands behind a false && all the same.
        if (!co_await until(socket, Socket::wait_read)) break;
        const Moved moved = receive(socket, reactor.receive_buffer());
        if (moved.outcome == Moved::Outcome::kEnd || moved.outcome == Moved::Outcome::kFailed) break;
        dropped += moved.size;
    }
    ErrorCode ignored;
    socket.close(ignored);
}

}  // namespace cotter::stream
