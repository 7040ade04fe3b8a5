// Fetching, rebuilding the tree, comparing.
#include "keylog/reading.h"

#include "keylog/layout.h"
#include "text/encoding.h"
#include "text/escape.h"
#include "x509/openssl.h"

#include <algorithm>
#include <ranges>

namespace cotter::keylog {
namespace {

using audit::Checkpoint;
using audit::SignedCheckpoint;

constexpr std::size_t kMostCheckpointOctets = 64UL * 1024;
constexpr std::size_t kMostBundleOctets = audit::kTileWidth * (2 + kMostEntryOctets);

std::string entries_text(std::uint64_t count) {
    return std::to_string(count) + (count == 1 ? " entry" : " entries");
}

unexpected<LogFault> cannot_read(std::string message) {
    return unexpected<LogFault>(LogFault{LogFault::Kind::kUnreadable, "key_log_unreadable", std::move(message)});
}

Reading<SignedCheckpoint> read_checkpoint(Source& source, const audit::Verifier& key) {
    const auto octets = source.get(std::string(kCheckpointPath), kMostCheckpointOctets);
    if (!octets) return unreadable(octets.error());
    auto checkpoint = SignedCheckpoint::parse(text::of_octets(*octets));
    if (!checkpoint) return cannot_read("what is served as its checkpoint is none: " + checkpoint.error().why);
    if (checkpoint->head.origin != key.name()) {
        return is_false("key_log_origin", "what is served is another log, " +
                                              text::escape_remaining(checkpoint->head.origin, 256) + ", and not " +
                                              key.name());
    }
    if (!checkpoint->is_by(key))
        return is_false("key_log_signature", "its checkpoint is not signed with the key that was given for this log");
    return std::move(*checkpoint);
}

/// What the two heads alone show.
Reading<void> compare_heads(const SignedCheckpoint& newest, const Checkpoint& seen) {
    const Checkpoint& head = newest.head;
    if (head.size < seen.size) {
        return is_false("key_log_shrunk", "it has " + entries_text(head.size) + ", and had " +
                                              std::to_string(seen.size) + " when it was last read: an old copy is " +
                                              "served, or entries were taken out");
    }
    if (head.size == seen.size && head.root != seen.root) {
        return is_false("key_log_forked",
                        "its key has signed two different logs of " + entries_text(head.size) +
                            ", this one and the one that was read before",
                        newest.text);
    }
    return {};
}

/// The entries of one bundle, as text. Where a bundle has been filled since its checkpoint was signed, the part that
/// the checkpoint is about may be gone, and the whole is there.
Reading<std::vector<std::string>> read_bundle(Source& source, std::uint64_t index, std::uint64_t count) {
    auto octets = source.get(bundle_path(index, count), kMostBundleOctets);
    if (!octets && count < audit::kTileWidth) {
        auto whole = source.get(bundle_path(index, audit::kTileWidth), kMostBundleOctets);
        if (whole) octets = std::move(whole);
    }
    if (!octets) return unreadable(octets.error());
    auto entries = parse_bundle(*octets);
    if (!entries) return unreadable(entries.error());
    if (entries->size() < count) return cannot_read("a bundle has fewer entries than its name says");
    entries->resize(count);
    return std::move(*entries);
}

/// Reads what is not understood as a fault: the word that can't be read might be the one that takes a key back.
Reading<std::vector<KeyEntry>> understand(const std::vector<std::string>& texts) {
    std::vector<KeyEntry> entries;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        auto entry = KeyEntry::parse(texts[i]);
        if (!entry) return cannot_read("its entry " + std::to_string(i) + " is not understood: " + entry.error().why);
        entries.push_back(std::move(*entry));
    }
    return entries;
}

}  // namespace

Reading<LogView> read_log(Source& source, const audit::Verifier& key, const std::optional<SignedCheckpoint>& seen) {
    auto checkpoint = read_checkpoint(source, key);
    if (!checkpoint) return unexpected(checkpoint.error());
    const Checkpoint& head = checkpoint->head;
    if (seen) {
        if (auto compared = compare_heads(*checkpoint, seen->head); !compared) return unexpected(compared.error());
    }
    if (head.size > kMostEntries)
        return cannot_read("it has " + entries_text(head.size) + ", more than " + std::to_string(kMostEntries));
    std::vector<std::string> texts;
    audit::Frontier tree;
    std::optional<audit::Hash> root_then = seen && seen->head.size == 0 ? std::optional(tree.root()) : std::nullopt;
    for (std::uint64_t index = 0; texts.size() < head.size; ++index) {
        const std::uint64_t count = audit::tile_count({0, index}, head.size);
        auto bundle = read_bundle(source, index, count);
        if (!bundle) return unexpected(bundle.error());
        for (std::string& text : *bundle) {
            tree.append(audit::leaf_hash(x509::as_bytes(text)));
            if (seen && tree.size() == seen->head.size) root_then = tree.root();
            texts.push_back(std::move(text));
        }
    }
    // First, for what is not signed at all says nothing of what was seen before.
    if (tree.root() != head.root)
        return is_false("key_log_damaged", "its entries are not those that its key has signed");
    if (seen && root_then != seen->head.root) {
        return is_false("key_log_forked",
                        "its key has signed another history: the first " + entries_text(seen->head.size) +
                            " are not those that were there when it was last read",
                        checkpoint->text);
    }
    auto entries = understand(texts);
    if (!entries) return unexpected(entries.error());
    return LogView{std::move(*checkpoint), std::move(*entries)};
}

std::optional<NumberedEntry> last_word(const std::vector<KeyEntry>& entries, const HostPort& server, const Pin& pin) {
    for (std::size_t i = entries.size(); i > 0; --i) {
        const KeyEntry& entry = entries[i - 1];
        if (entry.pin == pin && entry.name.covers(server)) return NumberedEntry{i - 1, &entry};
    }
    return std::nullopt;
}

}  // namespace cotter::keylog
