// Reading networks and looking addresses up in them.
#include "trust/network.h"

#include "text/escape.h"

#include <algorithm>
#include <charconv>

namespace cotter::trust {
namespace {

constexpr std::size_t kMappedOctets = 12;
constexpr unsigned kMappedBits = 96;

/// The IPv4 address's octets in an IPv4-mapped IPv6 one; else all of them.
Bytes unmapped(const IpAddress& address) {
    const Bytes octets = address.octets();
    if (!address.is_v6()) return octets;
    const bool is_mapped =
        std::ranges::all_of(octets.first(10), [](std::byte octet) { return octet == std::byte{0}; }) &&
        octets[10] == std::byte{0xff} && octets[11] == std::byte{0xff};
    return is_mapped ? octets.subspan(kMappedOctets) : octets;
}

/// Whether the first `bits` of both are the same.
bool agree(Bytes left, Bytes right, unsigned bits) {
    const unsigned whole = bits / 8;
    if (!std::ranges::equal(left.first(whole), right.first(whole))) return false;
    const unsigned rest = bits % 8;
    if (rest == 0) return true;
    const auto mask = static_cast<std::byte>(0xffU << (8U - rest));
    return (left[whole] & mask) == (right[whole] & mask);
}

bool is_zero_beyond(Bytes octets, unsigned bits) {
    for (unsigned bit = bits; bit < octets.size() * 8; ++bit) {
        if ((octets[bit / 8] & static_cast<std::byte>(0x80U >> (bit % 8))) != std::byte{0}) return false;
    }
    return true;
}

unexpected<Error> bad_network(std::string_view text, std::string why) {
    return malformed("bad_network", "reading the network \"" + text::escape(text, 100) + "\"", std::move(why),
                     "write for instance 192.0.2.0/24, 2001:db8::/32, or one address");
}

}  // namespace

Result<Network> Network::parse(std::string_view text) {
    const std::size_t slash = text.find('/');
    const auto address = IpAddress::parse(text.substr(0, slash));
    if (!address) return bad_network(text, "it does not begin with an address");
    const auto most = static_cast<unsigned>(address->octets().size()) * 8;
    unsigned bits = most;
    if (slash != std::string_view::npos) {
        const std::string_view digits = text.substr(slash + 1);
        const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
        const bool is_number = fault == std::errc{} && end == digits.data() + digits.size();
        if (!is_number || bits > most || (digits.size() > 1 && digits.front() == '0'))
            return bad_network(text, "after the slash a number from 0 to " + std::to_string(most) + " is needed");
    }
    if (!is_zero_beyond(address->octets(), bits))
        return bad_network(text, "it has bits set beyond its first " + std::to_string(bits));
    const Bytes octets = unmapped(*address);
    if (octets.size() == address->octets().size() || bits < kMappedBits) return Network(*address, bits);
    std::string mapped;
    for (const std::byte octet : octets)
        mapped += (mapped.empty() ? "" : ".") + std::to_string(std::to_integer<unsigned>(octet));
    return Network(*IpAddress::parse(mapped), bits - kMappedBits);
}

bool Network::contains(const IpAddress& address) const {
    const Bytes octets = unmapped(address);
    return octets.size() == base_.octets().size() && agree(octets, base_.octets(), bits_);
}

std::string Network::to_string() const {
    return base_.to_string() + "/" + std::to_string(bits_);
}

}  // namespace cotter::trust
