// Taking a certificate's DER apart and putting it together again with a part changed: what no honest issuer makes.
#pragma once

#include "der/reader.h"
#include "x509/openssl.h"

#include <cotter/bytes.h>

#include <initializer_list>
#include <string_view>
#include <vector>

namespace cotter::x509::testing {

/// A tag, a length in its shortest form, and the content.
[[nodiscard]] ByteVector tlv(der::Tag tag, Bytes content);
/// The same of text and of octets given as numbers.
[[nodiscard]] ByteVector tlv(der::Tag tag, std::string_view content);
[[nodiscard]] ByteVector octets_of(std::initializer_list<unsigned> octets);
[[nodiscard]] ByteVector joined(const std::vector<ByteVector>& parts);

/// A certificate's parts, or a CRL's, each with its own header. The signature is carried over until sign() is called.
struct DerParts {
    std::vector<ByteVector> signed_part;  ///< version, serial, algorithm, issuer, validity, subject, key, extensions
    ByteVector algorithm;
    ByteVector signature;

    [[nodiscard]] static DerParts of(Bytes certificate);
    [[nodiscard]] ByteVector der() const;
    /// Signs the changed parts by SHA-256; the algorithm stays what it was.
    void sign(EVP_PKEY* key);
};

/// Places in DerParts::signed_part of a version 3 certificate.
enum Part : std::size_t { kVersion, kSerial, kAlgorithm, kIssuer, kValidity, kSubject, kKey, kExtensions };

}  // namespace cotter::x509::testing
