// System calls on sockets.
#include "stream/socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace cotter::stream {
namespace {

using Protocol = boost::asio::generic::stream_protocol;

Moved moved(ssize_t result, bool zero_is_end) {
    if (result > 0) return {Moved::Outcome::kDone, static_cast<std::size_t>(result), 0};
    if (result == 0) return {zero_is_end ? Moved::Outcome::kEnd : Moved::Outcome::kDone, 0, 0};
    if (errno == EAGAIN || errno == EWOULDBLOCK) return {Moved::Outcome::kWouldBlock, 0, 0};
    return {Moved::Outcome::kFailed, 0, errno};
}

void set(int descriptor, int level, int option, int value) {
    // A socket that can't be tuned still works.
    static_cast<void>(::setsockopt(descriptor, level, option, &value, sizeof value));
}

std::string printed(const Protocol::endpoint& endpoint) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const sockaddr* const address = endpoint.data();
    if (address->sa_family == AF_INET) {
        const auto* v4 = static_cast<const sockaddr_in*>(static_cast<const void*>(address));
        ::inet_ntop(AF_INET, &v4->sin_addr, text.data(), text.size());
        return std::string(text.data()) + ":" + std::to_string(ntohs(v4->sin_port));
    }
    if (address->sa_family == AF_INET6) {
        const auto* v6 = static_cast<const sockaddr_in6*>(static_cast<const void*>(address));
        if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
            ::inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], text.data(), text.size());
            return std::string(text.data()) + ":" + std::to_string(ntohs(v6->sin6_port));
        }
        ::inet_ntop(AF_INET6, &v6->sin6_addr, text.data(), text.size());
        return "[" + std::string(text.data()) + "]:" + std::to_string(ntohs(v6->sin6_port));
    }
    return "unix";
}

}  // namespace

Moved receive(Socket& socket, std::span<std::byte> into) {
    ssize_t result = 0;
    do {
        result = ::recv(socket.native_handle(), into.data(), into.size(), 0);
    } while (result < 0 && errno == EINTR);
    return moved(result, true);
}

Moved send(Socket& socket, Bytes from) {
    ssize_t result = 0;
    do {
        result = ::send(socket.native_handle(), from.data(), from.size(), MSG_NOSIGNAL);
    } while (result < 0 && errno == EINTR);
    return moved(result, false);
}

int pending_error(Socket& socket) {
    int error = 0;
    socklen_t size = sizeof error;
    return ::getsockopt(socket.native_handle(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

Socket adopt(boost::asio::io_context& io, int descriptor, int family) {
    Socket socket(io, Protocol(family, family == AF_UNIX ? 0 : IPPROTO_TCP), descriptor);
    socket.native_non_blocking(true);
    return socket;
}

void prepare_tcp(int descriptor) {
    set(descriptor, IPPROTO_TCP, TCP_NODELAY, 1);
    set(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1);
    set(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, 60);
    set(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, 15);
    set(descriptor, IPPROTO_TCP, TCP_KEEPCNT, 4);
}

void shut_down_writing(Socket& socket) {
    static_cast<void>(::shutdown(socket.native_handle(), SHUT_WR));
}

void reset_when_closed(Socket& socket, bool wanted) {
    const ::linger setting{wanted ? 1 : 0, 0};
    static_cast<void>(::setsockopt(socket.native_handle(), SOL_SOCKET, SO_LINGER, &setting, sizeof setting));
}

void reset(Socket& socket) {
    if (!socket.is_open()) return;
    reset_when_closed(socket, true);
    ErrorCode ignored;
    socket.close(ignored);
}

std::size_t unsent_octets(Socket& socket) {
    int octets = 0;
    return ::ioctl(socket.native_handle(), TIOCOUTQ, &octets) == 0 && octets > 0 ? static_cast<std::size_t>(octets) : 0;
}

std::string remote_address(const Socket& socket) {
    ErrorCode fault;
    const auto endpoint = socket.remote_endpoint(fault);
    return fault ? "gone" : printed(endpoint);
}

std::string local_address(const Socket& socket) {
    ErrorCode fault;
    const auto endpoint = socket.local_endpoint(fault);
    return fault ? "gone" : printed(endpoint);
}

}  // namespace cotter::stream
