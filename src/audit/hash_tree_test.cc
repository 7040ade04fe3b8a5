// The tree against published answers, against the recursive definition, and every proof of every tree of up to 130
// leaves, whole and damaged.
#include "audit/hash_tree.h"
#include "audit/tiles.h"

#include "pin/digest.h"
#include "text/encoding.h"

#include <gtest/gtest.h>

#include <bit>
#include <map>
#include <string_view>

namespace cotter::audit {
namespace {

constexpr std::uint64_t kMostLeaves = 130;

Bytes octets_of(std::string_view text) {
    return std::as_bytes(std::span(text));
}

std::string hex(const Hash& hash) {
    return text::hex(hash);
}

/// MTH as RFC 9162 2.1.1 defines it, the slow way.
Hash defined_root(std::span<const Hash> leaves) {
    if (leaves.empty()) return sha256({});
    if (leaves.size() == 1) return leaves.front();
    const std::size_t split = std::bit_floor(leaves.size() - 1);
    return node_hash(defined_root(leaves.first(split)), defined_root(leaves.subspan(split)));
}

std::vector<Hash> some_leaves(std::uint64_t count) {
    std::vector<Hash> leaves;
    for (std::uint64_t i = 0; i < count; ++i) leaves.push_back(leaf_hash(octets_of("entry " + std::to_string(i))));
    return leaves;
}

Subtrees subtrees_over(std::span<const Hash> leaves) {
    return [leaves](unsigned level, std::uint64_t position) -> Result<Hash> {
        return defined_root(leaves.subspan(position << level, std::size_t{1} << level));
    };
}

// The eight leaves of Certificate Transparency's test data (certificate-transparency,
// cpp/merkletree/merkle_tree_test.cc).
constexpr std::array<std::string_view, 8> kPublishedLeaves = {
    std::string_view("", 0),
    std::string_view("\x00", 1),
    std::string_view("\x10", 1),
    std::string_view("\x20\x21", 2),
    std::string_view("\x30\x31", 2),
    "\x40\x41\x42\x43",
    "\x50\x51\x52\x53\x54\x55\x56\x57",
    "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f"};
constexpr std::array<std::string_view, 9> kPublishedRoots = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

std::vector<Hash> published_leaves() {
    std::vector<Hash> leaves;
    for (const std::string_view leaf : kPublishedLeaves) leaves.push_back(leaf_hash(octets_of(leaf)));
    return leaves;
}

std::vector<std::string> hex(std::span<const Hash> hashes) {
    std::vector<std::string> texts;
    for (const Hash& one : hashes) texts.push_back(hex(one));
    return texts;
}

TEST(HashTree, HasThePublishedRoots) {
    Frontier frontier;
    const auto leaves = published_leaves();
    for (std::size_t size = 0; size <= leaves.size(); ++size) {
        EXPECT_EQ(hex(frontier.root()), kPublishedRoots.at(size)) << size;
        EXPECT_EQ(hex(root_of(size, subtrees_over(leaves)).value()), kPublishedRoots.at(size)) << size;
        if (size < leaves.size()) frontier.append(leaves[size]);
    }
}

TEST(HashTree, GivesThePublishedProofs) {
    const auto leaves = published_leaves();
    using Texts = std::vector<std::string>;
    EXPECT_EQ(hex(prove_inclusion(0, 8, subtrees_over(leaves)).value()),
              (Texts{"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                     "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                     "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}));
    EXPECT_EQ(hex(prove_inclusion(5, 8, subtrees_over(leaves)).value()),
              (Texts{"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                     "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                     "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}));
    EXPECT_EQ(hex(prove_consistency(1, 8, subtrees_over(leaves)).value()),
              (Texts{"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                     "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                     "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}));
    EXPECT_EQ(hex(prove_consistency(6, 8, subtrees_over(leaves)).value()),
              (Texts{"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                     "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                     "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}));
    EXPECT_EQ(hex(prove_consistency(2, 5, subtrees_over(leaves)).value()),
              (Texts{"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                     "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}));
}

TEST(HashTree, IsWhatTheDefinitionSaysForEverySize) {
    const auto leaves = some_leaves(kMostLeaves);
    Frontier frontier;
    for (std::uint64_t size = 0; size <= kMostLeaves; ++size) {
        const auto first = std::span(leaves).first(size);
        EXPECT_EQ(frontier.root(), defined_root(first)) << size;
        const auto again = frontier_of(size, subtrees_over(leaves)).value();
        EXPECT_TRUE(std::ranges::equal(again.subtrees(), frontier.subtrees())) << size;
        if (size < kMostLeaves) frontier.append(leaves[size]);
    }
}

TEST(HashTree, AFrontierNeedsOneSubtreeForEachBitOfItsSize) {
    EXPECT_TRUE(Frontier::from(6, some_leaves(2)));
    EXPECT_FALSE(Frontier::from(6, some_leaves(1)));
    EXPECT_FALSE(Frontier::from(6, some_leaves(3)));
    EXPECT_FALSE(Frontier::from(0, some_leaves(1)));
}

TEST(HashTree, EveryLeafOfEveryTreeIsProvenAndNoOtherIs) {
    const auto leaves = some_leaves(kMostLeaves);
    for (std::uint64_t size = 1; size <= kMostLeaves; ++size) {
        const Hash root = defined_root(std::span(leaves).first(size));
        for (std::uint64_t index = 0; index < size; ++index) {
            auto proof = prove_inclusion(index, size, subtrees_over(leaves)).value();
            ASSERT_TRUE(is_included(leaves[index], index, size, proof, root)) << index << " of " << size;
            ASSERT_FALSE(is_included(leaves[(index + 1) % kMostLeaves], index, size, proof, root));
            ASSERT_FALSE(is_included(leaves[index], index, size, proof, leaves[0]) && size > 1);
            ASSERT_FALSE(is_included(leaves[index], size, size, proof, root));
            if (size > 1) {
                ASSERT_FALSE(is_included(leaves[index], (index + 1) % size, size, proof, root));
                auto shorter = proof;
                shorter.pop_back();
                ASSERT_FALSE(is_included(leaves[index], index, size, shorter, root));
            }
            auto longer = proof;
            longer.push_back(root);
            ASSERT_FALSE(is_included(leaves[index], index, size, longer, root));
            for (Hash& one : proof) {
                one[0] ^= std::byte{1};
                ASSERT_FALSE(is_included(leaves[index], index, size, proof, root));
                one[0] ^= std::byte{1};
            }
        }
    }
}

TEST(HashTree, EveryTreeIsProvenToGrowOutOfEverySmallerOneAndOutOfNoOther) {
    const auto leaves = some_leaves(kMostLeaves);
    auto other = leaves;
    other[0][5] ^= std::byte{4};
    for (std::uint64_t size = 0; size <= kMostLeaves; ++size) {
        const Hash root = defined_root(std::span(leaves).first(size));
        for (std::uint64_t old_size = 0; old_size <= size; ++old_size) {
            const Hash old_root = defined_root(std::span(leaves).first(old_size));
            auto proof = prove_consistency(old_size, size, subtrees_over(leaves)).value();
            ASSERT_TRUE(is_consistent(old_size, old_root, size, root, proof)) << old_size << " to " << size;
            if (old_size > 0) {
                ASSERT_FALSE(
                    is_consistent(old_size, defined_root(std::span(other).first(old_size)), size, root, proof));
            }
            if (old_size != size) {
                ASSERT_FALSE(is_consistent(size, root, old_size, old_root, proof));
                ASSERT_FALSE(old_size != 0 && is_consistent(old_size, old_root, size, old_root, proof));
            }
            auto longer = proof;
            longer.push_back(root);
            ASSERT_FALSE(is_consistent(old_size, old_root, size, root, longer));
            if (!proof.empty()) {
                auto shorter = proof;
                shorter.pop_back();
                ASSERT_FALSE(is_consistent(old_size, old_root, size, root, shorter));
            }
            for (Hash& one : proof) {
                one[31] ^= std::byte{128};
                ASSERT_FALSE(is_consistent(old_size, old_root, size, root, proof));
                one[31] ^= std::byte{128};
            }
        }
    }
}

/// Tiles in memory, as a store keeps them.
struct Shelf {
    std::map<TileName, ByteVector> tiles;
    TiledTree tree(std::uint64_t size) {
        return {size, [this](TileName name) -> Result<ByteVector> { return tiles[name]; }};
    }
    void keep(const TiledTree& tree) {
        for (auto& [name, octets] : tree.changed()) tiles[name] = octets;
    }
};

TEST(Tiles, GrowInBatchesAndGiveTheSameTree) {
    constexpr std::uint64_t kSize = 66'000;  // two tiles of level 1, one hash of level 2
    Shelf shelf;
    Frontier frontier;
    std::uint64_t size = 0;
    for (std::uint64_t batch = 1; size < kSize; batch = batch % 700 + 13) {
        TiledTree tree = shelf.tree(size);
        for (std::uint64_t i = 0; i < batch && size < kSize; ++i, ++size) {
            const Hash leaf = leaf_hash(octets_of(std::to_string(size)));
            ASSERT_TRUE(tree.append(leaf));
            frontier.append(leaf);
        }
        shelf.keep(tree);
        ASSERT_EQ(tree.root().value(), frontier.root()) << size;
    }
    EXPECT_EQ(shelf.tiles.at(TileName{2, 0}).size(), 32U);
    EXPECT_EQ(shelf.tiles.size(), 258U + 2 + 1);
    TiledTree tree = shelf.tree(kSize);
    for (const std::uint64_t index : {std::uint64_t{0}, std::uint64_t{255}, std::uint64_t{256}, std::uint64_t{65'535},
                                      std::uint64_t{65'536}, kSize - 1}) {
        const auto proof = prove_inclusion(index, kSize, tree.subtrees()).value();
        EXPECT_TRUE(is_included(leaf_hash(octets_of(std::to_string(index))), index, kSize, proof, frontier.root()));
        EXPECT_EQ(tree.leaf(index).value(), leaf_hash(octets_of(std::to_string(index))));
    }
    for (const std::uint64_t old_size :
         {std::uint64_t{1}, std::uint64_t{256}, std::uint64_t{300}, std::uint64_t{65'537}}) {
        const Hash old_root = root_of(old_size, tree.subtrees()).value();
        const auto proof = prove_consistency(old_size, kSize, tree.subtrees()).value();
        EXPECT_TRUE(is_consistent(old_size, old_root, kSize, frontier.root(), proof)) << old_size;
    }
}

TEST(Tiles, OneThatHasAnotherLengthThanTheTreeSaysIsCorrupt) {
    Shelf shelf;
    TiledTree tree = shelf.tree(0);
    for (const Hash& leaf : some_leaves(5)) ASSERT_TRUE(tree.append(leaf));
    shelf.keep(tree);
    EXPECT_TRUE(shelf.tree(5).root());
    for (const std::uint64_t size : {4U, 6U, 300U}) {
        const auto root = shelf.tree(size).root();
        ASSERT_FALSE(root) << size;
        EXPECT_EQ(root.error().code, "audit_corrupt");
    }
}

TEST(Tiles, CountTheirHashes) {
    struct Row {
        TileName name;
        std::uint64_t size;
        std::uint64_t count;
    };
    for (const Row& row : {Row{{0, 0}, 0, 0}, Row{{0, 0}, 1, 1}, Row{{0, 0}, 256, 256}, Row{{0, 0}, 257, 256},
                           Row{{0, 1}, 257, 1}, Row{{1, 0}, 255, 0}, Row{{1, 0}, 512, 2}, Row{{9, 0}, 1U << 20U, 0}}) {
        EXPECT_EQ(tile_count(row.name, row.size), row.count)
            << row.name.level << "/" << row.name.index << " " << row.size;
    }
}

}  // namespace
}  // namespace cotter::audit
