// Which of the CRLs that were given may decide: of each issuer and scope the newest that is genuine. For path.cc.
#pragma once

#include "x509/openssl.h"
#include "x509/path.h"

#include <span>
#include <vector>

namespace cotter::x509 {

/// Those of `crls` (which own them) that may decide. `issuers`: the certificates that may have signed one. A CRL that
/// stands alone is left to OpenSSL to check; where several claim to be of one issuer, the forged are dropped and the
/// newest wins (INVARIANTS A109, A112).
[[nodiscard]] std::vector<X509_CRL*> choose_crls(const std::vector<CertificateRevocationList>& crls,
                                                 std::span<X509* const> issuers, Time now);

}  // namespace cotter::x509
