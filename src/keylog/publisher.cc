// Checking what is there, and adding to it.
#include "keylog/publisher.h"

#include "identity/signing_key.h"
#include "keylog/layout.h"
#include "pin/digest.h"
#include "text/encoding.h"
#include "text/escape.h"
#include "x509/openssl.h"

#include <algorithm>
#include <system_error>

namespace cotter::keylog {
namespace {

constexpr std::size_t kHashOctets = std::tuple_size_v<audit::Hash>;

std::vector<std::string> texts_of(std::span<const KeyEntry> entries) {
    std::vector<std::string> texts;
    for (const KeyEntry& entry : entries) texts.push_back(entry.text());
    return texts;
}

/// The tree of these entries, from its first leaf on.
Result<audit::TiledTree> grow(std::span<const std::string> texts) {
    audit::TiledTree tree(0, [](audit::TileName) -> Result<ByteVector> { return ByteVector(); });
    for (const std::string& text : texts) {
        if (auto appended = tree.append(audit::leaf_hash(x509::as_bytes(text))); !appended)
            return unexpected(appended.error());
    }
    return tree;
}

Result<void> write_file(const std::filesystem::path& path, Bytes content) {
    if (auto made = files::make_public_folders(path.parent_path()); !made) return made;
    return files::write_public(path, content, files::Replace::kExisting);
}

}  // namespace

Result<audit::Verifier> verifier_of(EVP_PKEY* key) {
    const auto public_key = audit::ed25519_public_key(key);
    if (!public_key) return unexpected(public_key.error());
    return audit::Verifier::from("cotter-keys/" + text::hex(Bytes(sha256(*public_key)).first(8)), *public_key);
}

Reading<Publisher> Publisher::open(const identity::StateFolder& state, std::filesystem::path folder) {
    auto key = identity::signing_key(state.key_log_key_file(), state.path() / "key_log.key.lock");
    if (!key) return unreadable(key.error());
    auto verifier = verifier_of(key->get());
    if (!verifier) return unreadable(verifier.error());
    auto lock = files::Lock::take(state.path() / "key_log.lock");
    if (!lock) return unreadable(lock.error());
    Publisher publisher(std::move(*lock), std::move(*key), Memory(state, std::move(*verifier)), std::move(folder));
    const auto seen = publisher.memory_.seen();
    if (!seen) return unreadable(seen.error());
    if (!files::is_there(publisher.folder_ / kCheckpointPath)) {
        if (!*seen) return publisher;
        return is_false("key_log_gone", "no log is there, and one of " + std::to_string((*seen)->head.size) +
                                            " entries has been published with this key");
    }
    auto view = follow(*Source::at(Location::folder(publisher.folder_)), publisher.memory_);
    if (!view) return unexpected(view.error());
    publisher.before_ = std::move(view->checkpoint);
    publisher.entries_ = std::move(view->entries);
    if (auto checked = publisher.check_tiles(); !checked) return unexpected(checked.error());
    return publisher;
}

/// Clients of other makes go by the tiles.
Reading<void> Publisher::check_tiles() const {
    const auto tree = grow(texts_of(entries_));
    if (!tree) return unreadable(tree.error());
    for (const auto& [name, octets] : tree->changed()) {
        const std::string path = tile_path(name, octets.size() / kHashOctets);
        const auto there = files::read(folder_ / path, audit::kTileWidth * kHashOctets);
        if (!there) return unreadable(there.error());
        if (*there != octets) return is_false("key_log_damaged", text::escape(path) + " is not of the log's entries");
    }
    return {};
}

Result<void> Publisher::write_files(std::span<const std::string> texts) const {
    const auto tree = grow(texts);
    if (!tree) return unexpected(tree.error());
    for (std::uint64_t index = entries_.size() / audit::kTileWidth;; ++index) {
        const std::uint64_t count = audit::tile_count({0, index}, texts.size());
        if (count == 0) break;
        const ByteVector bundle = bundle_of(texts.subspan(index * audit::kTileWidth, count));
        if (auto written = write_file(folder_ / bundle_path(index, count), bundle); !written) return written;
    }
    for (const auto& [name, octets] : tree->changed()) {
        const std::uint64_t count = octets.size() / kHashOctets;
        if (audit::tile_count(name, entries_.size()) == count) continue;  // published already
        if (auto written = write_file(folder_ / tile_path(name, count), octets); !written) return written;
    }
    return {};
}

/// What has become whole is not needed in parts; who misses a part takes the whole (C2SP tlog-tiles, "Partial tiles").
void Publisher::remove_parts(std::uint64_t old_size, std::uint64_t size) const {
    std::error_code ignored;
    for (unsigned level = 0; level < 64 / audit::kTileHeight; ++level) {
        const std::uint64_t first = (old_size >> (level * audit::kTileHeight)) / audit::kTileWidth;
        const std::uint64_t end = (size >> (level * audit::kTileHeight)) / audit::kTileWidth;
        for (std::uint64_t index = first; index < end; ++index) {
            std::filesystem::remove_all(folder_ / (tile_path({level, index}, audit::kTileWidth) + ".p"), ignored);
            if (level == 0)
                std::filesystem::remove_all(folder_ / (bundle_path(index, audit::kTileWidth) + ".p"), ignored);
        }
    }
}

Reading<audit::SignedCheckpoint> Publisher::append(std::span<const KeyEntry> added) {
    std::vector<std::string> texts = texts_of(entries_);
    const std::uint64_t old_size = texts.size();
    for (const KeyEntry& entry : added) texts.push_back(entry.text());
    if (texts.size() > kMostEntries) {
        return unexpected<LogFault>(
            LogFault{LogFault::Kind::kUnreadable, "key_log_full",
                     "it would have more entries than clients read, " + std::to_string(kMostEntries)});
    }
    audit::Frontier tree;
    for (const std::string& text : texts) tree.append(audit::leaf_hash(x509::as_bytes(text)));
    auto checkpoint = audit::sign({key().name(), tree.size(), tree.root()}, key_.get());
    if (!checkpoint) return unreadable(checkpoint.error());
    if (auto written = write_files(texts); !written) return unreadable(written.error());
    if (auto written = write_file(folder_ / kCheckpointPath, x509::as_bytes(checkpoint->text)); !written)
        return unreadable(written.error());
    if (const auto kept = memory_.keep(before_, *checkpoint); !kept) return unreadable(kept.error());
    remove_parts(old_size, texts.size());
    entries_.insert(entries_.end(), added.begin(), added.end());
    before_ = *checkpoint;
    return std::move(*checkpoint);
}

std::optional<KeyEntry> due_entry(const std::vector<KeyEntry>& entries, Word word, const KeyName& name, const Pin& pin,
                                  Insist insist, x509::Time now) {
    const KeyEntry* last_of_key = nullptr;
    const KeyEntry* last_added = nullptr;
    for (const KeyEntry& entry : entries) {
        if (entry.name != name) continue;
        if (entry.pin == pin) last_of_key = &entry;
        if (entry.word == Word::kAdded) last_added = &entry;
    }
    const bool is_said = last_of_key != nullptr && last_of_key->word == word;
    if (is_said && (insist == Insist::kMissing || last_added == last_of_key)) return std::nullopt;
    return KeyEntry{word, name, pin, now};
}

}  // namespace cotter::keylog
