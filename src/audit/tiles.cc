// Reading tiles, folding them, and growing the right edge.
#include "audit/tiles.h"

#include <algorithm>

namespace cotter::audit {
namespace {

constexpr std::size_t kHashSize = std::tuple_size_v<Hash>;

Hash hash_at(Bytes tile, std::uint64_t offset) {
    Hash hash;
    std::ranges::copy(tile.subspan(offset * kHashSize, kHashSize), hash.begin());
    return hash;
}

/// The root over `count` hashes from `offset` on; `count` is a power of two.
Hash fold(Bytes tile, std::uint64_t offset, std::uint64_t count) {
    if (count == 1) return hash_at(tile, offset);
    return node_hash(fold(tile, offset, count / 2), fold(tile, offset + count / 2, count / 2));
}

}  // namespace

std::uint64_t tile_count(TileName name, std::uint64_t size) {
    const unsigned shift = name.level * kTileHeight;
    const std::uint64_t hashes = shift < 64 ? size >> shift : 0;
    const std::uint64_t first = name.index * kTileWidth;
    return hashes <= first ? 0 : std::min(hashes - first, kTileWidth);
}

Result<TiledTree::Tile*> TiledTree::tile(TileName name) {
    if (const auto known = tiles_.find(name); known != tiles_.end()) return &known->second;
    Tile fresh;
    if (const std::uint64_t count = tile_count(name, size_); count > 0) {
        auto octets = read_(name);
        if (!octets) return unexpected(octets.error());
        if (octets->size() != count * kHashSize) {
            return failed("audit_corrupt", "reading the audit log's tree",
                          "tile " + std::to_string(name.index) + " of level " + std::to_string(name.level) + " has " +
                              std::to_string(octets->size()) + " octets, not " + std::to_string(count * kHashSize),
                          "\"cotter log verify\" says where the log was changed");
        }
        fresh.octets = std::move(*octets);
    }
    return &tiles_.emplace(name, std::move(fresh)).first->second;
}

Result<Hash> TiledTree::leaf(std::uint64_t index) {
    return subtree(0, index);
}

Subtrees TiledTree::subtrees() {
    return [this](unsigned level, std::uint64_t position) { return subtree(level, position); };
}

Result<Hash> TiledTree::subtree(unsigned level, std::uint64_t position) {
    const unsigned height = level % kTileHeight;
    const std::uint64_t first = position << height;
    const auto found = tile({level / kTileHeight, first / kTileWidth});
    if (!found) return unexpected(found.error());
    return fold((*found)->octets, first % kTileWidth, std::uint64_t{1} << height);
}

Result<void> TiledTree::append(const Hash& leaf) {
    if (auto done = append_at(0, size_, leaf); !done) return done;
    ++size_;
    return {};
}

Result<void> TiledTree::append_at(unsigned level, std::uint64_t position, const Hash& hash) {
    const auto edge = tile({level, position / kTileWidth});
    if (!edge) return unexpected(edge.error());
    (*edge)->octets.insert((*edge)->octets.end(), hash.begin(), hash.end());
    (*edge)->is_changed = true;
    if ((*edge)->octets.size() < kTileWidth * kHashSize) return {};
    return append_at(level + 1, position / kTileWidth, fold((*edge)->octets, 0, kTileWidth));
}

Result<Hash> TiledTree::root() {
    return root_of(size_, subtrees());
}

std::map<TileName, ByteVector> TiledTree::changed() const {
    std::map<TileName, ByteVector> changed;
    for (const auto& [name, tile] : tiles_) {
        if (tile.is_changed) changed.emplace(name, tile.octets);
    }
    return changed;
}

}  // namespace cotter::audit
