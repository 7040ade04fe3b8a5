// Sockets for tests: connected pairs with small buffers, and the plain calls on them. Never linked into the product.
#pragma once

#include "stream/reactor.h"

#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace cotter::stream::testing {

/// A descriptor with an owner.
class Descriptor {
  public:
    explicit Descriptor(int number = -1) : number_(number) {}
    Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept;
    ~Descriptor();
    [[nodiscard]] int get() const { return number_; }
    [[nodiscard]] int release() { return std::exchange(number_, -1); }
    void close();
    void close_with_reset();

  private:
    int number_;
};

/// Both ends of a TCP connection over loopback, not blocking, with small buffers.
[[nodiscard]] std::pair<Descriptor, Descriptor> tcp_pair();
/// A listening TCP socket on a free port of 127.0.0.1.
[[nodiscard]] std::pair<Descriptor, std::uint16_t> tcp_listener(int backlog);

/// As many octets as the socket takes at once.
[[nodiscard]] std::size_t send_some(int descriptor, Bytes bytes);
/// What one call gave: octets; or an end; or an error (errno); or nothing yet.
struct Got {
    ByteVector bytes;
    bool is_end = false;
    int error = 0;
};
[[nodiscard]] Got receive_some(int descriptor);

/// Runs the reactor until `is_so` says yes; false after twenty seconds.
[[nodiscard]] bool run_until(Reactor& reactor, const std::function<bool()>& is_so);

[[nodiscard]] std::string text_of(Bytes bytes);
[[nodiscard]] ByteVector bytes_of(std::string_view text);

}  // namespace cotter::stream::testing
