// Certificates, CRLs, CSRs and public keys out of PEM or DER octets, and the pins that a file gives. Private keys of
// our own are identity's; here one is read only to get at its public half.
#pragma once

#include "x509/certificate.h"
#include "x509/path.h"
#include "x509/pem_block.h"

#include <cotter/error.h>
#include <cotter/pin.h>

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace cotter::x509 {

/// One object of a file: a certificate, or the public key of a CSR, public or private key.
using PinnableObject = std::variant<Certificate, PublicKey>;

/// The key itself, or that of the certificate; lives as long as the object.
[[nodiscard]] const PublicKey& key_of(const PinnableObject& object);

/// All certificates of PEM text, in order; at least one. Text around blocks, CRLF and a byte-order mark are tolerated;
/// `TRUSTED CERTIFICATE`, other labels, headers and truncated blocks are not (INVARIANTS A20, A78). `source` names the
/// input.
[[nodiscard]] Result<std::vector<Certificate>> certificates_from(Bytes pem_or_der, std::string_view source);
[[nodiscard]] Result<std::vector<CertificateRevocationList>> crls_from(Bytes pem_or_der, std::string_view source);
/// Certificates, CSRs (self-signature checked), public keys and private keys (unencrypted), PEM or one DER object.
[[nodiscard]] Result<std::vector<PinnableObject>> pinnable_from(Bytes pem_or_der, std::string_view source);
[[nodiscard]] Result<std::vector<PinnableObject>> pinnable_from(const std::vector<PemBlock>& blocks,
                                                                std::string_view source);

/// Reads the file (regular, at most 16 MiB; "-" is standard input) and does the same.
[[nodiscard]] Result<std::vector<Certificate>> read_certificates(const std::string& path);
[[nodiscard]] Result<std::vector<CertificateRevocationList>> read_crls(const std::string& path);
[[nodiscard]] Result<std::vector<PinnableObject>> read_pinnable(const std::string& path);

/// The key of the one certificate request (RFC 2986) in PEM or DER, whose signature by that key holds, so that whoever
/// made it has the private half (INVARIANT A208). Nothing else of the request is looked at: not its names, not the
/// extensions that it asks for (A211). A signature by MD5 or SHA-1 proves nothing.
[[nodiscard]] Result<PublicKey> request_key_from(Bytes pem_or_der, std::string_view source);
[[nodiscard]] Result<PublicKey> read_request_key(const std::string& path);

/// PEM of one certificate (RFC 7468), ending in a newline.
[[nodiscard]] std::string to_pem(const Certificate& certificate);

/// A pin as people give it on a command line: everything Pin::parse takes, `file:PATH` (the SPKI of the one object in
/// that file) and `cert:file:PATH`, and lists of these joined by `;`, which a path therefore can't contain. At least
/// one pin comes out (INVARIANTS A55, A57, A62).
[[nodiscard]] Result<std::vector<Pin>> pins_from_argument(std::string_view argument);

}  // namespace cotter::x509
