// What a pinning failure is reported as: the JSON of RFC 7469, section 3, with the verdict added.
#pragma once

#include "trust/policy_set.h"
#include "trust/verdict.h"

#include <cotter/error.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cotter::formats {

struct HpkpReport {
    trust::Time at;        ///< date-time
    std::string hostname;  ///< as asked for
    std::uint16_t port = 0;
    std::optional<trust::Time> expires;  ///< effective-expiration-date; null where the policy has no end
    bool include_subdomains = false;
    std::string noted_hostname;          ///< name of the policy's entry
    std::vector<std::string> served;     ///< served-certificate-chain: PEM, as presented
    std::vector<std::string> validated;  ///< validated-certificate-chain: PEM, as verified; empty where none was
    /// known-pins: `pin-sha256="…"` for the SHA-256 of a key (RFC 7469, 2.1), else the pin's canonical text.
    std::vector<std::string> known_pins;
    // What RFC 7469 doesn't have.
    std::string verdict;                                       ///< "refused" or "reported"
    std::string trust;                                         ///< "chain+pins"
    std::vector<std::pair<std::string, std::string>> reasons;  ///< code and message
    std::string connection;                                    ///< its short id, as in the log; may be empty
    bool operator==(const HpkpReport&) const = default;
};

/// The report of a verdict on `host` by `policy` at that time. `noted`: whom the policy's entry is for; null: the call
/// gave the pins, for that host alone.
[[nodiscard]] HpkpReport report_of(const trust::Verdict& verdict, const HostPort& host, const trust::HostPattern* noted,
                                   const trust::ServerPolicy& policy, trust::Time at, std::string connection = {});

/// One JSON object in one line, without a newline.
[[nodiscard]] std::string to_json(const HpkpReport& report);

/// Reads such an object, strictly: every key of RFC 7469 with its type; our own keys may be missing, others are
/// ignored. parse_hpkp_report(to_json(report)) gives an equal report.
[[nodiscard]] Result<HpkpReport> parse_hpkp_report(std::string_view text);

}  // namespace cotter::formats
