// Filling and signing a certificate by OpenSSL's typed structures, and reading strictly what came out.
#include "x509/new_certificate.h"

#include "pin/digest.h"
#include "x509/sign_parts.h"

#include <openssl/rand.h>

#include <array>

namespace cotter::x509 {
namespace {

constexpr std::string_view kWhat = "making a certificate";

unexpected<Error> cannot_make(std::string why) {
    return failed("certificate_make", std::string(kWhat), std::move(why));
}

IntegerPtr random_serial() {
    std::array<std::byte, 16> number{};
    if (RAND_bytes(octets(std::span<std::byte>(number)), static_cast<int>(number.size())) != 1) return nullptr;
    number[0] &= std::byte{0x7f};  // positive
    number[0] |= std::byte{0x40};  // and always of 16 octets
    return asn1_integer(number);
}

bool set_serial(X509* certificate) {
    const IntegerPtr serial = random_serial();
    return serial && X509_set_serialNumber(certificate, serial.get()) == 1;
}

bool set_times(X509* certificate, const NewCertificate& content) {
    const TimePtr begin = asn1_time(content.not_before);
    const TimePtr end = asn1_time(content.not_after);
    return begin && end && X509_set1_notBefore(certificate, begin.get()) == 1 &&
           X509_set1_notAfter(certificate, end.get()) == 1;
}

bool set_subject(X509* certificate, const std::string& common_name) {
    return X509_NAME_add_entry_by_NID(X509_get_subject_name(certificate), NID_commonName, MBSTRING_UTF8,
                                      octets(as_bytes(common_name)), static_cast<int>(common_name.size()), -1, 0) == 1;
}

bool add(X509* certificate, int nid, void* value, bool is_critical) {
    return X509_add1_ext_i2d(certificate, nid, value, is_critical ? 1 : 0, X509V3_ADD_DEFAULT) == 1;
}

bool add_basic_constraints(X509* certificate, std::optional<unsigned> path_length) {
    const std::unique_ptr<BASIC_CONSTRAINTS, FreeBy<BASIC_CONSTRAINTS_free>> constraints(BASIC_CONSTRAINTS_new());
    if (!constraints) return false;
    if (path_length) {
        constraints->ca = 0xff;  // DER of true; OpenSSL writes the octet as it is
        constraints->pathlen = ASN1_INTEGER_new();
        if (constraints->pathlen == nullptr || ASN1_INTEGER_set(constraints->pathlen, *path_length) != 1) return false;
    }
    return add(certificate, NID_basic_constraints, constraints.get(), true);
}

bool add_key_usage(X509* certificate, bool is_ca) {
    constexpr int kDigitalSignature = 0;  // RFC 5280 4.2.1.3
    constexpr int kKeyCertSign = 5;
    constexpr int kCrlSign = 6;
    const std::unique_ptr<ASN1_BIT_STRING, FreeBy<ASN1_BIT_STRING_free>> usage(ASN1_BIT_STRING_new());
    if (!usage) return false;
    const auto set = [&](int bit) { return ASN1_BIT_STRING_set_bit(usage.get(), bit, 1) == 1; };
    const bool is_set = is_ca ? set(kKeyCertSign) && set(kCrlSign) : set(kDigitalSignature);
    return is_set && add(certificate, NID_key_usage, usage.get(), true);
}

bool add_purposes(X509* certificate, const std::vector<Purpose>& purposes) {
    if (purposes.empty()) return true;
    const std::unique_ptr<EXTENDED_KEY_USAGE, FreeBy<EXTENDED_KEY_USAGE_free>> list(EXTENDED_KEY_USAGE_new());
    if (!list) return false;
    for (const Purpose purpose : purposes) {
        const int nid = purpose == Purpose::kServer ? NID_server_auth : NID_client_auth;
        if (sk_ASN1_OBJECT_push(list.get(), OBJ_nid2obj(nid)) == 0) return false;
    }
    return add(certificate, NID_ext_key_usage, list.get(), false);
}

bool add_subject_key_identifier(X509* certificate) {
    const ASN1_BIT_STRING* const key = X509_get0_pubkey_bitstr(certificate);
    if (key == nullptr) return false;
    const auto digest = sha256(as_bytes(ASN1_STRING_get0_data(key), static_cast<std::size_t>(ASN1_STRING_length(key))));
    constexpr int kSize = 20;
    const std::unique_ptr<ASN1_OCTET_STRING, FreeBy<ASN1_OCTET_STRING_free>> identifier(ASN1_OCTET_STRING_new());
    return identifier && ASN1_OCTET_STRING_set(identifier.get(), octets(Bytes(digest)), kSize) == 1 &&
           add(certificate, NID_subject_key_identifier, identifier.get(), false);
}

bool add_uri(X509* certificate, const std::string& uri) {
    if (uri.empty()) return true;
    const std::unique_ptr<GENERAL_NAMES, FreeBy<GENERAL_NAMES_free>> names(GENERAL_NAMES_new());
    std::unique_ptr<GENERAL_NAME, FreeBy<GENERAL_NAME_free>> name(GENERAL_NAME_new());
    std::unique_ptr<ASN1_IA5STRING, FreeBy<ASN1_IA5STRING_free>> text(ASN1_IA5STRING_new());
    if (!names || !name || !text || ASN1_STRING_set(text.get(), uri.data(), static_cast<int>(uri.size())) != 1)
        return false;
    GENERAL_NAME_set0_value(name.get(), GEN_URI, text.release());
    if (sk_GENERAL_NAME_push(names.get(), name.get()) == 0) return false;
    static_cast<void>(name.release());
    return add(certificate, NID_subject_alt_name, names.get(), false);
}

/// All but who signs it.
X509Ptr unsigned_certificate(const NewCertificate& content, EVP_PKEY* subject_key) {
    X509Ptr certificate(X509_new());
    constexpr long kVersion3 = 2;
    const bool is_filled = certificate && X509_set_version(certificate.get(), kVersion3) == 1 &&
                           set_serial(certificate.get()) && set_times(certificate.get(), content) &&
                           set_subject(certificate.get(), content.common_name) &&
                           X509_set_pubkey(certificate.get(), subject_key) == 1 &&
                           add_basic_constraints(certificate.get(), content.path_length) &&
                           add_key_usage(certificate.get(), content.path_length.has_value()) &&
                           add_purposes(certificate.get(), content.purposes) &&
                           add_subject_key_identifier(certificate.get()) && add_uri(certificate.get(), content.uri);
    return is_filled ? std::move(certificate) : nullptr;
}

Result<Certificate> finished(X509* certificate, EVP_PKEY* key) {
    ByteVector der;
    if (certificate != nullptr && X509_sign(certificate, key, digest_for(key)) != 0)
        der = encoded(i2d_X509, certificate);
    const std::string fault = drain_error_queue();
    if (der.empty()) return cannot_make(fault);
    return Certificate::parse(der);
}

EvpKeyPtr decoded(const PublicKey& key) {
    const Bytes info = key.subject_public_key_info();
    const unsigned char* at = octets(info);
    return EvpKeyPtr(d2i_PUBKEY(nullptr, &at, static_cast<long>(info.size())));
}

}  // namespace

Result<PublicKey> public_key_of(const EVP_PKEY* key) {
    const ByteVector info = encoded(i2d_PUBKEY, key);
    std::string fault = drain_error_queue();
    if (info.empty()) return failed("key_unknown", "looking at a key", std::move(fault));
    return PublicKey::parse(info);
}

Result<Certificate> self_signed(const NewCertificate& content, EVP_PKEY* key) {
    const X509Ptr certificate = unsigned_certificate(content, key);
    const bool is_named =
        certificate && X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get())) == 1;
    return finished(is_named ? certificate.get() : nullptr, key);
}

