// The owner's files.
#include "bundle/published_folder.h"

#include "bundle/updater.h"
#include "bundle/verification.h"
#include "files/files.h"
#include "pin/digest.h"
#include "text/encoding.h"
#include "text/escape.h"
#include "x509/openssl.h"

#include <charconv>

namespace cotter::bundle {
namespace {

std::string metadata_file_name(Role role, std::uint64_t version) {
    const std::string name = std::string(text_of(role)) + ".json";
    return role == Role::kTimestamp ? name : std::to_string(version) + "." + name;
}

Result<void> make_folder(const std::filesystem::path& path) {
    std::error_code fault;
    std::filesystem::create_directories(path, fault);
    if (!fault) return {};
    return failed("bundle_folder", "making the folder " + text::escape(path.string()), fault.message(),
                  "check that it may be made there");
}

/// The number of "7.root.json"; nothing for another name.
std::optional<std::uint64_t> root_version(const std::string& name) {
    std::uint64_t version = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), version);
    const bool is_root = parsed.ec == std::errc() && name == std::to_string(version) + ".root.json";
    return is_root ? std::optional(version) : std::nullopt;
}

}  // namespace

std::filesystem::path PublishedFolder::root_file(std::uint64_t version) const {
    return path_ / "metadata" / metadata_file_name(Role::kRoot, version);
}

std::filesystem::path PublishedFolder::staged_file(Role role) const {
    return path_ / "staged" / (std::string(text_of(role)) + ".json");
}

Result<void> PublishedFolder::make() const {
    for (const char* const name : {"metadata", "targets", "staged"}) {
        if (auto made = make_folder(path_ / name); !made) return made;
    }
    return {};
}

template <class Content>
Result<std::optional<MetadataFile<Content>>> PublishedFolder::read(const std::filesystem::path& file) const {
    if (!files::is_there(file)) return std::nullopt;
    const auto octets = files::read(file, kMostTargets);
    if (!octets) return unexpected(octets.error());
    std::string text = text::of_octets(*octets);
    auto parsed = parse_metadata<Content>(text, file.string());
    if (!parsed) return unexpected(parsed.error());
    return MetadataFile<Content>{std::move(text), std::move(*parsed)};
}

Result<std::optional<MetadataFile<Root>>> PublishedFolder::root() const {
    std::uint64_t newest = 0;
    std::error_code fault;
    for (const auto& entry : std::filesystem::directory_iterator(path_ / "metadata", fault))
        newest = std::max(newest, root_version(entry.path().filename().string()).value_or(0));
    if (newest == 0) return std::nullopt;
    auto root = read<Root>(root_file(newest));
    if (!root || !*root) return root;
    const Signed<Root>& file = (*root)->file;
    if (auto is_signed = check_signatures(file.content, file, root_file(newest).string()); !is_signed)
        return unexpected(is_signed.error());
    if (!file.content.consistent_snapshot) {
        return failed("bundle_foreign", "opening the bundle " + text::escape(path_.string()),
                      "its files have no versions in their names, as another program writes them",
                      "go on with the program that made it");
    }
    return root;
}

Result<std::optional<MetadataFile<Timestamp>>> PublishedFolder::timestamp() const {
    return read<Timestamp>(path_ / "metadata" / "timestamp.json");
}

Result<std::optional<MetadataFile<Snapshot>>> PublishedFolder::snapshot() const {
    const auto announced = timestamp();
    if (!announced) return unexpected(announced.error());
    if (!*announced) return std::nullopt;
    const std::uint64_t version = (*announced)->file.content.snapshot.version;
    return read<Snapshot>(path_ / "metadata" / metadata_file_name(Role::kSnapshot, version));
}

Result<std::optional<MetadataFile<Targets>>> PublishedFolder::targets() const {
    const auto announced = snapshot();
    if (!announced) return unexpected(announced.error());
    if (!*announced) return std::nullopt;
    const std::uint64_t version = (*announced)->file.content.files.at("targets.json").version;
    return read<Targets>(path_ / "metadata" / metadata_file_name(Role::kTargets, version));
}

template <class Content>
Result<std::optional<MetadataFile<Content>>> PublishedFolder::staged() const {
    return read<Content>(staged_file(Content::kRole));
}
template Result<std::optional<MetadataFile<Root>>> PublishedFolder::staged<Root>() const;
template Result<std::optional<MetadataFile<Targets>>> PublishedFolder::staged<Targets>() const;

Result<void> PublishedFolder::stage(Role role, std::string_view text) const {
    return files::write_public(staged_file(role), x509::as_bytes(text), files::Replace::kExisting);
}

Result<void> PublishedFolder::unstage(Role role) const {
    return files::remove(staged_file(role));
}

Result<void> PublishedFolder::publish(Role role, std::uint64_t version, std::string_view text) const {
    // What an interrupted publication left under that name was announced to nobody.
    const auto replace = role == Role::kRoot ? files::Replace::kNever : files::Replace::kExisting;
    return files::write_public(path_ / "metadata" / metadata_file_name(role, version), x509::as_bytes(text), replace);
}

Result<void> PublishedFolder::add_target(const std::string& name, std::string_view content) const {
    const std::filesystem::path plain = path_ / "targets" / name;
    if (auto made = make_folder(plain.parent_path()); !made) return made;
    const std::string hash = text::hex(sha256(x509::as_bytes(content)));
    return files::write_public(plain.parent_path() / (hash + "." + plain.filename().string()), x509::as_bytes(content),
                               files::Replace::kExisting);
}

}  // namespace cotter::bundle
