// The argument of curl's --pinnedpubkey: SHA-256 digests of keys, and nothing else.
#pragma once

#include "formats/format.h"

namespace cotter::formats {

/// Reads `sha256//BASE64`, several joined by `;`, as the argument alone or as `--pinnedpubkey ARGUMENT` with or without
/// shell quotes, and in curl's own configuration file (`pinnedpubkey = "…"`). The host is context.host. curl compares
/// with the server's own key; whether a chain is asked for besides is said elsewhere (-k), and is asked for here. A
/// file of a key, which curl takes too, is not read: `cotter pin FILE` prints its pin.
[[nodiscard]] Result<Imported> import_curl(std::string_view text, const ImportContext& context);

/// The argument, in one line.
[[nodiscard]] Result<Exported> export_curl(const std::vector<trust::PolicyEntry>& entries, trust::Time now);

}  // namespace cotter::formats
