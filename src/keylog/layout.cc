// Paths and bundles.
#include "keylog/layout.h"

#include "keylog/key_entry.h"
#include "text/encoding.h"
#include "x509/openssl.h"

#include <algorithm>

namespace cotter::keylog {
namespace {

/// Groups of three digits, a folder each, all but the last marked with an x.
std::string digits_of(std::uint64_t index) {
    const auto group = [](std::uint64_t number) {
        const std::string digits = std::to_string(number);
        return std::string(3 - digits.size(), '0') + digits;
    };
    std::string path = group(index % 1000);
    for (std::uint64_t rest = index / 1000; rest > 0; rest /= 1000) path.insert(0, "x" + group(rest % 1000) + "/");
    return path;
}

std::string path_of(const std::string& level, std::uint64_t index, std::uint64_t count) {
    return "tile/" + level + "/" + digits_of(index) +
           (count < audit::kTileWidth ? ".p/" + std::to_string(count) : std::string());
}

unexpected<Error> bad_bundle(std::string why) {
    return malformed("entry_bundle", "reading entries of a key log", std::move(why),
                     "look at what is served: it is to be a key log's files, as they are");
}

}  // namespace

std::string tile_path(audit::TileName name, std::uint64_t count) {
    return path_of(std::to_string(name.level), name.index, count);
}

std::string bundle_path(std::uint64_t index, std::uint64_t count) {
    return path_of("entries", index, count);
}

ByteVector bundle_of(std::span<const std::string> entries) {
    ByteVector octets;
    for (const std::string& entry : entries) {
        octets.push_back(static_cast<std::byte>(entry.size() >> 8U));
        octets.push_back(static_cast<std::byte>(entry.size()));
        std::ranges::copy(x509::as_bytes(entry), std::back_inserter(octets));
    }
    return octets;
}

Result<std::vector<std::string>> parse_bundle(Bytes bundle) {
    std::vector<std::string> entries;
    while (!bundle.empty()) {
        if (entries.size() == audit::kTileWidth) return bad_bundle("a bundle has more than 256 entries");
        if (bundle.size() < 2) return bad_bundle("a bundle is cut off within a length");
        const std::size_t size =
            (std::to_integer<std::size_t>(bundle[0]) << 8U) | std::to_integer<std::size_t>(bundle[1]);
        bundle = bundle.subspan(2);
        if (size == 0) return bad_bundle("an entry is empty");
        if (size > kMostEntryOctets) return bad_bundle("an entry is longer than any entry");
        if (size > bundle.size()) return bad_bundle("a bundle is cut off within an entry");
        entries.push_back(text::of_octets(bundle.first(size)));
        bundle = bundle.subspan(size);
    }
    if (entries.empty()) return bad_bundle("a bundle has no entries");
    return entries;
}

}  // namespace cotter::keylog