Result<Certificate> signed_by(const NewCertificate& content, const PublicKey& subject_key, const Certificate& issuer,
                              EVP_PKEY* issuer_key) {
    if (!issuer.is_ca()) return cannot_make("the certificate that should sign it is no CA's");
    if (content.not_before < issuer.not_before() || content.not_after > issuer.not_after())
        return cannot_make("it would not lie within the dates of its issuer");
    const EvpKeyPtr key = decoded(subject_key);
    const NamePtr issuer_name = subject_of(issuer);
    const KeyIdentifierPtr identifier = key_identifier_of(issuer);
    const X509Ptr certificate = key ? unsigned_certificate(content, key.get()) : nullptr;
    const bool is_named = certificate && issuer_name && identifier &&
                          X509_set_issuer_name(certificate.get(), issuer_name.get()) == 1 &&
                          add(certificate.get(), NID_authority_key_identifier, identifier.get(), false);
    return finished(is_named ? certificate.get() : nullptr, issuer_key);
}

std::string common_name_of(const Certificate& certificate) {
    const NamePtr name = subject_of(certificate);
    const int at = name ? X509_NAME_get_index_by_NID(name.get(), NID_commonName, -1) : -1;
    if (at < 0 || X509_NAME_get_index_by_NID(name.get(), NID_commonName, at) >= 0) return {};
    const ASN1_STRING* const value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name.get(), at));
    return {static_cast<const char*>(static_cast<const void*>(ASN1_STRING_get0_data(value))),
            static_cast<std::size_t>(ASN1_STRING_length(value))};
}

}  // namespace cotter::x509
