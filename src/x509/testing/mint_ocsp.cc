// Minting OCSP responses by OpenSSL.
#include "x509/testing/mint_ocsp.h"

#include "x509/testing/mint_key.h"
#include "x509/trust_anchors_store.h"

#include <openssl/ocsp.h>

#include <cstdio>

namespace cotter::x509::testing {
namespace {

using TimePtr = std::unique_ptr<ASN1_TIME, FreeBy<ASN1_TIME_free>>;
using IdPtr = std::unique_ptr<OCSP_CERTID, FreeBy<OCSP_CERTID_free>>;
using BasicPtr = std::unique_ptr<OCSP_BASICRESP, FreeBy<OCSP_BASICRESP_free>>;
using ResponsePtr = std::unique_ptr<OCSP_RESPONSE, FreeBy<OCSP_RESPONSE_free>>;
using ObjectPtr = std::unique_ptr<ASN1_OBJECT, FreeBy<ASN1_OBJECT_free>>;
using OctetStringPtr = std::unique_ptr<ASN1_OCTET_STRING, FreeBy<ASN1_OCTET_STRING_free>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, FreeBy<X509_EXTENSION_free>>;

TimePtr generalized(Time time) {
    TimePtr made(ASN1_GENERALIZEDTIME_set(nullptr, std::chrono::system_clock::to_time_t(time)));
    must(made != nullptr, "write a time");
    return made;
}

}  // namespace

MintOcsp& MintOcsp::updates(Time this_update, std::optional<Time> next_update) {
    this_update_ = this_update;
    next_update_ = next_update;
    return *this;
}

MintOcsp& MintOcsp::named_by(std::string digest) {
    naming_digest_ = std::move(digest);
    return *this;
}

MintOcsp& MintOcsp::as_issuer(const Minted& issuer) {
    named_issuer_ = issuer;
    return *this;
}

MintOcsp& MintOcsp::signed_by(const Minted& delegate) {
    delegate_ = delegate;
    return *this;
}

MintOcsp& MintOcsp::without_certificates() {
    with_certificates_ = false;
    return *this;
}

MintOcsp& MintOcsp::digest(std::string name) {
    digest_ = std::move(name);
    return *this;
}

MintOcsp& MintOcsp::responder_by_key() {
    responder_by_key_ = true;
    return *this;
}

MintOcsp& MintOcsp::extension(std::string oid, bool critical) {
    extension_oid_ = std::move(oid);
    extension_is_critical_ = critical;
    return *this;
}

MintOcsp& MintOcsp::state(const Minted& certificate, State state) {
    statements_.push_back(
        {certificate, named_issuer_ ? *named_issuer_ : issuer_, state, this_update_, next_update_, naming_digest_});
    return *this;
}

ByteVector MintOcsp::der() const {
    const BasicPtr basic(OCSP_BASICRESP_new());
    must(basic != nullptr, "begin an OCSP response");
    for (const Statement& one : statements_) {
        const X509Ptr subject = decode(one.certificate.certificate());
        const X509Ptr authority = decode(one.issuer.certificate());
        const IdPtr id(OCSP_cert_to_id(EVP_get_digestbyname(one.digest.c_str()), subject.get(), authority.get()));
        const TimePtr this_update = generalized(one.this_update);
        const TimePtr next_update = one.next_update ? generalized(*one.next_update) : nullptr;
        const TimePtr revoked_at = generalized(kMintNow - std::chrono::hours(48));
        const int status = one.state == kGood      ? V_OCSP_CERTSTATUS_GOOD
                           : one.state == kRevoked ? V_OCSP_CERTSTATUS_REVOKED
                                                   : V_OCSP_CERTSTATUS_UNKNOWN;
        must(id && OCSP_basic_add1_status(basic.get(), id.get(), status, OCSP_REVOKED_STATUS_KEYCOMPROMISE,
                                          one.state == kRevoked ? revoked_at.get() : nullptr, this_update.get(),
                                          next_update.get()) != nullptr,
             "state something of a certificate");
    }
    if (!extension_oid_.empty()) {
        const ObjectPtr name(OBJ_txt2obj(extension_oid_.c_str(), 1));
        const OctetStringPtr value(ASN1_OCTET_STRING_new());
        must(name && value && ASN1_OCTET_STRING_set(value.get(), octets(as_bytes("x")), 1) == 1, "write an extension");
        const ExtensionPtr extension(
            X509_EXTENSION_create_by_OBJ(nullptr, name.get(), extension_is_critical_ ? 1 : 0, value.get()));
        must(extension && OCSP_BASICRESP_add_ext(basic.get(), extension.get(), -1) == 1, "add an extension");
    }
    const Minted& signer = delegate_ ? *delegate_ : issuer_;
    const X509Ptr signer_certificate = decode(signer.certificate());
    unsigned long flags = 0;
    if (!with_certificates_ || !delegate_) flags |= OCSP_NOCERTS;
    if (responder_by_key_) flags |= OCSP_RESPID_KEY;
    const bool is_edwards = EVP_PKEY_get_base_id(signer.key()) == EVP_PKEY_ED25519;
    must(OCSP_basic_sign(basic.get(), signer_certificate.get(), signer.key(),
                         is_edwards ? nullptr : EVP_get_digestbyname(digest_.c_str()), nullptr, flags) == 1,
         "sign an OCSP response");
    const ResponsePtr response(OCSP_response_create(status_, status_ == 0 ? basic.get() : nullptr));
    must(response != nullptr, "wrap an OCSP response");
    unsigned char* encoded = nullptr;
    const int size = i2d_OCSP_RESPONSE(response.get(), &encoded);
    must(size > 0, "encode an OCSP response");
    const Bytes bytes = as_bytes(encoded, static_cast<std::size_t>(size));
    ByteVector der(bytes.begin(), bytes.end());
    OPENSSL_free(encoded);
    return der;
}

OcspResponse MintOcsp::make() const {
    auto response = OcspResponse::parse(der());
    if (!response) static_cast<void>(std::fprintf(stderr, "mint_ocsp: %s\n", response.error().why.c_str()));
    must(response.has_value(), "read a minted OCSP response");
    return std::move(*response);
}

}  // namespace cotter::x509::testing
