// Stores for tests: an empty registry of each kind, opened as often as a test wants, and keys out of a number.
#pragma once

#include "registry/registry.h"

#include <filesystem>
#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

namespace cotter::registry::testing {

/// A folder of its own for one test, removed with all that is in it.
class Folder {
  public:
    Folder();
    ~Folder();
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

/// A kind of store: how a test names it, the URL of a new one in a folder, and where its files are then.
struct StoreKind {
    std::string name;
    std::string (*url)(const std::filesystem::path& folder);
    std::filesystem::path (*files)(const std::filesystem::path& folder);
};
/// How GoogleTest prints one.
void PrintTo(const StoreKind& kind, std::ostream* out);  // NOLINT(readability-identifier-naming): its name for it
[[nodiscard]] std::vector<StoreKind> all_stores();

[[nodiscard]] std::unique_ptr<Registry> open(const std::string& url);  ///< ends the test program if it can't
/// Whether the registry tells of a change, soon: some stores are told of other processes' commits a moment later.
[[nodiscard]] bool sees_change(Registry& registry);
[[nodiscard]] ClientName name_of(std::string_view text);

/// The pin whose 32 octets are all this one.
[[nodiscard]] Pin pin_of(std::uint8_t octet);
[[nodiscard]] x509::CanonicalKey canonical_of(std::uint8_t octet);
/// A key with that pin and canonical form, and no certificate.
[[nodiscard]] NewKey key_of(std::uint8_t octet);
/// The same with another pin: another encoding of the key.
[[nodiscard]] NewKey key_of(std::uint8_t octet, std::uint8_t pin_octet);

inline constexpr Time kNow{std::chrono::sys_days{std::chrono::year{2026} / 5 / 4}};
[[nodiscard]] Change by_admin(Time now = kNow);

}  // namespace cotter::registry::testing
