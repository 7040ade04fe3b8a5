// The four kinds of metadata of The Update Framework, specification 1.0: root, timestamp, snapshot, targets, as types.
// What is signed is kept as the octets of its canonical form as received, so that fields that nobody here knows are
// signed over, too. Whether the right keys have signed is verification.h.
#pragma once

#include "bundle/key.h"
#include "x509/certificate.h"

#include <cotter/bytes.h>
#include <cotter/error.h>

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cotter::bundle {

enum class Role : std::uint8_t { kRoot, kTargets, kSnapshot, kTimestamp };
inline constexpr std::array kRoles{Role::kRoot, Role::kTargets, Role::kSnapshot, Role::kTimestamp};
[[nodiscard]] std::string_view text_of(Role role);
[[nodiscard]] std::optional<Role> role_from(std::string_view text);

/// Who signs for a role.
struct RoleKeys {
    std::vector<std::string> key_ids;  ///< each once
    std::uint64_t threshold = 1;
};

/// What one file says of another. Hashes: "sha256" or "sha512", and their octets.
struct FileDescription {
    std::uint64_t version = 0;  ///< 0: of a target, which has none
    std::optional<std::uint64_t> length;
    std::map<std::string, ByteVector> hashes;
};

/// What every kind has.
struct Dated {
    std::uint64_t version = 0;
    x509::Time expires{};
};

struct Root : Dated {
    static constexpr Role kRole = Role::kRoot;
    bool consistent_snapshot = false;
    std::map<std::string, Key> keys;  ///< by the ids that the file gives them
    std::map<Role, RoleKeys> roles;   ///< all four
};

struct Timestamp : Dated {
    static constexpr Role kRole = Role::kTimestamp;
    FileDescription snapshot;
};

struct Snapshot : Dated {
    static constexpr Role kRole = Role::kSnapshot;
    std::map<std::string, FileDescription> files;  ///< "targets.json" is among them
};

struct Targets : Dated {
    static constexpr Role kRole = Role::kTargets;
    std::map<std::string, FileDescription> targets;  ///< each with length and a hash that is known here
    bool has_delegations = false;
};

struct Signature {
    std::string key_id;
    ByteVector octets;
};

template <class Content>
struct Signed {
    Content content;
    std::string canonical;              ///< what is signed
    std::vector<Signature> signatures;  ///< each id once
    formats::Document document;         ///< all of it, as received
};

/// Reads one file of that kind. Refused as malformed: what is no JSON or has a key twice, another `_type`, a
/// `spec_version` that doesn't begin with 1, a version or threshold of 0, an end that isn't RFC 3339 with Z, a role
/// without keys of its own, an id twice, a number that is not whole. `source` names it in errors.
template <class Content>
[[nodiscard]] Result<Signed<Content>> parse_metadata(std::string_view text, std::string_view source);

/// Whether a name of a target can be looked for: 1 to 256 octets, relative, no empty part, "." or "..", no control
/// character, backslash or percent sign.
[[nodiscard]] bool is_target_name(std::string_view name);

}  // namespace cotter::bundle
