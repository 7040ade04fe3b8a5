// The Merkle tree of RFC 9162 over SHA-256: its root, proofs that an entry is in it and that it grew out of a smaller
// one, and how both are checked. Pure: whoever calls brings the hashes.
#pragma once

#include <cotter/bytes.h>
#include <cotter/error.h>

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace cotter::audit {

using Hash = std::array<std::byte, 32>;

[[nodiscard]] Hash leaf_hash(Bytes entry);                          ///< SHA-256 of 0x00 and the entry (RFC 9162 2.1.1)
[[nodiscard]] Hash node_hash(const Hash& left, const Hash& right);  ///< SHA-256 of 0x01 and both (RFC 9162 2.1.1)
[[nodiscard]] Hash empty_root();                                    ///< SHA-256 of nothing (RFC 9162 2.1.1)

/// The right edge of a tree: the roots of the complete subtrees that its leaves fall into, largest and leftmost first,
/// one for each bit that is set in the number of leaves. It is all that appending and the root need.
class Frontier {
  public:
    Frontier() = default;
    /// Nothing if that many leaves fall into another number of subtrees.
    [[nodiscard]] static std::optional<Frontier> from(std::uint64_t size, std::vector<Hash> subtrees);

    void append(const Hash& leaf);  ///< O(log size), amortised O(1)
    [[nodiscard]] std::uint64_t size() const { return size_; }
    [[nodiscard]] std::span<const Hash> subtrees() const { return subtrees_; }
    [[nodiscard]] Hash root() const;

  private:
    std::uint64_t size_ = 0;
    std::vector<Hash> subtrees_;
};

/// The hash of the complete subtree over the 2^level leaves from position * 2^level on. Asked only for subtrees that
/// lie within the tree.
using Subtrees = std::function<Result<Hash>(unsigned level, std::uint64_t position)>;

/// The root of the tree's first `size` leaves.
[[nodiscard]] Result<Hash> root_of(std::uint64_t size, const Subtrees& subtrees);
/// The frontier of the tree's first `size` leaves.
[[nodiscard]] Result<Frontier> frontier_of(std::uint64_t size, const Subtrees& subtrees);

/// That the leaf of this index is in the tree of the first `size` leaves: the hashes from its sibling up (RFC 9162
/// 2.1.3.1). index < size.
[[nodiscard]] Result<std::vector<Hash>> prove_inclusion(std::uint64_t index, std::uint64_t size,
                                                        const Subtrees& subtrees);
/// That the tree of the first `size` leaves begins with the tree of the first `old_size` ones (RFC 9162 2.1.4.1).
/// old_size <= size; empty where nothing needs proof, for old_size 0 or size.
[[nodiscard]] Result<std::vector<Hash>> prove_consistency(std::uint64_t old_size, std::uint64_t size,
                                                          const Subtrees& subtrees);

/// RFC 9162 2.1.3.2.
[[nodiscard]] bool is_included(const Hash& leaf, std::uint64_t index, std::uint64_t size, std::span<const Hash> proof,
                               const Hash& root);
/// RFC 9162 2.1.4.2; and the trees that it leaves out: of equal size (the roots are equal) and the empty one (with
/// every other), both with an empty proof.
[[nodiscard]] bool is_consistent(std::uint64_t old_size, const Hash& old_root, std::uint64_t size, const Hash& root,
                                 std::span<const Hash> proof);

}  // namespace cotter::audit
