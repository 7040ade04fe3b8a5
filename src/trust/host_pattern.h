// HostPattern: which hosts an entry of a policy is about, and whether it is about a given host at all.
#pragma once

#include <cotter/error.h>
#include <cotter/host_name.h>

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cotter::trust {

/// How a pattern reaches hosts, the most specific first (INTERFACE 6).
enum class Reach : std::uint8_t {
    kExact,      ///< the name or address itself
    kOneLabel,   ///< "*.example.com": exactly one more label
    kSubdomain,  ///< any depth below the name, on label boundaries
};

class HostPattern {
  public:
    /// Reads "db.example.com", an address literal, or "*.example.com". `include_subdomains` covers, besides the name
    /// itself, every name below it; it is refused for an address and for a wildcard. `port`: none covers every port.
    [[nodiscard]] static Result<HostPattern> parse(std::string_view name, std::optional<std::uint16_t> port,
                                                   bool include_subdomains);

    [[nodiscard]] const HostName& base() const { return base_; }  ///< of a wildcard what follows the star
    [[nodiscard]] std::optional<std::uint16_t> port() const { return port_; }
    [[nodiscard]] bool is_wildcard() const { return is_wildcard_; }
    [[nodiscard]] bool includes_subdomains() const { return includes_subdomains_; }

    /// How it reaches that host and port; nothing if it doesn't (INVARIANTS A65, A66).
    [[nodiscard]] std::optional<Reach> reaches(const HostPort& host) const;

    [[nodiscard]] std::string to_string() const;  ///< "*.example.com:5432"

    bool operator==(const HostPattern&) const = default;

  private:
    HostPattern(HostName base, std::optional<std::uint16_t> port, bool is_wildcard, bool includes_subdomains)
        : base_(std::move(base)), port_(port), is_wildcard_(is_wildcard), includes_subdomains_(includes_subdomains) {}

    HostName base_;
    std::optional<std::uint16_t> port_;
    bool is_wildcard_ = false;
    bool includes_subdomains_ = false;
};

}  // namespace cotter::trust
