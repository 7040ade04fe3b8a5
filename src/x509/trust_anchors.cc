// Trust anchors and CRLs in the form in which OpenSSL wants them.
#include "x509/trust_anchors_store.h"

#include "der/reader.h"
#include "files/files.h"
#include "x509/pem.h"
#include "x509/strict_parts.h"

#include <openssl/x509v3.h>

#include <new>

namespace cotter::x509 {

namespace {

/// Of its signature: what is listed, and so what is not, must not be for others to choose (INVARIANT A97).
constexpr int kMostNumberOctets = 20;

void free_extension(int nid, void* value) {
    switch (nid) {
        case NID_issuing_distribution_point: ISSUING_DIST_POINT_free(static_cast<ISSUING_DIST_POINT*>(value)); break;
        case NID_authority_key_identifier: AUTHORITY_KEYID_free(static_cast<AUTHORITY_KEYID*>(value)); break;
        default: ASN1_INTEGER_free(static_cast<ASN1_INTEGER*>(value)); break;
    }
}

std::optional<std::string> weakness_of_crl(Bytes der) try {
    der::Reader crl = der::Reader::inside(need(der::read_single(der, der::Tag::kSequence)));
    need(crl.expect(der::Tag::kSequence));
    return weakness_of_signature(need(crl.expect(der::Tag::kSequence)));
} catch (const Malformed&) {
    return "it is not a CRL";
}

}  // namespace

TrustAnchors::TrustAnchors() : TrustAnchors(std::vector<Certificate>()) {}

TrustAnchors::TrustAnchors(std::vector<Certificate> anchors) {
    auto store = std::make_shared<Store>();
    store->store.reset(X509_STORE_new());
    if (!store->store) throw std::bad_alloc();
    for (const Certificate& anchor : anchors) {
        // A decoding that fails leaves the anchor out of the store, and so trusts less.
        X509Ptr decoded = decode(anchor);
        if (decoded) X509_STORE_add_cert(store->store.get(), decoded.get());
        store->decoded.push_back(std::move(decoded));
    }
    static_cast<void>(drain_error_queue());
    store->certificates = std::move(anchors);
    store_ = std::move(store);
}

const std::vector<Certificate>& TrustAnchors::certificates() const {
    return store_->certificates;
}

Result<TrustAnchors> TrustAnchors::system() {
    const std::string bundle = X509_get_default_cert_dir() + std::string("/ca-certificates.crt");
    auto content = files::read(bundle);
    if (!content) content = files::read(X509_get_default_cert_file());
    if (!content) {
        return failed("no_system_roots", "reading the system's trust store", content.error().why,
                      "apt install ca-certificates, or give the trust anchors by --roots FILE");
    }
    // Some of the system's roots are not strict DER; they are left out rather than all refused.
    std::vector<Certificate> anchors;
    constexpr std::string_view kEnd = "-----END CERTIFICATE-----";
    const std::string_view text(static_cast<const char*>(static_cast<const void*>(content->data())), content->size());
    std::size_t begin = 0;
    for (std::size_t end = text.find(kEnd); end != std::string_view::npos; end = text.find(kEnd, begin)) {
        end += kEnd.size();
        if (auto one = certificates_from(as_bytes(text.substr(begin, end - begin)), bundle))
            anchors.push_back(std::move(one->front()));
        begin = end;
    }
    if (anchors.empty())
        return failed("no_system_roots", "reading the system's trust store", "it holds no certificate",
                      "apt install --reinstall ca-certificates");
    return TrustAnchors(std::move(anchors));
}

Result<CertificateRevocationList> CertificateRevocationList::parse(Bytes der) {
    const auto refuse = [](std::string why) {
        return malformed("crl_malformed", "reading a CRL", std::move(why), "fetch the CRL anew from its issuer");
    };
    if (auto strict = der::check_strict(der); !strict) {
        return refuse(std::string(strict.error().why) + " at byte " + std::to_string(strict.error().offset));
    }
    if (const auto weakness = weakness_of_crl(der)) return refuse(*weakness);
    const unsigned char* at = octets(der);
    std::shared_ptr<X509_CRL> decoded(d2i_X509_CRL(nullptr, &at, static_cast<long>(der.size())), X509_CRL_free);
    static_cast<void>(drain_error_queue());
    if (!decoded) return refuse("it is not a CRL");
    if (X509_CRL_get_ext_by_NID(decoded.get(), NID_delta_crl, -1) >= 0)
        return refuse("a delta CRL says only what has changed; the whole one is needed");
    // What OpenSSL can't read of these it takes as absent, and the CRL as covering everything.
    for (const int nid : {NID_issuing_distribution_point, NID_authority_key_identifier, NID_crl_number}) {
        int is_critical = 0;
        void* const extension = X509_CRL_get_ext_d2i(decoded.get(), nid, &is_critical, nullptr);
        const bool is_absent = is_critical == -1;
        const bool is_too_long = nid == NID_crl_number && extension != nullptr &&
                                 ASN1_STRING_length(static_cast<ASN1_INTEGER*>(extension)) > kMostNumberOctets;
        if (extension != nullptr) free_extension(nid, extension);
        if (extension == nullptr && !is_absent) return refuse("an extension of it stands twice or can't be read");
        if (is_too_long) return refuse("its number has more than 20 octets (RFC 5280, 5.2.3)");
    }
    static_cast<void>(drain_error_queue());
    // RFC 5280 5.1.2.5 wants it; without it an old CRL could be played back for ever.
    if (X509_CRL_get0_nextUpdate(decoded.get()) == nullptr) return refuse("it does not say when the next one is due");
    return CertificateRevocationList(std::make_shared<const ByteVector>(der.begin(), der.end()), std::move(decoded));
}

X509Ptr decode(const Certificate& certificate) {
    const unsigned char* at = octets(certificate.der());
    return X509Ptr(d2i_X509(nullptr, &at, static_cast<long>(certificate.der().size())));
}

}  // namespace cotter::x509
