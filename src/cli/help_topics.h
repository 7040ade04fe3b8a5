// The topics of `cotter help TOPIC`: what more than one command needs explained.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace cotter::cli {

/// Options of these groups are only named in a command's help: the topic of the same name, in small letters, explains
/// them.
inline constexpr std::string_view kEvidenceGroup = "Evidence";
inline constexpr std::string_view kRulesGroup = "Rules";
inline constexpr std::string_view kKeysGroup = "Keys";
inline constexpr std::string_view kOperationGroup = "Operation";

struct HelpTopic {
    std::string_view name;
    std::string_view text;  ///< one screen
};

[[nodiscard]] std::span<const HelpTopic> help_topics();
[[nodiscard]] std::optional<std::string_view> topic_text(std::string_view name);
[[nodiscard]] std::string topic_names();  ///< "pins, trust, evidence"

}  // namespace cotter::cli
