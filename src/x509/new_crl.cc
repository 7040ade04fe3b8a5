// Filling and signing a CRL by OpenSSL's typed structures, and reading strictly what came out.
#include "x509/new_crl.h"

#include "x509/sign_parts.h"

#include <utility>

namespace cotter::x509 {
namespace {

using RevokedPtr = std::unique_ptr<X509_REVOKED, FreeBy<X509_REVOKED_free>>;

bool add_reason(X509_REVOKED* entry, RevocationReason reason) {
    if (reason == RevocationReason::kUnspecified) return true;
    const std::unique_ptr<ASN1_ENUMERATED, FreeBy<ASN1_ENUMERATED_free>> number(ASN1_ENUMERATED_new());
    return number && ASN1_ENUMERATED_set(number.get(), std::to_underlying(reason)) == 1 &&
           X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, number.get(), 0, X509V3_ADD_DEFAULT) == 1;
}

bool add(X509_CRL* crl, const RevokedCertificate& revoked) {
    RevokedPtr entry(X509_REVOKED_new());
    const IntegerPtr serial = asn1_integer(revoked.serial);
    const TimePtr since = asn1_time(revoked.since);
    const bool is_filled = entry && serial && since && X509_REVOKED_set_serialNumber(entry.get(), serial.get()) == 1 &&
                           X509_REVOKED_set_revocationDate(entry.get(), since.get()) == 1 &&
                           add_reason(entry.get(), revoked.reason);
    if (!is_filled || X509_CRL_add0_revoked(crl, entry.get()) != 1) return false;
    static_cast<void>(entry.release());
    return true;
}

IntegerPtr number_of(std::uint64_t number) {
    IntegerPtr written(ASN1_INTEGER_new());
    return written && ASN1_INTEGER_set_uint64(written.get(), number) == 1 ? std::move(written) : nullptr;
}

bool set_header(X509_CRL* crl, const NewCrl& content, const Certificate& issuer) {
    constexpr long kVersion2 = 1;
    const NamePtr name = subject_of(issuer);
    const TimePtr begin = asn1_time(content.this_update);
    const TimePtr end = asn1_time(content.next_update);
    const KeyIdentifierPtr identifier = key_identifier_of(issuer);
    const IntegerPtr number = number_of(content.number);
    return name && begin && end && identifier && number && X509_CRL_set_version(crl, kVersion2) == 1 &&
           X509_CRL_set_issuer_name(crl, name.get()) == 1 && X509_CRL_set1_lastUpdate(crl, begin.get()) == 1 &&
           X509_CRL_set1_nextUpdate(crl, end.get()) == 1 &&
           X509_CRL_add1_ext_i2d(crl, NID_authority_key_identifier, identifier.get(), 0, X509V3_ADD_DEFAULT) == 1 &&
           X509_CRL_add1_ext_i2d(crl, NID_crl_number, number.get(), 0, X509V3_ADD_DEFAULT) == 1;
}

}  // namespace

Result<CertificateRevocationList> signed_crl(const NewCrl& content, const Certificate& issuer, EVP_PKEY* issuer_key) {
    const X509CrlPtr crl(X509_CRL_new());
    bool is_filled = crl && set_header(crl.get(), content, issuer);
    for (const RevokedCertificate& revoked : content.revoked) is_filled = is_filled && add(crl.get(), revoked);
    ByteVector der;
    if (is_filled && X509_CRL_sort(crl.get()) == 1 && X509_CRL_sign(crl.get(), issuer_key, digest_for(issuer_key)) != 0)
        der = encoded(i2d_X509_CRL, crl.get());
    std::string fault = drain_error_queue();
    if (der.empty()) return failed("crl_make", "making a CRL", std::move(fault));
    return CertificateRevocationList::parse(der);
}

}  // namespace cotter::x509
