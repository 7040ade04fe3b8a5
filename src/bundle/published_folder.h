// PublishedFolder: a bundle as its owner has it, in a folder that any web server can serve as it is: metadata/ and
// targets/. What too few have signed yet waits in staged/, which nobody needs to be shown.
#pragma once

#include "bundle/metadata.h"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace cotter::bundle {

/// One file of metadata with its text.
template <class Content>
struct MetadataFile {
    std::string text;
    Signed<Content> file;
};

class PublishedFolder {
  public:
    explicit PublishedFolder(std::filesystem::path path) : path_(std::move(path)) {}

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    [[nodiscard]] std::filesystem::path root_file(std::uint64_t version) const;
    [[nodiscard]] std::filesystem::path lock_file() const { return path_ / ".lock"; }

    /// Makes what is missing of metadata/, targets/ and staged/.
    [[nodiscard]] Result<void> make() const;

    /// The newest root; nothing where none is published. Refused where it isn't signed as it should be, and where its
    /// files have no version in their names, which this cotter doesn't write.
    [[nodiscard]] Result<std::optional<MetadataFile<Root>>> root() const;
    /// What is announced now; nothing where none is published. Whether it is signed by today's keys is not asked.
    [[nodiscard]] Result<std::optional<MetadataFile<Timestamp>>> timestamp() const;
    [[nodiscard]] Result<std::optional<MetadataFile<Snapshot>>> snapshot() const;
    [[nodiscard]] Result<std::optional<MetadataFile<Targets>>> targets() const;

    template <class Content>
    [[nodiscard]] Result<std::optional<MetadataFile<Content>>> staged() const;
    [[nodiscard]] Result<void> stage(Role role, std::string_view text) const;
    [[nodiscard]] Result<void> unstage(Role role) const;

    /// Writes "metadata/VERSION.ROLE.json", or "metadata/timestamp.json".
    [[nodiscard]] Result<void> publish(Role role, std::uint64_t version, std::string_view text) const;
    /// Writes "targets/HASH.NAME".
    [[nodiscard]] Result<void> add_target(const std::string& name, std::string_view content) const;

  private:
    [[nodiscard]] std::filesystem::path staged_file(Role role) const;
    template <class Content>
    [[nodiscard]] Result<std::optional<MetadataFile<Content>>> read(const std::filesystem::path& file) const;
    std::filesystem::path path_;
};

}  // namespace cotter::bundle
