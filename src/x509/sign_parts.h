// What signing certificates and signing CRLs have in common, on OpenSSL's objects. For the makers of this room.
#pragma once

#include "x509/certificate.h"
#include "x509/openssl.h"

#include <openssl/x509v3.h>

namespace cotter::x509 {

using NamePtr = std::unique_ptr<X509_NAME, FreeBy<X509_NAME_free>>;
using TimePtr = std::unique_ptr<ASN1_TIME, FreeBy<ASN1_TIME_free>>;
using IntegerPtr = std::unique_ptr<ASN1_INTEGER, FreeBy<ASN1_INTEGER_free>>;
using KeyIdentifierPtr = std::unique_ptr<AUTHORITY_KEYID, FreeBy<AUTHORITY_KEYID_free>>;

/// The digest that suits the key: none for an Edwards key, which has its own.
[[nodiscard]] const EVP_MD* digest_for(const EVP_PKEY* key);

/// UTCTime up to the end of 2049 and GeneralizedTime from then on (RFC 5280 4.1.2.5). Null if memory runs out.
[[nodiscard]] TimePtr asn1_time(Time time);

/// A positive number out of big-endian octets. Null if memory runs out.
[[nodiscard]] IntegerPtr asn1_integer(Bytes octets);

/// The subject of a certificate, as OpenSSL has it; its encoding is kept octet by octet.
[[nodiscard]] NamePtr subject_of(const Certificate& certificate);

/// An AuthorityKeyIdentifier that repeats the issuer's subjectKeyIdentifier (RFC 5280 4.2.1.1). Null if it has none.
[[nodiscard]] KeyIdentifierPtr key_identifier_of(const Certificate& issuer);

/// What an i2d function writes of an object; empty if it can't.
template <class Write, class Object>
[[nodiscard]] ByteVector encoded(Write write, Object* object) {
    unsigned char* der = nullptr;
    const int size = object == nullptr ? 0 : write(object, &der);
    if (size <= 0) return {};
    const Bytes bytes = as_bytes(der, static_cast<std::size_t>(size));
    ByteVector copy(bytes.begin(), bytes.end());
    OPENSSL_clear_free(der, static_cast<std::size_t>(size));
    return copy;
}

}  // namespace cotter::x509
