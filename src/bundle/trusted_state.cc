// The file: one JSON document, whose texts are metadata as it was received.
#include "bundle/trusted_state.h"

#include "bundle/canonical_json.h"
#include "files/files.h"
#include "pin/digest.h"
#include "text/encoding.h"
#include "text/escape.h"
#include "text/time.h"
#include "x509/openssl.h"

#include <algorithm>

namespace cotter::bundle {
namespace {

using formats::Document;

constexpr std::uint64_t kFileVersion = 1;
constexpr std::size_t kMostFile = files::kMostBytes;

Document document_of(const Kept& kept) {
    const Accepted& accepted = kept.trusted.accepted;
    Document files = json_object({});
    // A target may be any octets.
    for (const auto& [name, content] : accepted.files)
        set_member(files, name, json_string(text::base64(x509::as_bytes(content))));
    Document document = json_object({{"version", json_number(kFileVersion)},
                                     {"location", json_string(kept.location)},
                                     {"anchor", json_string(kept.anchor)},
                                     {"root", json_string(kept.trusted.root)},
                                     {"timestamp", json_string(kept.trusted.timestamp)},
                                     {"snapshot", json_string(kept.trusted.snapshot)},
                                     {"targets", json_string(kept.trusted.targets)}});
    if (kept.checked) set_member(document, "checked", json_string(text::rfc3339(*kept.checked)));
    // Mostly the newest is what is used, and stands here once.
    Document used = json_object({{"files", std::move(files)}});
    const auto add_other = [&](std::string_view key, const std::string& own, const std::string& newest) {
        if (own != newest) set_member(used, key, json_string(own));
    };
    add_other("timestamp", accepted.timestamp, kept.trusted.timestamp);
    add_other("snapshot", accepted.snapshot, kept.trusted.snapshot);
    add_other("targets", accepted.targets, kept.trusted.targets);
    set_member(document, "used", std::move(used));
    return document;
}

unexpected<Error> broken(const std::filesystem::path& file, const std::string& why) {
    return failed("bundle_state", "reading what is kept of a bundle in " + text::escape(file.string()), why,
                  "bring the file back from a backup; removing it gives up what protects from old copies, and needs "
                  "--bundle-root again");
}

Result<Kept> kept_of(const Document& document, const std::filesystem::path& file) {
    const std::string source = file.string();
    if (!document.is_map()) return broken(file, "it is no object");
    formats::Fields fields(document, source);
    const Document* const version = fields.any("version");
    if (version == nullptr || whole_number(*version) != kFileVersion)
        return broken(file, "it is not of version 1: a later cotter wrote it");
    Kept kept;
    std::string checked;
    bool is_whole = true;
    const auto take = [&](formats::Fields& from, std::string_view key, std::string& into) {
        const auto text = from.text(key);
        is_whole = is_whole && text;
        if (text && *text) into = **text;
    };
    take(fields, "location", kept.location);
    take(fields, "anchor", kept.anchor);
    take(fields, "root", kept.trusted.root);
    take(fields, "timestamp", kept.trusted.timestamp);
    take(fields, "snapshot", kept.trusted.snapshot);
    take(fields, "targets", kept.trusted.targets);
    take(fields, "checked", checked);
    const auto used = fields.map("used");
    is_whole = is_whole && used && *used != nullptr && !kept.trusted.root.empty() && !kept.anchor.empty();
    if (!is_whole) return broken(file, "a part of it is missing, or of another kind");
    formats::Fields inner(**used, source);
    Accepted& accepted = kept.trusted.accepted;
    accepted = {kept.trusted.timestamp, kept.trusted.snapshot, kept.trusted.targets, {}};
    take(inner, "timestamp", accepted.timestamp);
    take(inner, "snapshot", accepted.snapshot);
    take(inner, "targets", accepted.targets);
    const auto files = inner.map("files");
    if (!is_whole || !files || *files == nullptr) return broken(file, "what it says of the files in use is not whole");
    for (std::size_t i = 0; i < (*files)->keys.size(); ++i) {
        const std::string& encoded = (*files)->items[i].text;
        const auto octets = encoded.empty() ? ByteVector() : text::octets_of_base64(encoded);
        if (!octets) return broken(file, "a file in it is not base64");
        accepted.files.emplace((*files)->keys[i], text::of_octets(*octets));
    }
    if (!checked.empty()) {
        const auto time = text::parse_rfc3339(checked);
        if (!time) return broken(file, "its time is none");
        kept.checked = *time;
    }
    return kept;
}

Result<Kept> read(const std::filesystem::path& file) {
    const auto content = files::read_private(file, kMostFile);
    if (!content) return unexpected(content.error());
    const auto document = formats::read_json(text::of_octets(*content), file.string());
    if (!document) return broken(file, document.error().why);
    return kept_of(*document, file);
}

bool trusts_the_same(const std::optional<Kept>& one, const std::optional<Kept>& other) {
    if (!one || !other) return !one && !other;
    return one->trusted == other->trusted;
}

/// Many connections a minute need not all be written down.
bool is_recent(const Kept& present, const Kept& after) {
    constexpr std::chrono::minutes kOften{1};
    if (!after.checked) return true;
    return present.checked && *present.checked <= *after.checked && *after.checked - *present.checked < kOften;
}

}  // namespace

TrustedState::TrustedState(const std::filesystem::path& folder, const Location& location)
    : folder_(folder),
      file_(folder / (text::hex(Bytes(sha256(x509::as_bytes(location.text()))).first(16)) + ".bundle")) {}

Result<std::optional<Kept>> TrustedState::load() const {
    if (!files::is_there(file_)) return std::nullopt;
    auto kept = read(file_);
    if (!kept) return unexpected(kept.error());
    return std::move(*kept);
}

Result<bool> TrustedState::replace(const std::optional<Kept>& before, const Kept& after) const {
    if (auto made = files::make_private_folder(folder_); !made) return unexpected(made.error());
    const auto lock = files::Lock::take(file_.string() + ".lock");
    if (!lock) return unexpected(lock.error());
    const auto present = load();
    if (!present) return unexpected(present.error());
    if (!trusts_the_same(*present, before) && !trusts_the_same(*present, after)) return false;
    if (trusts_the_same(*present, after) && is_recent(**present, after)) return true;
    const std::string text = json_text(document_of(after));
    if (text.size() > kMostFile)
        return failed("bundle_state", "keeping the bundle " + text::escape(after.location, 300), "it is too large");
    if (auto written = files::write_private(file_, x509::as_bytes(text), files::Replace::kExisting); !written)
        return unexpected(written.error());
    return true;
}

Result<std::vector<Kept>> TrustedState::all_in(const std::filesystem::path& folder) {
    std::vector<Kept> all;
    std::error_code fault;
    for (const auto& entry : std::filesystem::directory_iterator(folder, fault)) {
        if (entry.path().extension() != ".bundle") continue;
        auto kept = read(entry.path());
        if (!kept) return unexpected(kept.error());
        all.push_back(std::move(*kept));
    }
    if (fault && fault != std::errc::no_such_file_or_directory)
        return failed("bundle_state", "looking into " + text::escape(folder.string()), fault.message());
    std::ranges::sort(all, {}, &Kept::location);
    return all;
}

}  // namespace cotter::bundle
