// The known_hosts file of GnuTLS (gnutls_store_pubkey, gnutls_store_commitment; gnutls-cli --tofu): keys by host and
// service.
#pragma once

#include "formats/format.h"

namespace cotter::formats {

/// Reads `|g0|host|service|expiry|base64 of the key` and `|c0|host|service|expiry|algorithm|hex of its digest`; empty
/// lines and # lines are passed over. The expiry is seconds since 1970, 0 for never; the algorithm 6 (SHA-256), 7
/// (SHA-384) or 8 (SHA-512): SHA-1 and MD5 are refused. A service is a port or a name such as https; * is every port,
/// and its keys count for each single port, too. A host that begins with * is any host to GnuTLS, which no entry says:
/// it is left out, with a Loss.
[[nodiscard]] Result<Imported> import_gnutls(std::string_view text, const ImportContext& context);

/// One line a pin. A wildcard is an Error, since GnuTLS would take it for any host.
[[nodiscard]] Result<Exported> export_gnutls(const std::vector<trust::PolicyEntry>& entries, trust::Time now);

}  // namespace cotter::formats
