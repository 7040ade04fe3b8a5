// Lint: what RFC 5280 and good practice ask of certificates and CRLs that we sign, found in the octets alone, without
// OpenSSL. For tests: what an authority makes has no findings, and each rule finds something in what breaks it.
#pragma once

#include "x509/certificate.h"

#include <cotter/bytes.h>

#include <optional>
#include <string>
#include <vector>

namespace cotter::x509::testing {

/// What a certificate is meant to be.
enum class Role : std::uint8_t { kRoot, kIntermediate, kClient };

/// Each finding is a sentence; none: it is as it should be. `issuer`: itself for a root.
[[nodiscard]] std::vector<std::string> lint_certificate(Bytes der, Role role, const Certificate& issuer);
[[nodiscard]] std::vector<std::string> lint_crl(Bytes der, const Certificate& issuer);

}  // namespace cotter::x509::testing
