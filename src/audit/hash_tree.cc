// Hashing, proving and checking, each in the steps of RFC 9162.
#include "audit/hash_tree.h"

#include "pin/digest.h"

#include <algorithm>
#include <bit>

namespace cotter::audit {
namespace {

/// The largest power of two below `count`, which is at least 2: where RFC 9162 splits a tree.
std::uint64_t split_of(std::uint64_t count) {
    return std::bit_floor(count - 1);
}

/// The root of the leaves from `first` on. `first` is a multiple of the smallest power of two that is not below
/// `count`, as it is wherever RFC 9162 splits.
Result<Hash> range_hash(std::uint64_t first, std::uint64_t count, const Subtrees& subtrees) {
    if (std::has_single_bit(count)) {
        const auto level = static_cast<unsigned>(std::countr_zero(count));
        return subtrees(level, first >> level);
    }
    const std::uint64_t split = split_of(count);
    const auto left = range_hash(first, split, subtrees);
    if (!left) return left;
    const auto right = range_hash(first + split, count - split, subtrees);
    if (!right) return right;
    return node_hash(*left, *right);
}

Result<void> add_range(std::vector<Hash>& proof, std::uint64_t first, std::uint64_t count, const Subtrees& subtrees) {
    const auto hash = range_hash(first, count, subtrees);
    if (!hash) return unexpected(hash.error());
    proof.push_back(*hash);
    return {};
}

/// PATH of RFC 9162 2.1.3.1 over the `count` leaves from `first` on.
Result<void> add_path(std::vector<Hash>& proof, std::uint64_t index, std::uint64_t first, std::uint64_t count,
                      const Subtrees& subtrees) {
    if (count == 1) return {};
    const std::uint64_t split = split_of(count);
    const bool is_left = index - first < split;
    const auto below = is_left ? add_path(proof, index, first, split, subtrees)
                               : add_path(proof, index, first + split, count - split, subtrees);
    if (!below) return below;
    return is_left ? add_range(proof, first + split, count - split, subtrees)
                   : add_range(proof, first, split, subtrees);
}

/// SUBPROOF of RFC 9162 2.1.4.1 over the `count` leaves from `first` on, of which the older tree has `old_count`.
/// `is_old_root`: whether this subtree's root is the older tree's, which the checker has.
Result<void> add_subproof(std::vector<Hash>& proof, std::uint64_t old_count, std::uint64_t first, std::uint64_t count,
                          bool is_old_root, const Subtrees& subtrees) {
    if (old_count == count) {
        if (is_old_root) return {};
        return add_range(proof, first, count, subtrees);
    }
    const std::uint64_t split = split_of(count);
    const bool is_left = old_count <= split;
    const auto below = is_left ? add_subproof(proof, old_count, first, split, is_old_root, subtrees)
                               : add_subproof(proof, old_count - split, first + split, count - split, false, subtrees);
    if (!below) return below;
    return is_left ? add_range(proof, first + split, count - split, subtrees)
                   : add_range(proof, first, split, subtrees);
}

bool is_odd(std::uint64_t number) {
    return (number & 1U) != 0;
}

enum class Side : std::uint8_t { kLeft, kRight };

/// The way from a node up to the root, level by level, past those where the node stands alone at the right end of its
/// level (RFC 9162, sections 2.1.3.2 and 2.1.4.2).
class Climb {
  public:
    /// `last`: the number of the last node on the level of `node`.
    Climb(std::uint64_t node, std::uint64_t last) : node_(node), last_(last) {}

    /// Where the next sibling stands; nothing: this is the root, which has none.
    std::optional<Side> next() {
        if (last_ == 0) return std::nullopt;
        const Side side = is_odd(node_) || node_ == last_ ? Side::kLeft : Side::kRight;
        const int levels = 1 + (side == Side::kLeft ? std::countr_zero(node_) : 0);
        node_ = levels_up(node_, levels);
        last_ = levels_up(last_, levels);
        return side;
    }
    [[nodiscard]] bool is_at_root() const { return last_ == 0; }

  private:
    /// A shift by all 64 bits has no meaning in C++.
    static std::uint64_t levels_up(std::uint64_t node, int levels) { return node >> (levels - 1) >> 1U; }

