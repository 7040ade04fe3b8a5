// NewCrl: a list of revoked certificates that we sign ourselves (RFC 5280 5). What stands in it is decided elsewhere.
#pragma once

#include "x509/certificate.h"
#include "x509/path.h"
#include "x509/revocation_reason.h"

#include <cotter/error.h>

#include <openssl/types.h>

#include <cstdint>
#include <vector>

namespace cotter::x509 {

struct RevokedCertificate {
    ByteVector serial;  ///< as in IssuerAndSerial
    Time since;
    RevocationReason reason = RevocationReason::kUnspecified;  ///< which is left out, as RFC 5280 5.3.1 asks
};

/// Version 2, with authorityKeyIdentifier and cRLNumber.
struct NewCrl {
    std::uint64_t number;  ///< greater than in each one before (RFC 5280 5.2.3)
    Time this_update;
    Time next_update;
    std::vector<RevokedCertificate> revoked;
};

/// Signed with the key of `issuer`, which must have a subjectKeyIdentifier.
[[nodiscard]] Result<CertificateRevocationList> signed_crl(const NewCrl& content, const Certificate& issuer,
                                                           EVP_PKEY* issuer_key);

}  // namespace cotter::x509
