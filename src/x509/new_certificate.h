// NewCertificate: a certificate that we sign ourselves. What goes into it is typed, and nothing of it is ever read as
// the configuration of a tool (INVARIANT A153). Who may have one is not decided here.
#pragma once

#include "x509/certificate.h"
#include "x509/path.h"

#include <cotter/error.h>

#include <openssl/types.h>

#include <optional>
#include <string>
#include <vector>

namespace cotter::x509 {

/// What a certificate says of its key (RFC 5280 4.1, 4.2). Everything else follows from these: version 3; a serial
/// number of 16 octets, positive, 126 bits of it random (4.1.2.2; INVARIANT A212); keyUsage, critical:
/// digitalSignature, or for a CA keyCertSign and cRLSign; basicConstraints, critical; subjectKeyIdentifier (the first
/// 160 bits of SHA-256 over the key, RFC 7093 2); authorityKeyIdentifier, but in a self-signed one.
struct NewCertificate {
    std::string common_name;  ///< the whole subject; UTF-8, 1 to 64 characters
    Time not_before;          ///< both inclusive
    Time not_after;
    std::optional<unsigned> path_length{};  ///< set: a CA, with at most so many CAs below it
    std::vector<Purpose> purposes{};        ///< extendedKeyUsage; empty: none
    std::string uri{};                      ///< the one subjectAltName, of type URI; empty: none
};

/// The public half of a key, as a certificate of it has it.
[[nodiscard]] Result<PublicKey> public_key_of(const EVP_PKEY* key);

/// Of the key that it is signed with.
[[nodiscard]] Result<Certificate> self_signed(const NewCertificate& content, EVP_PKEY* key);

/// Of `subject_key`, signed with the key of `issuer`, which must be a CA with a subjectKeyIdentifier. An Error, too, if
/// it would begin before its issuer or end after it.
[[nodiscard]] Result<Certificate> signed_by(const NewCertificate& content, const PublicKey& subject_key,
                                            const Certificate& issuer, EVP_PKEY* issuer_key);

/// The common name of a certificate made here; empty where a subject has none, or more than one. For naming what is
/// made after it, never for telling who somebody is (INVARIANT A30).
[[nodiscard]] std::string common_name_of(const Certificate& certificate);

}  // namespace cotter::x509
