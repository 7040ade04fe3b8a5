// Reading OCSP answers strictly (RFC 6960 4.2.1), and believing only those that the issuer or its delegate signed.
#include "x509/ocsp.h"

#include "files/files.h"
#include "text/escape.h"
#include "text/time.h"
#include "x509/oids.h"
#include "x509/revocation_reason.h"
#include "x509/strict_parts.h"
#include "x509/trust_anchors_store.h"

#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <new>
#include <vector>

namespace cotter::x509 {

using der::Reader;
using der::Tag;

namespace {

constexpr std::size_t kMostSigners = 8;  // certificates that come along; each may cost a signature check (A162)

using AlgorithmPtr = std::unique_ptr<X509_ALGOR, FreeBy<X509_ALGOR_free>>;
using AnyPtr = std::unique_ptr<ASN1_TYPE, FreeBy<ASN1_TYPE_free>>;
using BitStringPtr = std::unique_ptr<ASN1_BIT_STRING, FreeBy<ASN1_BIT_STRING_free>>;
using CertIdPtr = std::unique_ptr<OCSP_CERTID, FreeBy<OCSP_CERTID_free>>;
using RequestPtr = std::unique_ptr<OCSP_REQUEST, FreeBy<OCSP_REQUEST_free>>;

enum class Statement : std::uint8_t { kGood, kRevoked, kUnknown };

/// CertID ::= SEQUENCE { hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber }
struct CertId {
    const EVP_MD* digest = nullptr;  ///< null: one that is not known, so it names nothing
    ByteVector name_hash;
    ByteVector key_hash;
    ByteVector serial;
};

struct Single {
    CertId id;
    Statement statement = Statement::kUnknown;
    std::optional<Time> revoked_at;
    std::string reason;
    Time this_update;
    std::optional<Time> next_update;
};

ByteVector copied(Bytes bytes) {
    return {bytes.begin(), bytes.end()};
}

bool is_digest_of(const EVP_MD* digest, Bytes hash, Bytes octets_of_it) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> made{};
    unsigned size = 0;
    return EVP_Digest(octets_of_it.data(), octets_of_it.size(), made.data(), &size, digest, nullptr) == 1 &&
           std::ranges::equal(hash, as_bytes(made.data(), size));
}

const EVP_MD* digest_named(Bytes name) {
    if (oid::is(name, oid::kSha1)) return EVP_sha1();
    if (oid::is(name, oid::kSha256)) return EVP_sha256();
    if (oid::is(name, oid::kSha384)) return EVP_sha384();
    if (oid::is(name, oid::kSha512)) return EVP_sha512();
    return nullptr;
}

CertId read_id(Reader reader) {
    CertId id;
    Reader algorithm = Reader::inside(need(reader.expect(Tag::kSequence)));
    id.digest = digest_named(need(algorithm.expect(Tag::kObjectIdentifier)).content);
    id.name_hash = copied(need(reader.expect(Tag::kOctetString)).content);
    id.key_hash = copied(need(reader.expect(Tag::kOctetString)).content);
    id.serial = copied(need(der::unsigned_integer(need(reader.expect(Tag::kInteger)))));
    need(reader.finish());
    return id;
}

bool names(const CertId& id, const Certificate& certificate, const Certificate& issuer) {
    const IssuerAndSerial& ours = certificate.issuer_and_serial();
    return id.digest != nullptr && id.serial == ours.serial && is_digest_of(id.digest, id.name_hash, ours.issuer) &&
           is_digest_of(id.digest, id.key_hash, issuer.public_key().key_octets());
}

/// A reason in words; empty for a number that is none.
std::string reason_named(Bytes number) {
    const auto reason = number.size() == 1 ? revocation_reason_of(std::to_integer<std::int64_t>(number.front()))
                                           : std::optional<RevocationReason>();
    return reason ? std::string(text_of(*reason)) : "";
}

/// Refuses a list of extensions with one that is critical: none that is known here changes what an answer means.
void refuse_critical(Reader extensions) {
    while (!extensions.at_end()) {
        Reader extension = Reader::inside(need(extensions.expect(Tag::kSequence)));
        need(extension.expect(Tag::kObjectIdentifier));
        if (extension.next_is(Tag::kBoolean)) throw Malformed{"it has a critical extension, and none is known"};
        need(extension.expect(Tag::kOctetString));
        need(extension.finish());
    }
}

/// The optional [number] EXPLICIT Extensions that ends a structure.
void read_extensions(Reader& reader, std::uint8_t number) {
    if (reader.next_is(der::context(number, true))) {
        Reader outer = Reader::inside(need(reader.next()));
        refuse_critical(Reader::inside(need(outer.expect(Tag::kSequence))));
        need(outer.finish());
    }
    need(reader.finish());
}

Time read_time(Reader& reader) {
    return time_of(need(reader.expect(Tag::kGeneralizedTime)));
}

void read_revocation(Reader revoked, Single& single) {
    single.statement = Statement::kRevoked;
    single.revoked_at = read_time(revoked);
    if (revoked.next_is(der::context(0, true))) {
        Reader reason = Reader::inside(need(revoked.next()));
        single.reason = reason_named(need(reason.expect(Tag::kEnumerated)).content);
        need(reason.finish());
    }
    need(revoked.finish());
}

/// SingleResponse ::= SEQUENCE { certID, certStatus, thisUpdate, [0] nextUpdate, [1] singleExtensions }
Single read_single_response(Reader reader) {
    Single single;
    single.id = read_id(Reader::inside(need(reader.expect(Tag::kSequence))));
    const der::Element status = need(reader.next());
    if (status.tag == der::context(0, false) && status.content.empty()) {
        single.statement = Statement::kGood;
    } else if (status.tag == der::context(1, true)) {
        read_revocation(Reader::inside(status), single);
    } else if (status.tag != der::context(2, false) || !status.content.empty()) {
        throw Malformed{"it states a status that does not exist"};
    }
    single.this_update = read_time(reader);
    if (reader.next_is(der::context(0, true))) {
        Reader next = Reader::inside(need(reader.next()));
        single.next_update = read_time(next);
        need(next.finish());
        if (*single.next_update < single.this_update) throw Malformed{"its next update comes before this one"};
    }
    read_extensions(reader, 1);
    return single;
}

/// Why an answer does not count at `now`; empty if it does.
std::string staleness(const Single& single, bool is_authority, Time now) {
    if (single.this_update > now) return "whose time has not begun: " + text::rfc3339(single.this_update);
    const Time oldest = now - (is_authority ? OcspResponse::kMostAgeOfAuthority : OcspResponse::kMostAgeOfLeaf);
    if (single.next_update && *single.next_update < now)
        return "that is out of date since " + text::rfc3339(*single.next_update);
    if (!single.next_update && single.this_update < now - OcspResponse::kMostAgeWithoutNext)
        return "of " + text::rfc3339(single.this_update) + " that names no next update, and so counts for a day";
    if (single.this_update < oldest) return "that is too old: of " + text::rfc3339(single.this_update);
    return {};
}

OcspFinding found(const Single& single, bool is_authority, Time now) {
    switch (single.statement) {
        case Statement::kRevoked:
            return {OcspStatus::kRevoked, "since " + text::rfc3339(*single.revoked_at) +
                                              (single.reason.empty() ? "" : " (" + single.reason + ")")};
        case Statement::kUnknown: return {OcspStatus::kUnknown, "whose responder does not know it"};
        case Statement::kGood: break;
    }
    std::string why = staleness(single, is_authority, now);
    if (!why.empty()) return {OcspStatus::kStale, std::move(why)};
    return {OcspStatus::kGood, {}};
}

/// The worse of two: revoked, then what does not count, then good.
bool is_worse(const OcspFinding& a, const OcspFinding& b) {
    const auto rank = [](OcspStatus status) {
        switch (status) {
            case OcspStatus::kNotAbout: return 0;
            case OcspStatus::kGood: return 1;
            case OcspStatus::kStale: return 2;
            case OcspStatus::kUnknown: return 3;
            case OcspStatus::kForged: return 4;
            case OcspStatus::kRevoked: return 5;
        }
        return 0;
    };
    return rank(a.status) > rank(b.status);
}

std::string status_named(Bytes number) {
    switch (number.size() == 1 ? std::to_integer<int>(number.front()) : -1) {
        case 1: return "malformedRequest";
        case 2: return "internalError";
        case 3: return "tryLater";
        case 5: return "sigRequired";
        case 6: return "unauthorized";
        default: return "a status that does not exist";
    }
}

}  // namespace

