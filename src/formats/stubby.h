// stubby's upstream_recursive_servers with tls_pubkey_pinset (stubby.yml.example): base64 SHA-256 of the
// SubjectPublicKeyInfo. getdns makes TLSA records 2 1 1 and 3 1 1 of each, so a pin is of the server's own key, or of
// an issuer as the only trust anchor: trust = "pins", match = "any".
#pragma once

#include "formats/format.h"

namespace cotter::formats {

/// Reads stubby.yml. Each upstream is known by its address and port, and an upstream without pins is left out.
[[nodiscard]] Result<Imported> import_stubby(std::string_view text, const ImportContext& context);

/// The list of upstreams. An entry for a name is an Error: stubby goes to addresses.
[[nodiscard]] Result<Exported> export_stubby(const std::vector<trust::PolicyEntry>& entries, trust::Time now);

}  // namespace cotter::formats
