// Entries as the tests of formats write and compare them.
#pragma once

#include "formats/format.h"
#include "text/time.h"

#include <stdexcept>
#include <string>
#include <vector>

namespace cotter::formats::testing {

inline const std::string kDigestA = "I/QFJnhfvDsx+WI+EL2e0LJJ/L3+bENBrjH/Uxdi55s=";
inline const std::string kDigestB = "yLNyDVTZDkTVbzZWPmnzZxj5gE9xzFdyUOW5GeIPvGU=";
inline const std::string kDigestC = "YLh1dUR9y6Kja30RrAn7JKnbQG/uEtLMkBgFF2Fuihg=";
/// Its base64 begins with a slash, and so looks like curl's spelling after "sha256/".
inline const std::string kDigestSlash = "/4bO5CfWjXpvaqHoVnxmF/l/YuGSW+xHUH9SKVpdGWQ=";
inline const std::string kPinA = "sha256/" + kDigestA;
inline const std::string kPinB = "sha256/" + kDigestB;
inline const std::string kPinC = "sha256/" + kDigestC;

/// 2026-11-24T12:00:00Z.
inline constexpr trust::Time kNow = std::chrono::sys_days(std::chrono::year{2026} / 11 / 24) + std::chrono::hours(12);

[[nodiscard]] inline Pin pin(const std::string& text) {
    auto parsed = Pin::parse(text);
    if (!parsed) throw std::invalid_argument(parsed.error().why);
    return *parsed;
}

/// An entry of pins alone, without end.
[[nodiscard]] inline trust::PolicyEntry entry(const std::string& host, const std::vector<std::string>& pins,
                                              trust::TrustMode mode = trust::TrustMode::kPins,
                                              trust::Match match = trust::Match::kLeaf) {
    const std::size_t colon = host.find(':');
    std::optional<std::uint16_t> port;
    if (colon != std::string::npos) port = static_cast<std::uint16_t>(std::stoi(host.substr(colon + 1)));
    auto pattern = trust::HostPattern::parse(host.substr(0, colon), port, false);
    if (!pattern) throw std::invalid_argument(pattern.error().why);
    trust::PolicyEntry result{*pattern, {}};
    result.policy.trust = mode;
    result.policy.match = match;
    for (const std::string& text : pins)
        result.policy.pins.push_back({pin(text), trust::PinRole::kPrimary, {}, std::nullopt, {}});
    return result;
}

/// All that an entry says, as text: what two equal entries have in common, and what differs is seen in a failed test.
[[nodiscard]] inline std::string told(const trust::PolicyEntry& entry) {
    const trust::ServerPolicy& policy = entry.policy;
    const auto when = [](const std::optional<trust::Time>& time) { return time ? text::rfc3339(*time) : "never"; };
    const auto number = [](auto value) { return std::to_string(static_cast<int>(value)); };
    std::string result = entry.host.to_string() + (entry.host.includes_subdomains() ? " and below" : "") + "; " +
                         std::string(trust::text_of(policy.trust)) + ", " + std::string(trust::text_of(policy.match)) +
                         ", mode " + number(policy.mode) + ", ends " + when(policy.expires) + " then " +
                         number(policy.on_expiry) + (policy.require_backup ? ", with a backup" : "") + ";";
    for (const trust::PolicyPin& one : policy.pins) {
        result += " " + one.pin.to_string() + " " + number(one.role) + " '" + one.label + "' " + when(one.expires) +
                  " '" + one.approved_by + "',";
    }
    for (const Pin& denied : policy.deny) result += " not " + denied.to_string();
    return result;
}

[[nodiscard]] inline std::vector<std::string> told(const std::vector<trust::PolicyEntry>& entries) {
    std::vector<std::string> result;
    for (const trust::PolicyEntry& entry : entries) result.push_back(told(entry));
    return result;
}

[[nodiscard]] inline std::vector<std::string> codes(const std::vector<Loss>& lost) {
    std::vector<std::string> result;
    for (const Loss& loss : lost) result.push_back(loss.code);
    return result;
}

}  // namespace cotter::formats::testing
