// Both ends of the status socket.
#include "service/status_socket.h"

#include "stream/deadline.h"
#include "stream/socket.h"
#include "text/escape.h"
#include "x509/openssl.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <system_error>

namespace cotter::service {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::seconds kMostTaking{2};
// A thread has half a second to answer; a server that is stopped never does.
constexpr std::chrono::seconds kMostWaiting{5};
constexpr std::size_t kMostAnswer = 4U << 20U;
constexpr std::size_t kMostPath = sizeof(sockaddr_un{}.sun_path) - 1;

/// Whether the same user, or root, is at the other end (unix(7)).
bool is_our_user(int descriptor) {
    ucred peer{};
    socklen_t size = sizeof peer;
    return ::getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
           (peer.uid == ::geteuid() || peer.uid == 0);
}

unexpected<Error> not_running(const std::filesystem::path& path, std::string why) {
    return failed("not_running", "asking the server at " + text::escape(path.string()), std::move(why),
                  "give the --state of a server that runs: cotter serve");
}

/// A descriptor that is closed.
class Descriptor {
  public:
    explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
    ~Descriptor() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    [[nodiscard]] int get() const { return descriptor_; }

  private:
    int descriptor_;
};

bool is_readable_before(int descriptor, std::chrono::steady_clock::time_point end) {
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
        if (left.count() <= 0) return false;
        pollfd waiting{descriptor, POLLIN, 0};
        const int found = ::poll(&waiting, 1, static_cast<int>(left.count()));
        if (found > 0) return true;
        if (found < 0 && errno != EINTR) return false;
    }
}

asio::awaitable<void> tell(stream::Reactor& reactor, stream::Socket& socket, const std::string& text) {
    stream::Deadline deadline(reactor, stream::later(std::chrono::steady_clock::now(), kMostTaking));
    deadline.guard(&socket);
    Bytes rest = x509::as_bytes(text);
    while (!rest.empty() && !deadline.is_expired()) {
        const stream::Moved sent = stream::send(socket, rest);
        if (sent.outcome == stream::Moved::Outcome::kDone) {
            rest = rest.subspan(sent.size);
            continue;
        }
        if (sent.outcome != stream::Moved::Outcome::kWouldBlock) co_return;
        const auto [fault] =
            co_await socket.async_wait(stream::Socket::wait_write, asio::as_tuple(asio::use_awaitable));
        if (fault) co_return;
    }
}

}  // namespace

Result<StatusSocket> StatusSocket::open(const std::filesystem::path& path) {
    if (path.string().size() > kMostPath) {
        return failed("cannot_listen", "listening on unix:" + text::escape(path.string()),
                      "its path is longer than " + std::to_string(kMostPath) + " octets", "choose a shorter --state");
    }
    auto socket = stream::ListenSocket::open(stream::UnixPath{path});
    if (!socket) return unexpected(socket.error());
    return StatusSocket(std::move(*socket));
}

asio::awaitable<void> StatusSocket::serve(stream::Reactor& reactor,
                                          std::function<asio::awaitable<std::string>()> answer) {
    asio::posix::stream_descriptor listening(reactor.io(), socket_.hand_over());
    for (;;) {
        const auto [fault] = co_await listening.async_wait(asio::posix::stream_descriptor::wait_read,
                                                           asio::as_tuple(asio::use_awaitable));
        if (fault) co_return;
        const int accepted = ::accept4(listening.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (accepted < 0) {
            // Without descriptors the connection stays in the queue: not asked again at once.
            asio::steady_timer rest(reactor.io(), stream::Reactor::kTick);
            co_await rest.async_wait(asio::as_tuple(asio::use_awaitable));
            continue;
        }
        stream::Socket socket = stream::adopt(reactor.io(), accepted, AF_UNIX);
        if (!is_our_user(accepted)) continue;
        const std::string text = co_await answer();
        co_await tell(reactor, socket, text + "\n");
    }
}

Result<std::string> ask_status(const std::filesystem::path& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.string().size() > kMostPath) return not_running(path, "the path is too long for a socket");
    path.string().copy(address.sun_path, kMostPath);
    const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (socket.get() < 0) return not_running(path, std::generic_category().message(errno));
    if (::connect(socket.get(), static_cast<const sockaddr*>(static_cast<const void*>(&address)), sizeof address) !=
        0) {
        const bool is_absent = errno == ENOENT || errno == ECONNREFUSED;
        return not_running(
            path, is_absent ? "no server runs with this state folder" : std::generic_category().message(errno));
    }
    if (!is_our_user(socket.get())) return not_running(path, "another user answers there");
    const auto end = std::chrono::steady_clock::now() + kMostWaiting;
    std::string text;
    std::array<char, 65536> buffer{};
    while (text.size() <= kMostAnswer && is_readable_before(socket.get(), end)) {
        const ssize_t size = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) break;
        if (size == 0) {
            if (!text.ends_with('\n')) break;
            text.pop_back();
            return text;
        }
        text.append(buffer.data(), static_cast<std::size_t>(size));
    }
    return failed("no_answer", "asking the server at " + text::escape(path.string()),
                  "it did not say all within " + std::to_string(kMostWaiting.count()) + " seconds",
                  "it may be overloaded, or stopped: look at its log");
}

}  // namespace cotter::service
