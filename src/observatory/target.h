// Target: a server to look at, and lists of them as people write them: one a line, each written out. Nothing is made up
// beyond the list: no range, no network, no redirect (INVARIANT A232).
#pragma once

#include "stream/starttls_dialogue.h"

#include <cotter/error.h>
#include <cotter/host_name.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cotter::observatory {

/// Where a server listens when nobody says where.
inline constexpr std::uint16_t kUsualPort = 443;

struct Target {
    HostPort server;
    std::optional<stream::StartTls> start_tls{};  ///< what is talked over to TLS first
    std::optional<IpAddress> address{};  ///< this one of it, instead of whatever its name leads to; no list says it

    /// "HOST[:PORT] [PROTO]": PROTO is a word of --starttls; without PORT its usual one, else 443.
    [[nodiscard]] static Result<Target> parse(std::string_view text);
    [[nodiscard]] std::string to_string() const;  ///< "mail.example.org:25 smtp": always with the port
    /// "smtp"; empty without.
    [[nodiscard]] std::string start_tls_text() const;

    bool operator==(const Target&) const = default;
};

struct TargetList {
    std::vector<Target> targets;  ///< in their order, each once
    std::size_t repeated = 0;     ///< how many stood there more than once

    /// SHA-256 over all of them: by it an interrupted survey knows its list again.
    [[nodiscard]] std::array<std::byte, 32> digest() const;
};

/// Most servers of one list.
inline constexpr std::size_t kMostTargets = 1'000'000;

/// A target a line; what follows a # and empty lines don't count. One bad line refuses all, with its place.
[[nodiscard]] Result<TargetList> parse_targets(std::string_view text, const std::string& source);

/// The same from a file, or from standard input for "-".
[[nodiscard]] Result<TargetList> read_targets(const std::filesystem::path& path);

}  // namespace cotter::observatory
