// The two pumps.
#include "service/standard_streams.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>

namespace cotter::service {
namespace {

constexpr std::size_t kPiece = 64U << 10U;

bool write_all(int descriptor, Bytes bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && errno == EAGAIN) {
            // Whoever shares the descriptor made it non-blocking, as ssh does with a terminal.
            pollfd writable{descriptor, POLLOUT, 0};
            static_cast<void>(::poll(&writable, 1, -1));
            continue;
        }
        if (count < 0) return false;
        bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return true;
}

}  // namespace

Result<std::unique_ptr<StandardStreams>> StandardStreams::open() {
    std::array<int, 2> pair{};
    std::array<int, 2> wake{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0 ||
        ::pipe2(wake.data(), O_CLOEXEC) != 0) {
        return failed("no_descriptors", "joining standard input and output", std::generic_category().message(errno));
    }
    return std::unique_ptr<StandardStreams>(new StandardStreams(pair[0], pair[1], wake[0], wake[1]));
}

StandardStreams::StandardStreams(int relay_end, int our_end, int wake_read, int wake_write)
    : relay_end_(relay_end), our_end_(our_end), wake_read_(wake_read), wake_write_(wake_write) {
    input_ = std::thread([this] { pump_input(); });
    output_ = std::thread([this] { pump_output(); });
}

StandardStreams::~StandardStreams() {
    if (relay_end_ >= 0) ::close(relay_end_);
    static_cast<void>(finish());
    ::close(our_end_);
    ::close(wake_read_);
    ::close(wake_write_);
}

int StandardStreams::finish() {
    if (input_.joinable()) {
        stop_input();
        input_.join();
        output_.join();
    }
    return output_error_;
}

stream::Socket StandardStreams::take_socket(boost::asio::io_context& io) {
    return stream::adopt(io, std::exchange(relay_end_, -1), AF_UNIX);
}

void StandardStreams::stop_input() const {
    const std::byte one{1};
    static_cast<void>(write_all(wake_write_, Bytes(&one, 1)));
}

void StandardStreams::pump_input() const {
    std::array<std::byte, kPiece> piece{};
    std::array<pollfd, 2> watched{{{STDIN_FILENO, POLLIN, 0}, {wake_read_, POLLIN, 0}}};
    for (;;) {
        if (::poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) break;
        if ((watched[1].revents & POLLIN) != 0) break;
        if (watched[0].revents == 0) continue;
        const ssize_t count = ::read(STDIN_FILENO, piece.data(), piece.size());
        if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (count <= 0 || !write_all(our_end_, Bytes(piece).first(static_cast<std::size_t>(count)))) break;
    }
    ::shutdown(our_end_, SHUT_WR);
}

void StandardStreams::pump_output() {
    std::array<std::byte, kPiece> piece{};
    for (;;) {
        const ssize_t count = ::read(our_end_, piece.data(), piece.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        if (!write_all(STDOUT_FILENO, Bytes(piece).first(static_cast<std::size_t>(count)))) {
            output_error_ = errno;
            // Nobody reads any more; the relay learns it at its next write. Our own direction stays open: ended here,
            // it would pass for the end of standard input.
            ::shutdown(our_end_, SHUT_RD);
            while (::read(our_end_, piece.data(), piece.size()) > 0) {
            }
            return;
        }
    }
    ::close(STDOUT_FILENO);
    // A person at a terminal has nothing to wait for when the server has finished.
    if (::isatty(STDIN_FILENO) == 1) stop_input();
}

}  // namespace cotter::service
