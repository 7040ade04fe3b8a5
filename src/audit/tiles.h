// Tiles: how the hashes of a growing tree are kept. A tile is 256 hashes of one of the levels 0, 8, 16, …; every other
// node is computed from at most 256 of them. It is the layout of C2SP tlog-tiles, so that what is kept can be published
// as it is, and 32 octets stay of an entry whose text is gone.
#pragma once

#include "audit/hash_tree.h"

#include <compare>
#include <map>

namespace cotter::audit {

inline constexpr unsigned kTileHeight = 8;
inline constexpr std::uint64_t kTileWidth = 1U << kTileHeight;

/// `level` 0 is of leaves, 1 of subtrees of 256 leaves, and so on; `index` counts tiles from the left.
struct TileName {
    unsigned level = 0;
    std::uint64_t index = 0;
    auto operator<=>(const TileName&) const = default;
};

/// How many hashes that tile has in a tree of that size: 256, fewer at the right edge, 0 beyond it.
[[nodiscard]] std::uint64_t tile_count(TileName name, std::uint64_t size);

/// A tree whose tiles are somewhere else: read as they are needed, changed here, and written back by whoever holds
/// both.
class TiledTree {
  public:
    /// Gives the octets of a tile: its hashes, one after the other.
    using Read = std::function<Result<ByteVector>(TileName)>;

    TiledTree(std::uint64_t size, Read read) : size_(size), read_(std::move(read)) {}

    [[nodiscard]] std::uint64_t size() const { return size_; }
    [[nodiscard]] Result<Hash> leaf(std::uint64_t index);
    /// As hash_tree's functions ask for it. Valid as long as this tree, and kept by nobody beyond it.
    [[nodiscard]] Subtrees subtrees();

    [[nodiscard]] Result<void> append(const Hash& leaf);
    [[nodiscard]] Result<Hash> root();
    /// The tiles that append() changed since this was made, whole.
    [[nodiscard]] std::map<TileName, ByteVector> changed() const;

  private:
    struct Tile {
        ByteVector octets;
        bool is_changed = false;
    };
    Result<Tile*> tile(TileName name);
    Result<Hash> subtree(unsigned level, std::uint64_t position);
    /// The right edge's tile of that level gets one more hash, and the level above it, when it is full, the tile's.
    Result<void> append_at(unsigned level, std::uint64_t position, const Hash& hash);

    std::uint64_t size_;
    Read read_;
    std::map<TileName, Tile> tiles_;
};

}  // namespace cotter::audit