struct OcspResponse::Fields {
    ByteVector der;
    ByteVector signed_part;  ///< ResponseData, with its header
    ByteVector algorithm;    ///< AlgorithmIdentifier, with its header
    ByteVector signature;
    ByteVector responder;  ///< ResponderID, with its header
    std::vector<Single> singles;
    std::vector<Certificate> signers;

    void read_data(Reader reader);
    [[nodiscard]] bool is_signed_with(EVP_PKEY* key) const;
    [[nodiscard]] bool is_named_by_responder(const Certificate& signer) const;
    [[nodiscard]] bool is_delegate(const Certificate& signer, const Certificate& issuer, Time now) const;
    [[nodiscard]] bool is_genuine(const Certificate& issuer, Time now) const;
};

/// ResponseData ::= SEQUENCE { [0] version, responderID, producedAt, responses, [1] responseExtensions }
void OcspResponse::Fields::read_data(Reader reader) {
    // Version 1 is the default, which DER leaves out; there is no other.
    if (reader.next_is(der::context(0, true))) throw Malformed{"it is of a version that does not exist"};
    const der::Element id = need(reader.next());
    if (id.tag != der::context(1, true) && id.tag != der::context(2, true))
        throw Malformed{"it names its responder in no known way"};
    responder = copied(id.encoding);
    static_cast<void>(read_time(reader));
    for (Reader list = Reader::inside(need(reader.expect(Tag::kSequence))); !list.at_end();) {
        singles.push_back(read_single_response(Reader::inside(need(list.expect(Tag::kSequence)))));
    }
    read_extensions(reader, 1);
}

