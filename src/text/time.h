// RFC 3339 times and durations such as 10s, 5m, 1h, 30d, as text.
#pragma once

#include <cotter/error.h>

#include <chrono>
#include <string>
#include <string_view>

namespace cotter::text {

/// RFC 3339 with a zone (Z or ±hh:mm); fractions are cut. Anything else, and years outside 1970–9999, is refused.
[[nodiscard]] Result<std::chrono::sys_seconds> parse_rfc3339(std::string_view text);
[[nodiscard]] std::string rfc3339(std::chrono::sys_seconds time);  ///< in UTC, with Z

/// "250ms", "10s", "5m", "2h", "30d"; a bare number is refused, so are 0, negatives and overflow.
/// "off" gives milliseconds::max().
[[nodiscard]] Result<std::chrono::milliseconds> parse_duration(std::string_view text);

/// A time given to a command: RFC 3339, or a duration from `now`.
[[nodiscard]] Result<std::chrono::sys_seconds> parse_when(std::string_view text, std::chrono::sys_seconds now);

/// The same for what has been: RFC 3339, or a duration before `now`.
[[nodiscard]] Result<std::chrono::sys_seconds> parse_since(std::string_view text, std::chrono::sys_seconds now);

/// "3 h ago", "in 2 d", for people.
[[nodiscard]] std::string relative(std::chrono::sys_seconds time, std::chrono::sys_seconds now);

}  // namespace cotter::text
