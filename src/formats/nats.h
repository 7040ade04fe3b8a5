// NATS' pinned_certs (its documentation, "TLS", "Certificate pinning"): hex SHA-256 of the SubjectPublicKeyInfo of the
// peer's own certificate, in a tls block. The chain is verified besides.
#pragma once

#include "formats/format.h"

namespace cotter::formats {

/// Reads a whole configuration or only the list. `context.host` is needed; more than one list is refused.
[[nodiscard]] Result<Imported> import_nats(std::string_view text, const ImportContext& context);

/// The list, of one entry.
[[nodiscard]] Result<Exported> export_nats(const std::vector<trust::PolicyEntry>& entries, trust::Time now);

}  // namespace cotter::formats