Result<OcspResponse> OcspResponse::parse(Bytes der) try {
    if (der.size() > kMostOctets) throw Malformed{"it is larger than 1 MiB"};
    need(der::check_strict(der));
    Reader response = Reader::inside(need(der::read_single(der, Tag::kSequence)));
    const Bytes status = need(response.expect(Tag::kEnumerated)).content;
    if (status.size() != 1 || status.front() != std::byte{0})
        throw Malformed{"it is no answer: the responder says " + status_named(status)};
    Reader outer = Reader::inside(need(response.expect(der::context(0, true))));
    need(response.finish());
    Reader bytes = Reader::inside(need(outer.expect(Tag::kSequence)));
    need(outer.finish());
    if (!oid::is(need(bytes.expect(Tag::kObjectIdentifier)).content, oid::kOcspBasic))
        throw Malformed{"it is not of the basic type"};
    const Bytes body = need(bytes.expect(Tag::kOctetString)).content;
    need(bytes.finish());

    // BasicOCSPResponse ::= SEQUENCE { tbsResponseData, signatureAlgorithm, signature, [0] certs }
    need(der::check_strict(body));
    Reader basic = Reader::inside(need(der::read_single(body, Tag::kSequence)));
    auto fields = std::make_shared<Fields>();
    fields->der = copied(der);
    const der::Element data = need(basic.expect(Tag::kSequence));
    fields->signed_part = copied(data.encoding);
    fields->read_data(Reader::inside(data));
    const der::Element algorithm = need(basic.expect(Tag::kSequence));
    if (auto weakness = weakness_of_signature(algorithm)) throw Malformed{*weakness};
    fields->algorithm = copied(algorithm.encoding);
    fields->signature = copied(need(der::whole_octets(need(basic.expect(Tag::kBitString)))));
    if (basic.next_is(der::context(0, true))) {
        Reader certificates_outer = Reader::inside(need(basic.next()));
        Reader certificates = Reader::inside(need(certificates_outer.expect(Tag::kSequence)));
        need(certificates_outer.finish());
        while (!certificates.at_end()) {
            auto signer = Certificate::parse(need(certificates.next()).encoding);
            if (!signer) throw Malformed{"it brings a certificate that can't be read: " + signer.error().why};
            if (fields->signers.size() == kMostSigners) throw Malformed{"it brings more than 8 certificates"};
            fields->signers.push_back(std::move(*signer));
        }
    }
    need(basic.finish());
    return OcspResponse(std::move(fields));
} catch (const Malformed& fault) {
    return malformed("ocsp_malformed", "reading an OCSP response", fault.why, "ask the responder anew");
}

/// Over the exact bytes received: an ANY is kept, and encoded, as it came.
bool OcspResponse::Fields::is_signed_with(EVP_PKEY* key) const {
    const unsigned char* algorithm_at = octets(algorithm);
    const AlgorithmPtr decoded(d2i_X509_ALGOR(nullptr, &algorithm_at, static_cast<long>(algorithm.size())));
    const unsigned char* data_at = octets(signed_part);
    const AnyPtr data(d2i_ASN1_TYPE(nullptr, &data_at, static_cast<long>(signed_part.size())));
    const BitStringPtr bits(ASN1_BIT_STRING_new());
    if (!bits || ASN1_STRING_set(bits.get(), signature.data(), static_cast<int>(signature.size())) != 1)
        throw std::bad_alloc();
    bits->flags |= ASN1_STRING_FLAG_BITS_LEFT;  // none of them: signatures are whole octets
    const bool is_good = decoded && data && key != nullptr &&
                         ASN1_item_verify(ASN1_ITEM_rptr(ASN1_ANY), decoded.get(), bits.get(), data.get(), key) == 1;
    static_cast<void>(drain_error_queue());
    return is_good;
}

