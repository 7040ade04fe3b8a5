// Peer text made safe for every sink (INVARIANTS A149, A150): no control characters, no invalid UTF-8, no bidirectional
// overrides leave here.
#pragma once

#include <string>
#include <string_view>

namespace cotter::text {

/// For terminals and log lines: C0, C1, DEL, bidirectional controls, line separators and invalid UTF-8 become \xNN or
/// \u{NNNN}; a backslash is doubled. At most `most` octets come out, and "…" after them where something was cut off.
[[nodiscard]] std::string escape(std::string_view text, std::size_t most = 1024);

/// The same for text that should have been escaped where it came in: what wasn't is now, and a backslash stays as it
/// is, so that nothing is escaped twice.
[[nodiscard]] std::string escape_remaining(std::string_view text, std::size_t most = 1024);

}  // namespace cotter::text