    std::uint64_t node_;
    std::uint64_t last_;
};

}  // namespace

Hash leaf_hash(Bytes entry) {
    ByteVector octets{std::byte{0}};
    octets.insert(octets.end(), entry.begin(), entry.end());
    return sha256(octets);
}

Hash node_hash(const Hash& left, const Hash& right) {
    std::array<std::byte, 1 + 2 * std::tuple_size_v<Hash>> octets{std::byte{1}};
    const auto middle = std::ranges::copy(left, octets.begin() + 1).out;
    std::ranges::copy(right, middle);
    return sha256(octets);
}

Hash empty_root() {
    return sha256({});
}

std::optional<Frontier> Frontier::from(std::uint64_t size, std::vector<Hash> subtrees) {
    if (static_cast<std::size_t>(std::popcount(size)) != subtrees.size()) return std::nullopt;
    Frontier frontier;
    frontier.size_ = size;
    frontier.subtrees_ = std::move(subtrees);
    return frontier;
}

void Frontier::append(const Hash& leaf) {
    Hash hash = leaf;
    for (std::uint64_t rest = size_; is_odd(rest); rest >>= 1U) {
        hash = node_hash(subtrees_.back(), hash);
        subtrees_.pop_back();
    }
    subtrees_.push_back(hash);
    ++size_;
}

Hash Frontier::root() const {
    if (subtrees_.empty()) return empty_root();
    Hash root = subtrees_.back();
    for (auto left = subtrees_.rbegin() + 1; left != subtrees_.rend(); ++left) root = node_hash(*left, root);
    return root;
}

Result<Hash> root_of(std::uint64_t size, const Subtrees& subtrees) {
    return size == 0 ? Result<Hash>(empty_root()) : range_hash(0, size, subtrees);
}

Result<Frontier> frontier_of(std::uint64_t size, const Subtrees& subtrees) {
    std::vector<Hash> hashes;
    std::uint64_t first = 0;
    while (first < size) {
        const std::uint64_t count = std::bit_floor(size - first);
        if (auto added = add_range(hashes, first, count, subtrees); !added) return unexpected(added.error());
        first += count;
    }
    return *Frontier::from(size, std::move(hashes));
}

Result<std::vector<Hash>> prove_inclusion(std::uint64_t index, std::uint64_t size, const Subtrees& subtrees) {
    std::vector<Hash> proof;
    if (auto added = add_path(proof, index, 0, size, subtrees); !added) return unexpected(added.error());
    return proof;
}

Result<std::vector<Hash>> prove_consistency(std::uint64_t old_size, std::uint64_t size, const Subtrees& subtrees) {
    std::vector<Hash> proof;
    if (old_size == 0 || old_size == size) return proof;
    if (auto added = add_subproof(proof, old_size, 0, size, true, subtrees); !added) return unexpected(added.error());
    return proof;
}

bool is_included(const Hash& leaf, std::uint64_t index, std::uint64_t size, std::span<const Hash> proof,
                 const Hash& root) {
    if (index >= size) return false;
    Climb climb(index, size - 1);
    Hash hash = leaf;
    for (const Hash& sibling : proof) {
        const auto side = climb.next();
        if (!side) return false;
        hash = *side == Side::kLeft ? node_hash(sibling, hash) : node_hash(hash, sibling);
    }
    return climb.is_at_root() && hash == root;
}

bool is_consistent(std::uint64_t old_size, const Hash& old_root, std::uint64_t size, const Hash& root,
                   std::span<const Hash> proof) {
    if (old_size > size) return false;
    if (old_size == size) return proof.empty() && old_root == root;
    if (old_size == 0) return proof.empty() && old_root == empty_root();
    std::vector<Hash> path;
    if (std::has_single_bit(old_size)) path.push_back(old_root);
    path.insert(path.end(), proof.begin(), proof.end());
    // Where the older root begins the path, the proof itself must still say something.
    if (proof.empty()) return false;
    // Both trees have the whole subtree in which the older one ends.
    const int whole = std::countr_one(old_size - 1);
    Climb climb((old_size - 1) >> whole, (size - 1) >> whole);
    Hash old_hash = path.front();
    Hash hash = path.front();
    for (const Hash& sibling : std::span(path).subspan(1)) {
        const auto side = climb.next();
        if (!side) return false;
        if (*side == Side::kLeft) old_hash = node_hash(sibling, old_hash);
        hash = *side == Side::kLeft ? node_hash(sibling, hash) : node_hash(hash, sibling);
    }
    return climb.is_at_root() && old_hash == old_root && hash == root;
}

}  // namespace cotter::audit