/// ResponderID ::= CHOICE { [1] Name, [2] OCTET STRING (SHA-1 of the key) }
bool OcspResponse::Fields::is_named_by_responder(const Certificate& signer) const {
    Reader reader(responder);
    const auto id = reader.next();
    if (!id) return false;
    if (id->tag == der::context(1, true)) return std::ranges::equal(id->content, signer.subject());
    const auto hash = Reader::inside(*id).expect(Tag::kOctetString);
    return hash && is_digest_of(EVP_sha1(), hash->content, signer.public_key().key_octets());
}

bool OcspResponse::Fields::is_delegate(const Certificate& signer, const Certificate& issuer, Time now) const {
    if (!std::ranges::equal(Bytes(signer.issuer_and_serial().issuer), issuer.subject())) return false;
    if (signer.not_before() > now || signer.not_after() < now || signer.public_key().weakness() ||
        signer.signature_weakness()) {
        return false;
    }
    const X509Ptr decoded = decode(signer);
    const X509Ptr decoded_issuer = decode(issuer);
    if (!decoded || !decoded_issuer) return false;
    const std::uint32_t flags = X509_get_extension_flags(decoded.get());
    const bool is_for_ocsp = (flags & (EXFLAG_INVALID | EXFLAG_CRITICAL)) == 0 && (flags & EXFLAG_XKUSAGE) != 0 &&
                             (X509_get_extended_key_usage(decoded.get()) & XKU_OCSP_SIGN) != 0 &&
                             (X509_get_key_usage(decoded.get()) & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) != 0;
    return is_for_ocsp && X509_verify(decoded.get(), X509_get0_pubkey(decoded_issuer.get())) == 1;
}

bool OcspResponse::Fields::is_genuine(const Certificate& issuer, Time now) const {
    const auto is_signed_by = [this](const Certificate& signer) {
        const X509Ptr decoded = decode(signer);
        return decoded && is_signed_with(X509_get0_pubkey(decoded.get()));
    };
    if (is_named_by_responder(issuer) && is_signed_by(issuer)) return true;
    return std::ranges::any_of(signers, [&](const Certificate& signer) {
        return is_named_by_responder(signer) && is_delegate(signer, issuer, now) && is_signed_by(signer);
    });
}

Bytes OcspResponse::der() const {
    return fields_->der;
}

bool OcspResponse::operator==(const OcspResponse& other) const {
    return fields_->der == other.fields_->der;
}

std::optional<Time> OcspResponse::good_until() const {
    std::optional<Time> first;
    for (const Single& single : fields_->singles) {
        const Time end = single.next_update.value_or(single.this_update + kMostAgeWithoutNext);
        first = std::min(first.value_or(end), end);
    }
    return first;
}

OcspFinding OcspResponse::check(const Certificate& certificate, const Certificate& issuer, Time now,
                                OcspSubject subject) const {
    OcspFinding worst;
    for (const Single& single : fields_->singles) {
        if (!names(single.id, certificate, issuer)) continue;
        OcspFinding finding = found(single, subject == OcspSubject::kAuthority, now);
        if (is_worse(finding, worst)) worst = std::move(finding);
    }
    if (worst.status == OcspStatus::kNotAbout) return worst;
    const bool is_genuine = fields_->is_genuine(issuer, now);
    static_cast<void>(drain_error_queue());
    if (!is_genuine) return {OcspStatus::kForged, "that neither its issuer nor a delegate of it signed"};
    return worst;
}

ByteVector ocsp_request(const Certificate& certificate, const Certificate& issuer) {
    const X509Ptr subject = decode(certificate);
    const X509Ptr authority = decode(issuer);
    const RequestPtr request(OCSP_REQUEST_new());
    CertIdPtr id(subject && authority ? OCSP_cert_to_id(EVP_sha1(), subject.get(), authority.get()) : nullptr);
    if (!request || !id || OCSP_request_add0_id(request.get(), id.get()) == nullptr) throw std::bad_alloc();
    static_cast<void>(id.release());
    unsigned char* encoded = nullptr;
    const int size = i2d_OCSP_REQUEST(request.get(), &encoded);
    if (size <= 0) throw std::bad_alloc();
    ByteVector der = copied(as_bytes(encoded, static_cast<std::size_t>(size)));
    OPENSSL_free(encoded);
    return der;
}

Result<OcspResponse> read_ocsp_response(const std::string& path) {
    auto content = files::read(path, OcspResponse::kMostOctets);
    if (!content) return unexpected(content.error());
    auto response = OcspResponse::parse(*content);
    if (!response) response.error().what += " in " + text::escape(path, 300);
    return response;
}

}  // namespace cotter::x509
