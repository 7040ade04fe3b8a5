// Opening listeners, and the accept loop.
#include "stream/listener.h"

#include "text/escape.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <system_error>
#include <utility>

namespace cotter::stream {
namespace {

namespace asio = boost::asio;

constexpr int kBacklog = 4096;

struct Address {
    sockaddr_storage storage{};
    socklen_t size = 0;
    [[nodiscard]] const sockaddr* get() const {
        return static_cast<const sockaddr*>(static_cast<const void*>(&storage));
    }
    [[nodiscard]] sockaddr* get() { return static_cast<sockaddr*>(static_cast<void*>(&storage)); }
};

template <class T>
Address packed(const T& address) {
    Address result;
    std::memcpy(&result.storage, &address, sizeof address);
    result.size = sizeof address;
    return result;
}

Address tcp_address(Bytes octets, std::uint16_t port) {
    if (octets.size() == 4) {
        sockaddr_in v4{};
        v4.sin_family = AF_INET;
        v4.sin_port = htons(port);
        std::memcpy(&v4.sin_addr, octets.data(), octets.size());
        return packed(v4);
    }
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    if (!octets.empty()) std::memcpy(&v6.sin6_addr, octets.data(), octets.size());
    return packed(v6);
}

unexpected<Error> cannot_listen(const std::string& address, int error) {
    const std::string next = error == EADDRINUSE ? "something listens there already: choose another port, or end it"
                             : error == EACCES   ? "ports under 1024 need the right to bind them: choose a higher one"
                                                 : "check the address against those of this machine (ip address)";
    return failed("cannot_listen", "listening on " + address, std::generic_category().message(error), next);
}

void set(int descriptor, int level, int option) {
    const int on = 1;
    static_cast<void>(::setsockopt(descriptor, level, option, &on, sizeof on));
}

/// A listening TCP descriptor, or minus the error number.
int listen_on(const Address& address, bool is_shared) {
    const int descriptor = ::socket(address.get()->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return -errno;
    set(descriptor, SOL_SOCKET, SO_REUSEADDR);
    if (is_shared) set(descriptor, SOL_SOCKET, SO_REUSEPORT);
    if (address.get()->sa_family == AF_INET6) {
        const int off = 0;
        static_cast<void>(::setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off));
    }
    prepare_tcp(descriptor);  // what is accepted inherits it (tcp(7))
    if (::bind(descriptor, address.get(), address.size) == 0 && ::listen(descriptor, kBacklog) == 0) return descriptor;
    const int error = errno;
    ::close(descriptor);
    return -error;
}

bool is_stale(const sockaddr_un& address) {
    struct stat status{};
    if (::lstat(address.sun_path, &status) != 0 || !S_ISSOCK(status.st_mode) || status.st_uid != ::geteuid())
        return false;
    // Not blocking: somebody whose queue is full is not gone, and must not hold us up.
    const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return false;
    const Address packed_address = packed(address);
    const bool refused = ::connect(descriptor, packed_address.get(), packed_address.size) != 0 && errno == ECONNREFUSED;
    ::close(descriptor);
    return refused;
}

int listen_on_unix(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    if (is_stale(address)) ::unlink(address.sun_path);
    const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return -errno;
    const Address packed_address = packed(address);
    const mode_t before = ::umask(0177);
    const bool is_bound = ::bind(descriptor, packed_address.get(), packed_address.size) == 0;
    const int error = errno;
    ::umask(before);
    if (is_bound && ::listen(descriptor, kBacklog) == 0) return descriptor;
    const int final_error = is_bound ? errno : error;
    ::close(descriptor);
    return -final_error;
}

/// What a socket has of an option at SOL_SOCKET, or -1.
int option_of(int descriptor, int option) {
    int value = -1;
    socklen_t size = sizeof value;
    return ::getsockopt(descriptor, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

struct Bound {
    std::string text;
    bool is_local = false;
    std::uint16_t port = 0;
};

/// unix(7): a path, a name that begins with NUL, or nothing.
std::string unix_address(const Address& bound) {
    sockaddr_un address{};
    std::memcpy(&address, &bound.storage, bound.size);
    const std::size_t size = bound.size - offsetof(sockaddr_un, sun_path);
    if (size == 0) return "unix:";
    const std::string_view name(address.sun_path, size);
    if (name.front() == '\0') return "unix:@" + text::escape(name.substr(1));
    return "unix:" + text::escape(name.substr(0, name.find('\0')));
}

Bound bound_address(int descriptor) {
    Address bound;
    bound.size = sizeof bound.storage;
    if (::getsockname(descriptor, bound.get(), &bound.size) != 0) return {"unknown"};
    if (bound.storage.ss_family == AF_UNIX) return {unix_address(bound), true};
    if (bound.storage.ss_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, &bound.storage, sizeof v4);
        const asio::ip::address_v4 address(ntohl(v4.sin_addr.s_addr));
        const std::uint16_t port = ntohs(v4.sin_port);
        return {address.to_string() + ":" + std::to_string(port), address.is_loopback(), port};
    }
    sockaddr_in6 v6{};
    std::memcpy(&v6, &bound.storage, sizeof v6);
    asio::ip::address_v6::bytes_type octets{};
    std::memcpy(octets.data(), &v6.sin6_addr, octets.size());
    const asio::ip::address_v6 address(octets);
    const std::uint16_t port = ntohs(v6.sin6_port);
    return {"[" + address.to_string() + "]:" + std::to_string(port), address.is_loopback(), port};
}

Address address_of(const TcpListen& listen, bool everywhere) {
    constexpr std::array kLoopback{std::byte{127}, std::byte{0}, std::byte{0}, std::byte{1}};
    if (listen.address) return tcp_address(listen.address->octets(), listen.port);
    if (listen.is_localhost || !everywhere) return tcp_address(kLoopback, listen.port);
    return tcp_address({}, listen.port);
}

}  // namespace

Result<ListenSocket> ListenSocket::open(const UnixPath& path) {
    ListenSocket socket;
    socket.address_ = "unix:" + path.path.string();
    socket.is_local_ = true;
    socket.has_one_queue_ = true;
    socket.descriptor_ = listen_on_unix(path.path.string());
    if (socket.descriptor_ < 0) return cannot_listen(socket.address_, -socket.descriptor_);
    socket.unix_path_ = path.path.string();
    return socket;
}

Result<ListenSocket> ListenSocket::open(const TcpListen& listen, bool everywhere) {
    ListenSocket socket;
    Address wanted = address_of(listen, everywhere);
    // Bound alone first, since sockets that share a port would let two servers run into each other unseen.
    int alone = listen_on(wanted, false);
    if ((alone == -EAFNOSUPPORT || alone == -EADDRNOTAVAIL) && !listen.address) {
        wanted = tcp_address(std::array<std::byte, 4>{}, listen.port);
        alone = listen_on(wanted, false);
    }
    if (alone < 0) return cannot_listen("port " + std::to_string(listen.port), -alone);
    const Bound bound = bound_address(alone);
    ::close(alone);
    socket.address_ = bound.text;
    socket.is_local_ = bound.is_local;
    const std::size_t port_at =
        wanted.storage.ss_family == AF_INET ? offsetof(sockaddr_in, sin_port) : offsetof(sockaddr_in6, sin6_port);
    const std::uint16_t network_port = htons(bound.port);
    std::memcpy(static_cast<char*>(static_cast<void*>(&wanted.storage)) + port_at, &network_port, sizeof network_port);
    socket.descriptor_ = listen_on(wanted, true);
    if (socket.descriptor_ < 0) return cannot_listen(socket.address_, -socket.descriptor_);
    return socket;
}

Result<ListenSocket> ListenSocket::adopt(int descriptor, const std::string& name) {
    ListenSocket socket;
    socket.descriptor_ = descriptor;
    socket.has_one_queue_ = true;
    const auto family = option_of(descriptor, SO_DOMAIN);
    const bool is_known = family == AF_INET || family == AF_INET6 || family == AF_UNIX;
    if (!is_known || option_of(descriptor, SO_TYPE) != SOCK_STREAM || option_of(descriptor, SO_ACCEPTCONN) != 1) {
        return failed("passed_socket", "listening on the passed socket " + name,
                      "it is not a TCP or UNIX socket that listens for streams",
                      "in its .socket unit, say ListenStream= and Accept=no");
    }
    const int flags = ::fcntl(descriptor, F_GETFL);
    if (flags < 0 || ::fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) != 0) return cannot_listen(name, errno);
    if (family != AF_UNIX) prepare_tcp(descriptor);
    const Bound bound = bound_address(descriptor);
    socket.address_ = bound.text;
    socket.is_local_ = bound.is_local;
    return socket;
}

Result<ListenSocket> ListenSocket::another() const {
    ListenSocket socket;
    socket.address_ = address_;
    socket.is_local_ = is_local_;
    socket.has_one_queue_ = has_one_queue_;
    Address bound;
    bound.size = sizeof bound.storage;
    if (::getsockname(descriptor_, bound.get(), &bound.size) != 0) return cannot_listen(address_, errno);
    socket.descriptor_ = has_one_queue_ ? ::fcntl(descriptor_, F_DUPFD_CLOEXEC, 0) : listen_on(bound, true);
    if (socket.descriptor_ < 0) return cannot_listen(address_, has_one_queue_ ? errno : -socket.descriptor_);
    return socket;
}

ListenSocket::ListenSocket(ListenSocket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      address_(std::move(other.address_)),
      has_one_queue_(other.has_one_queue_),
      unix_path_(std::exchange(other.unix_path_, {})),
      is_local_(other.is_local_) {}

ListenSocket::~ListenSocket() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (!unix_path_.empty()) ::unlink(unix_path_.c_str());
}

asio::awaitable<void> accept_each(Reactor& reactor, asio::posix::stream_descriptor& descriptor,
                                  std::function<bool()> may_accept, std::function<void(Socket)> on_accept,
                                  OnPause on_pause) {
    asio::steady_timer rest(reactor.io());
    bool is_resting = false;
    const auto say = [&](bool rests, const std::string& why) {
        if (std::exchange(is_resting, rests) != rests) on_pause(why);
    };
    for (;;) {
        const auto [fault] = co_await descriptor.async_wait(asio::posix::stream_descriptor::wait_read,
                                                            asio::as_tuple(asio::use_awaitable));
        if (fault) co_return;
        bool must_rest = false;
        for (;;) {
            co_await reactor.turn();
            if (!descriptor.is_open()) co_return;
            if (!may_accept()) {
                say(true, "as many connections as allowed are open");
                must_rest = true;
                break;
            }
            sockaddr_storage from{};
            socklen_t size = sizeof from;
            const int accepted =
                ::accept4(descriptor.native_handle(), static_cast<sockaddr*>(static_cast<void*>(&from)), &size,
                          SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (accepted >= 0) {
                say(false, {});
                Socket socket = adopt(reactor.io(), accepted, from.ss_family);
                on_accept(std::move(socket));
                continue;
            }
            if (errno == EAGAIN || errno == EWOULDBLOCK) break;
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
                say(true, std::generic_category().message(errno));
                must_rest = true;
                break;
            }
            // Anything else is of the one connection that went away before it was accepted (accept(2)).
        }
        if (must_rest) {
            rest.expires_after(Reactor::kTick);
            co_await rest.async_wait(asio::as_tuple(asio::use_awaitable));
        }
    }
}

}  // namespace cotter::stream
