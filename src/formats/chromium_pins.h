// The .pins half of Chromium's pin list: named keys, and when the list was made.
#pragma once

#include "formats/format.h"

#include <cotter/pin.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace cotter::formats {

/// How long Chromium looks at pins after the list's timestamp (TransportSecurityState::IsStaticPKPListTimely).
inline constexpr std::chrono::days kChromiumPinsLast{70};
inline constexpr std::string_view kChromiumTimestamp = "PinsListTimestamp";

struct ChromiumPins {
    /// By name. Nothing: the all-zero placeholder of Chromium's own tests, which no key has.
    std::unordered_map<std::string, std::optional<Pin>> keys;
    trust::Time timestamp;
};

/// Reads the text: names, each followed by sha256/BASE64 or by a CERTIFICATE or PUBLIC KEY in PEM, comments that begin
/// with #, and exactly one timestamp. `source` names it in errors. Refused: CRLF, a name twice, and what its own reader
/// refuses; but names are not compared with certificates' subjects.
[[nodiscard]] Result<ChromiumPins> read_chromium_pins(std::string_view text, std::string_view source);

/// Whether the .pins may hold it as the name of a key: [A-Z][A-Za-z0-9_]*, but not that of the timestamp.
[[nodiscard]] bool is_chromium_name(std::string_view name);

}  // namespace cotter::formats
