// Request: what the driver asks of the backend, in the first octets of a connection.
#pragma once

#include <cotter/bytes.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>

namespace cotter::load {

/// An echo connection begins with this octet, which is echoed like all that follow.
constexpr std::byte kEcho{'e'};

/// A bulk connection: so many octets go to the backend, so many come back, both at once; then the backend says kDone.
struct Bulk {
    std::uint64_t up = 0;
    std::uint64_t down = 0;

    static constexpr std::size_t kSize = 1 + 2 * sizeof(std::uint64_t);
    static constexpr std::byte kFirst{'b'};
    static constexpr std::byte kDone{'.'};

    [[nodiscard]] std::array<std::byte, kSize> encode() const {
        std::array<std::byte, kSize> octets{kFirst};
        std::memcpy(&octets[1], &up, sizeof up);
        std::memcpy(&octets[1 + sizeof up], &down, sizeof down);
        return octets;
    }
    /// Of at least kSize octets.
    [[nodiscard]] static Bulk decode(Bytes octets) {
        Bulk bulk;
        std::memcpy(&bulk.up, &octets[1], sizeof bulk.up);
        std::memcpy(&bulk.down, &octets[1 + sizeof bulk.up], sizeof bulk.down);
        return bulk;
    }
};

/// What bulk is made of, sent in such lots.
inline Bytes bulk_lot() {
    static const ByteVector lot(128U << 10U, std::byte{'x'});
    return lot;
}

}  // namespace cotter::load
