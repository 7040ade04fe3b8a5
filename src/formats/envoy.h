// Envoy's CertificateValidationContext (its API, "extensions/transport_sockets/tls", v3, and "auth", v2), in YAML or
// JSON: verify_certificate_spki (base64 SHA-256 of the SubjectPublicKeyInfo) or verify_certificate_hash (hex SHA-256 of
// the certificate), of the peer's own certificate, and besides them a chain to trusted_ca where there is one.
#pragma once

#include "formats/format.h"

namespace cotter::formats {

/// Reads a whole configuration or only the context; Istio's camelCase, too. `context.host` is needed; more than one
/// context with pins is refused.
[[nodiscard]] Result<Imported> import_envoy(std::string_view text, const ImportContext& context);

/// A validation_context in YAML, of one entry. Under chain+pins it names Debian's trust store and the host.
[[nodiscard]] Result<Exported> export_envoy(const std::vector<trust::PolicyEntry>& entries, trust::Time now);

}  // namespace cotter::formats
