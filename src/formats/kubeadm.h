// kubeadm's pins of a cluster's CA (kubeadm-join, "--discovery-token-ca-cert-hash"): sha256: and hex of the
// SubjectPublicKeyInfo. The CA is the only trust anchor: trust = "pins", match = "issuer".
#pragma once

#include "formats/format.h"

namespace cotter::formats {

/// Reads a `kubeadm join` line, a bare list of values, or a JoinConfiguration in YAML. The host is `context.host`, else
/// the API server that the text names. No error shows the text, which may hold a token.
[[nodiscard]] Result<Imported> import_kubeadm(std::string_view text, const ImportContext& context);

/// One option a line, of one entry.
[[nodiscard]] Result<Exported> export_kubeadm(const std::vector<trust::PolicyEntry>& entries, trust::Time now);

}  // namespace cotter::formats
