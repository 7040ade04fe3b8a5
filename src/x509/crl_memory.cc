// Comparing editions of CRLs.
#include "x509/crl_memory.h"

#include "der/reader.h"
#include "pin/digest.h"
#include "text/encoding.h"
#include "text/time.h"
#include "x509/openssl.h"
#include "x509/trust_anchors_store.h"

#include <openssl/x509v3.h>

#include <ctime>

namespace cotter::x509 {
namespace {

std::optional<Time> time_of_asn1(const ASN1_TIME* time) {
    std::tm fields{};
    if (time == nullptr || ASN1_TIME_to_tm(time, &fields) != 1) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(fields.tm_year + 1900),
                                           std::chrono::month(static_cast<unsigned>(fields.tm_mon) + 1),
                                           std::chrono::day(static_cast<unsigned>(fields.tm_mday))};
    return std::chrono::sys_days(date) + std::chrono::hours(fields.tm_hour) + std::chrono::minutes(fields.tm_min) +
           std::chrono::seconds(fields.tm_sec);
}

Bytes value_of(const ASN1_OCTET_STRING* text) {
    return as_bytes(ASN1_STRING_get0_data(text), static_cast<std::size_t>(ASN1_STRING_length(text)));
}

/// The content of an extension; nothing if the CRL hasn't it.
std::optional<Bytes> extension_of(const X509_CRL* crl, int nid) {
    const int at = X509_CRL_get_ext_by_NID(crl, nid, -1);
    if (at < 0) return std::nullopt;
    return value_of(X509_EXTENSION_get_data(X509_CRL_get_ext(crl, at)));
}

std::optional<std::string> number_of(const X509_CRL* crl) {
    const auto value = extension_of(crl, NID_crl_number);
    if (!value) return std::nullopt;
    const auto element = der::read_single(*value, der::Tag::kInteger);
    const auto number = element ? der::unsigned_integer(*element) : unexpected(element.error());
    if (!number) return std::nullopt;
    std::string hex = text::hex(*number);
    hex.erase(0, std::min(hex.find_first_not_of('0'), hex.size()));
    return hex.empty() ? "0" : hex;
}

CrlScope scope_of(const CertificateRevocationList& crl, const Certificate& issuer) {
    CrlScope scope{sha256(issuer.public_key().subject_public_key_info())};
    if (const auto part = extension_of(crl.decoded(), NID_issuing_distribution_point)) scope.part = sha256(*part);
    return scope;
}

/// Without its digest, which costs.
CrlEdition edition_of(const CertificateRevocationList& crl) {
    return {number_of(crl.decoded()), time_of_asn1(X509_CRL_get0_lastUpdate(crl.decoded())).value_or(Time{}), {}};
}

bool is_signed_by(const CertificateRevocationList& crl, X509* issuer) {
    const bool is_its = issuer != nullptr &&
                        X509_NAME_cmp(X509_get_subject_name(issuer), X509_CRL_get_issuer(crl.decoded())) == 0 &&
                        X509_CRL_verify(crl.decoded(), X509_get0_pubkey(issuer)) == 1;
    static_cast<void>(drain_error_queue());
    return is_its;
}

/// Numbers in hex without leading zeros: the longer is the larger.
bool is_less(const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() < b.size() : a < b;
}

}  // namespace

bool CrlEdition::is_newer_than(const CrlEdition& other) const {
    const bool both = number && other.number;
    return (both && is_less(*other.number, *number)) || other.this_update < this_update;
}

std::string CrlEdition::to_string() const {
    return (number ? "number " + *number + " " : "") + "of " + text::rfc3339(this_update);
}

std::optional<Time> next_update_of(const CertificateRevocationList& crl) {
    return time_of_asn1(X509_CRL_get0_nextUpdate(crl.decoded()));
}

std::vector<CrlSighting> sightings(const std::vector<CertificateRevocationList>& crls,
                                   const std::vector<Certificate>& presented, const TrustAnchors& anchors, Time now) {
    std::vector<CrlSighting> seen;
    const auto look = [&](const CertificateRevocationList& crl, const Certificate& issuer, X509* decoded) {
        if (!is_signed_by(crl, decoded)) return;
        CrlSighting sighting{scope_of(crl, issuer), edition_of(crl)};
        if (sighting.edition.this_update > now) return;
        sighting.edition.digest = sha256(crl.der());
        seen.push_back(std::move(sighting));
    };
    for (const CertificateRevocationList& crl : crls) {
        // Nothing is computed with a weak key, which may be one that takes long (INVARIANT A102).
        for (const Certificate& issuer : presented) {
            if (!issuer.public_key().weakness()) look(crl, issuer, decode(issuer).get());
        }
        const auto& store = anchors.store();
        for (std::size_t i = 0; i < store.decoded.size(); ++i) look(crl, store.certificates[i], store.decoded[i].get());
    }
    return seen;
}

const CrlEdition* newer_than(const CrlMemory& memory, const CertificateRevocationList& crl, const Certificate& issuer,
                             X509* decoded_issuer) {
    const auto found = memory.find(scope_of(crl, issuer));
    const bool is_older = found != memory.end() && found->second.is_newer_than(edition_of(crl));
    return is_older && is_signed_by(crl, decoded_issuer) ? &found->second : nullptr;
}

}  // namespace cotter::x509
