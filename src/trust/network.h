// Network: a block of addresses, as rules name where a client may come from.
#pragma once

#include <cotter/error.h>
#include <cotter/host_name.h>

#include <string>
#include <string_view>

namespace cotter::trust {

class Network {
  public:
    /// ADDRESS/BITS, or an address alone. Bits beyond the prefix must be zero: "192.0.2.1/24" is refused, since it says
    /// two things. An IPv4-mapped network (RFC 4291 2.5.5.2) is the IPv4 network that it maps.
    [[nodiscard]] static Result<Network> parse(std::string_view text);

    /// An IPv4-mapped address is looked for among the IPv4 networks, and only there (INVARIANT A221).
    [[nodiscard]] bool contains(const IpAddress& address) const;
    [[nodiscard]] std::string to_string() const;  ///< "192.0.2.0/24"

    bool operator==(const Network&) const = default;

  private:
    Network(const IpAddress& base, unsigned bits) : base_(base), bits_(bits) {}

    IpAddress base_;  ///< never an IPv4-mapped one of 96 bits or more
    unsigned bits_;
};

}  // namespace cotter::trust
