// Peer text made safe for every sink (INVARIANTS A149, A150): no control characters, no invalid UTF-8, no bidirectional
// overrides leave here.
#pragma once

#include <string>
#include <string_view>

namespace cotter::text {

/// For terminals and log lines: C0, C1, DEL, bidirectional controls, line separators and invalid UTF-8 become \xNN or
/// \u{NNNN}; a backslash is doubled. At most `most` octets come out, and "…" after them where something was cut off.
[[nodiscard]] std::string escape(std::string_view text, std::size_t most = 1024);

}  // namespace cotter::text
