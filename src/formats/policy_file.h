// policy.toml: cotter's own policy file (INTERFACE 6), read whole or not at all.
#pragma once

#include "trust/policy_set.h"

#include <cotter/error.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace cotter::formats {

/// Whether pins may be those of other files (`file:`, `cert:file:`), or the policy must say all itself.
enum class FilePins : std::uint8_t { kFollow, kRefuse };

/// Reads the text of a policy file. `source` names it in errors, which have line and column; a relative `file:` pin is
/// looked for in `folder`. Refused: anything that is not TOML 1.0, an unknown key, an unknown `version`, a value of
/// another type, a date without a zone, two equal entries, one bad pin, `mode = "report"` without an end, a proxy's pin
/// without approver and end (INVARIANTS A10, A11, A55–A58, A63, A64, A69).
[[nodiscard]] Result<trust::PolicySet> parse_policy(std::string_view text, std::string_view source,
                                                    const std::filesystem::path& folder,
                                                    FilePins file_pins = FilePins::kFollow);

/// The same of a file. A missing or unreadable one is an Error: who names a policy wants it.
[[nodiscard]] Result<trust::PolicySet> read_policy(const std::filesystem::path& path);

}  // namespace cotter::formats
