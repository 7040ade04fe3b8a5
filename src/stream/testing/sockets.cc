// System calls of tests.
#include "stream/testing/sockets.h"

#include "x509/openssl.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iostream>

namespace cotter::stream::testing {
namespace {

constexpr std::chrono::seconds kPatience{20};
constexpr int kSmallBuffer = 16 << 10;

int must(int result, const char* what) {
    if (result >= 0) return result;
    std::cerr << "the test's own socket: " << what << ": " << std::strerror(errno) << std::endl;
    std::abort();
}

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

void make_small(int descriptor) {
    must(::setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &kSmallBuffer, sizeof kSmallBuffer), "SO_SNDBUF");
    must(::setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &kSmallBuffer, sizeof kSmallBuffer), "SO_RCVBUF");
}

void do_not_block(int descriptor) {
    must(::fcntl(descriptor, F_SETFL, O_NONBLOCK), "O_NONBLOCK");
    const int on = 1;
    must(::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
    close();
    number_ = std::exchange(other.number_, -1);
    return *this;
}

Descriptor::~Descriptor() {
    close();
}

void Descriptor::close() {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
}

void Descriptor::close_with_reset() {
    const ::linger at_once{1, 0};
    must(::setsockopt(number_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), "SO_LINGER");
    close();
}

std::pair<Descriptor, std::uint16_t> tcp_listener(int backlog) {
    Descriptor listener(must(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
    sockaddr_in address = loopback(0);
    auto* const any = static_cast<sockaddr*>(static_cast<void*>(&address));
    make_small(listener.get());
    must(::bind(listener.get(), any, sizeof address), "bind");
    must(::listen(listener.get(), backlog), "listen");
    socklen_t size = sizeof address;
    must(::getsockname(listener.get(), any, &size), "getsockname");
    return {std::move(listener), ntohs(address.sin_port)};
}

std::pair<Descriptor, Descriptor> tcp_pair() {
    const auto [listener, port] = tcp_listener(1);
    Descriptor one(must(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
    make_small(one.get());
    sockaddr_in address = loopback(port);
    must(::connect(one.get(), static_cast<sockaddr*>(static_cast<void*>(&address)), sizeof address), "connect");
    Descriptor other(must(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC), "accept"));
    do_not_block(one.get());
    do_not_block(other.get());
    return {std::move(one), std::move(other)};
}

std::size_t send_some(int descriptor, Bytes bytes) {
    const ssize_t sent = ::send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return sent < 0 ? 0 : static_cast<std::size_t>(sent);
}

Got receive_some(int descriptor) {
    Got got;
    got.bytes.resize(64U << 10U);
    const ssize_t size = ::recv(descriptor, got.bytes.data(), got.bytes.size(), MSG_DONTWAIT);
    if (size < 0 && errno != EAGAIN && errno != EWOULDBLOCK) got.error = errno;
    got.is_end = size == 0;
    got.bytes.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return got;
}

bool run_until(Reactor& reactor, const std::function<bool()>& is_so) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (!is_so()) {
        if (std::chrono::steady_clock::now() > end) return false;
        if (reactor.io().stopped()) reactor.io().restart();
        reactor.io().run_one_for(std::chrono::milliseconds(5));
        reactor.io().poll();
    }
    return true;
}

std::string text_of(Bytes bytes) {
    std::string text;
    for (const std::byte octet : bytes) text += static_cast<char>(octet);
    return text;
}

ByteVector bytes_of(std::string_view text) {
    const Bytes bytes = x509::as_bytes(text);
    return {bytes.begin(), bytes.end()};
}

}  // namespace cotter::stream::testing
