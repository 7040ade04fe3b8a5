// ClientRules: what a client may do besides being admitted: which services it may reach, from where and when, with how
// many streams at once and how fast. Parsed once; kept in the registry for one client, or in a configuration file for
// all clients of one service.
#pragma once

#include "trust/network.h"
#include "trust/weekly_hours.h"

#include <cotter/error.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cotter::trust {

/// Rules as texts of flags, or of keys in a file; what is empty bounds nothing.
struct RuleTexts {
    std::vector<std::string> services{};
    std::vector<std::string> from{};
    std::vector<std::string> hours{};
    std::string max_streams{};
    std::string rate{};
};

struct ClientRules {
    /// Names of services; empty: every one. A server that was started by flags has one service without a name, which
    /// no rule can name: who is bound to services doesn't get in there.
    std::vector<std::string> services{};
    /// Empty: from everywhere. Who comes by a UNIX socket has no address, and is in no network.
    std::vector<Network> from{};
    std::vector<WeeklyHours> hours{};            ///< empty: always
    std::optional<std::uint32_t> max_streams{};  ///< at once, on one server
    std::optional<std::uint64_t> rate{};         ///< octets a second, each way, of all its streams on one server

    /// An Error names the text that can't be read; nothing is left out.
    [[nodiscard]] static Result<ClientRules> parse(const RuleTexts& texts);

    /// One text for one meaning: a line for each rule, as in "from 192.0.2.0/24"; empty where there are no rules.
    [[nodiscard]] std::string to_text() const;
    /// Reads what to_text() wrote. An unknown word is an Error: a rule of a newer program is not to be left out.
    [[nodiscard]] static Result<ClientRules> parse_text(std::string_view text);

    /// Nothing is bounded.
    [[nodiscard]] bool is_empty() const { return *this == ClientRules{}; }
    bool operator==(const ClientRules&) const = default;
};

/// "64k", "1M", "2G" or a number of octets a second, at least 1024: k is 1024.
[[nodiscard]] Result<std::uint64_t> parse_rate(std::string_view text);
/// "1M", or the number where no unit is exact.
[[nodiscard]] std::string rate_text(std::uint64_t octets_a_second);

}  // namespace cotter::trust
