// Formats in which all entries that match a host add up, and a policy, in which the most specific one counts alone:
// what must be done to entries so that verdicts stay.
#pragma once

#include "formats/format.h"

#include <optional>
#include <vector>

namespace cotter::formats {

/// From such a format: gives every entry the pins of each other one that covers all of its hosts and ports. Where two
/// only overlap, the narrower one is left as it is, which refuses more, and a Loss says so. Pins keep their ends.
void add_wider_pins(std::vector<trust::PolicyEntry>& entries, std::vector<Loss>& lost);

/// Whether the format to write has ports.
enum class Ports : std::uint8_t { kNone, kSaid };

/// Two entries that share a host for which the pins of both would count.
struct Clash {
    std::size_t counts = 0;  ///< index of the entry whose pins count for the shared host
    std::size_t adds = 0;    ///< of the one whose pins would be added
};

/// Into such a format: the first two entries of which one's pins would be added where they don't count now, so that
/// more would be trusted; nothing where there are none.
[[nodiscard]] std::optional<Clash> first_clash(const std::vector<trust::PolicyEntry>& entries, Ports ports);

}  // namespace cotter::formats
