// How a key log lies in files, as C2SP tlog-tiles says: where each tile of hashes and each bundle of entries is, and
// how a bundle is written. Pure.
#pragma once

#include "audit/tiles.h"

#include <cotter/bytes.h>
#include <cotter/error.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cotter::keylog {

inline constexpr std::string_view kCheckpointPath = "checkpoint";

/// "tile/0/x001/x234/067", or, where it has fewer than 256 hashes, "tile/0/x001/x234/067.p/8".
[[nodiscard]] std::string tile_path(audit::TileName name, std::uint64_t count);
/// "tile/entries/000", "tile/entries/000.p/8": the entries whose hashes tile `index` of level 0 has.
[[nodiscard]] std::string bundle_path(std::uint64_t index, std::uint64_t count);

/// Each entry after its length, an unsigned number of 16 bits, the most significant first.
[[nodiscard]] ByteVector bundle_of(std::span<const std::string> entries);
/// At least one entry, at most 256, none of them empty or longer than kMostEntryOctets; else the whole is refused.
[[nodiscard]] Result<std::vector<std::string>> parse_bundle(Bytes bundle);

}  // namespace cotter::keylog
