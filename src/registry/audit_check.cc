// Walking through the log.
#include "registry/audit_check.h"

#include <algorithm>
#include <bit>

namespace cotter::registry {
namespace {

// How many entries are in memory at once.
constexpr std::size_t kStep = 1000;

std::string number(std::uint64_t sequence) {
    return std::to_string(sequence);
}

LogDifference difference(std::string code, std::uint64_t sequence, std::string message) {
    return {std::move(code), sequence, sequence, std::move(message)};
}

class Walk {
  public:
    Walk(Store& store, const std::optional<audit::SeenHead>& seen)
        : log_(store), seen_(seen), head_(log_.read_head()), tree_(log_.tree(head_.size)) {
        if (!seen_) return;
        std::uint64_t end = 0;
        for (std::uint64_t rest = seen_->frontier.size(); rest != 0; rest -= std::bit_floor(rest)) {
            end += std::bit_floor(rest);
            seen_ends_.push_back(end);
        }
    }

    LogCheck run() {
        auto found = walk();
        if (!found) found = compare_head();
        return {head_, frontier_, std::move(found)};
    }

  private:
    std::optional<LogDifference> walk() {
        if (seen_ && seen_->checkpoint.head.origin != head_.origin) {
            return difference("log_replaced", 0,
                              "the log is " + head_.origin + ", and " + seen_->checkpoint.head.origin +
                                  " was here before: it is another log");
        }
        while (frontier_.size() < head_.pruned) {
            if (auto found = take_kept_leaf()) return found;
        }
        for (;;) {
            const auto entries = log_.read_entries({.from = next_}, kStep);
            for (const audit::Entry& entry : entries) {
                if (auto found = take(entry)) return found;
            }
            if (entries.size() < kStep) break;
        }
        if (frontier_.size() < head_.size) {
            return difference("entry_missing", frontier_.size(), "entry " + number(frontier_.size()) + " is missing");
        }
        if (seen_ && head_.size < seen_->frontier.size()) {
            return difference("log_cut_off", head_.size,
                              "the log ends before entry " + number(head_.size) + ", and had " +
                                  number(seen_->frontier.size()) + " entries when it was last seen");
        }
        return std::nullopt;
    }

    /// Of a pruned entry the hash alone is left.
    std::optional<LogDifference> take_kept_leaf() {
        const auto leaf = tree_.leaf(frontier_.size());
        if (!leaf) return difference("tree_changed", frontier_.size(), leaf.error().why);
        return grow(*leaf);
    }

    std::optional<LogDifference> take(const audit::Entry& entry) {
        const std::uint64_t expected = frontier_.size();
        next_ = entry.sequence + 1;
        if (entry.sequence < head_.pruned) {
            return difference("entry_reappeared", entry.sequence,
                              "entry " + number(entry.sequence) + " was pruned, and is there");
        }
        if (expected >= head_.size) {
            return difference("entry_unhashed", entry.sequence,
                              "entry " + number(entry.sequence) + " is beyond the log's end");
        }
        if (entry.sequence != expected)
            return difference("entry_missing", expected, "entry " + number(expected) + " is missing");
        const auto leaf = tree_.leaf(expected);
        if (!leaf) return difference("tree_changed", expected, leaf.error().why);
        const audit::Hash hash = audit::leaf_hash(entry);
        if (hash != *leaf) {
            return difference(
                "entry_changed", expected,
                "entry " + number(expected) + " is not the one that was recorded: " + audit::canonical_text(entry));
        }
        return grow(hash);
    }

    std::optional<LogDifference> grow(const audit::Hash& leaf) {
        frontier_.append(leaf);
        const std::uint64_t size = frontier_.size();
        if (size % audit::kTileWidth == 0) {
            if (auto found = compare_levels(size)) return found;
        }
        const auto end = std::ranges::find(seen_ends_, size);
        if (end == seen_ends_.end()) return std::nullopt;
        // At that size the frontier is the first subtrees of the one that was seen.
        const auto place = static_cast<std::size_t>(end - seen_ends_.begin());
        if (frontier_.subtrees()[place] == seen_->frontier.subtrees()[place]) return std::nullopt;
        const std::uint64_t first = place == 0 ? 0 : seen_ends_[place - 1];
        return LogDifference{"history_rewritten", first, size - 1,
                             first + 1 == size
                                 ? "entry " + number(first) + " is another than when the log was last seen"
                                 : "of the entries " + number(first) + " to " + number(size - 1) +
                                       " at least one is another than when the log was last seen"};
    }

    /// A tile of leaves is full: the hashes over it in the tiles above are those of what lies below.
    std::optional<LogDifference> compare_levels(std::uint64_t size) {
        const audit::Subtrees subtrees = tree_.subtrees();
        for (unsigned level = audit::kTileHeight; size >> level != 0 && (size >> level) << level == size;
             level += audit::kTileHeight) {
            const std::uint64_t position = (size >> level) - 1;
            const auto kept = subtrees(level, position);
            const auto left = subtrees(level - 1, 2 * position);
            const auto right = subtrees(level - 1, 2 * position + 1);
            if (!kept || !left || !right || *kept != audit::node_hash(*left, *right)) {
                const std::uint64_t first = position << level;
                return LogDifference{
                    "tree_changed", first, size - 1,
                    "the hash over the entries " + number(first) + " to " + number(size - 1) + " is not theirs"};
            }
        }
        return std::nullopt;
    }

    std::optional<LogDifference> compare_head() {
        if (frontier_.root() == head_.root) return std::nullopt;
        return LogDifference{"head_changed", 0, head_.size == 0 ? 0 : head_.size - 1,
                             "the log's head is not that of its entries"};
    }

    AuditLog log_;
    const std::optional<audit::SeenHead>& seen_;
    std::vector<std::uint64_t> seen_ends_;  ///< where each subtree of the frontier that was seen ends
    LogHead head_;
    audit::TiledTree tree_;
    audit::Frontier frontier_;
    std::uint64_t next_ = 0;
};

}  // namespace

Result<LogCheck> check_log(Store& store, const std::optional<audit::SeenHead>& seen) {
    return store.read("checking the audit log", [&]() -> Result<LogCheck> { return Walk(store, seen).run(); });
}

}  // namespace cotter::registry
