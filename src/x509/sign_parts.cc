// Times, numbers, names and key identifiers in OpenSSL's form.
#include "x509/sign_parts.h"

#include "x509/oids.h"

namespace cotter::x509 {

const EVP_MD* digest_for(const EVP_PKEY* key) {
    const bool is_edwards = EVP_PKEY_is_a(key, "ED25519") == 1 || EVP_PKEY_is_a(key, "ED448") == 1;
    return is_edwards ? nullptr : EVP_sha256();
}

TimePtr asn1_time(Time time) {
    return TimePtr(ASN1_TIME_set(nullptr, static_cast<time_t>(time.time_since_epoch().count())));
}

IntegerPtr asn1_integer(Bytes octets_of_it) {
    const std::unique_ptr<BIGNUM, FreeBy<BN_free>> number(
        BN_bin2bn(octets(octets_of_it), static_cast<int>(octets_of_it.size()), nullptr));
    return IntegerPtr(number ? BN_to_ASN1_INTEGER(number.get(), nullptr) : nullptr);
}

NamePtr subject_of(const Certificate& certificate) {
    const unsigned char* at = octets(certificate.subject());
    return NamePtr(d2i_X509_NAME(nullptr, &at, static_cast<long>(certificate.subject().size())));
}

KeyIdentifierPtr key_identifier_of(const Certificate& issuer) {
    const auto value = issuer.extension(oid::content(oid::kSubjectKeyIdentifier));
    KeyIdentifierPtr identifier(AUTHORITY_KEYID_new());
    if (!value || !identifier) return nullptr;
    const unsigned char* at = octets(*value);
    identifier->keyid = d2i_ASN1_OCTET_STRING(nullptr, &at, static_cast<long>(value->size()));
    return identifier->keyid != nullptr ? std::move(identifier) : nullptr;
}

}  // namespace cotter::x509
