// OpenVPN's peer-fingerprint (openvpn(8), "--peer-fingerprint"): SHA-256 of the peer's own certificate in hex, as an
// option's value or a list in the text of the configuration. With a `ca` beside it the chain must hold, too.
#pragma once

#include "formats/format.h"

namespace cotter::formats {

/// Reads a whole configuration or only its <peer-fingerprint> block. `context.host` is needed.
[[nodiscard]] Result<Imported> import_openvpn(std::string_view text, const ImportContext& context);

/// A <peer-fingerprint> block, of one entry.
[[nodiscard]] Result<Exported> export_openvpn(const std::vector<trust::PolicyEntry>& entries, trust::Time now);

}  // namespace cotter::formats
