// Sorting CRLs by issuer, scope and age before OpenSSL sees them: on its own it would take an older one that is still
// in its time over a newer one that is not, and a forged one over a good one.
#include "x509/crl_choice.h"

#include <openssl/x509v3.h>

#include <algorithm>

namespace cotter::x509 {
namespace {

using NumberPtr = std::unique_ptr<ASN1_INTEGER, FreeBy<ASN1_INTEGER_free>>;

/// Whose certificates it speaks of: two CRLs of one issuer with the same issuing distribution point, or none, compete.
bool has_same_scope(const X509_CRL* a, const X509_CRL* b) {
    if (X509_NAME_cmp(X509_CRL_get_issuer(a), X509_CRL_get_issuer(b)) != 0) return false;
    const auto point = [](const X509_CRL* crl) -> const ASN1_OCTET_STRING* {
        const int at = X509_CRL_get_ext_by_NID(crl, NID_issuing_distribution_point, -1);
        return at < 0 ? nullptr : X509_EXTENSION_get_data(X509_CRL_get_ext(crl, at));
    };
    const ASN1_OCTET_STRING* const first = point(a);
    const ASN1_OCTET_STRING* const second = point(b);
    if (first == nullptr || second == nullptr) return first == second;
    return ASN1_STRING_cmp(first, second) == 0;
}

bool is_genuine(X509_CRL* crl, std::span<X509* const> issuers) {
    return std::ranges::any_of(issuers, [&](X509* issuer) {
        return X509_NAME_cmp(X509_get_subject_name(issuer), X509_CRL_get_issuer(crl)) == 0 &&
               X509_CRL_verify(crl, X509_get0_pubkey(issuer)) == 1;
    });
}

/// Whether a was issued before b: by thisUpdate, then by CRL number.
bool is_older(const X509_CRL* a, const X509_CRL* b) {
    const int order = ASN1_TIME_compare(X509_CRL_get0_lastUpdate(a), X509_CRL_get0_lastUpdate(b));
    if (order != 0) return order < 0;
    const auto number = [](const X509_CRL* crl) {
        return NumberPtr(static_cast<ASN1_INTEGER*>(X509_CRL_get_ext_d2i(crl, NID_crl_number, nullptr, nullptr)));
    };
    const NumberPtr first = number(a);
    const NumberPtr second = number(b);
    return first && second && ASN1_INTEGER_cmp(first.get(), second.get()) < 0;
}

bool has_begun(const X509_CRL* crl, Time now) {
    auto at = static_cast<time_t>(now.time_since_epoch().count());
    return ASN1_TIME_cmp_time_t(X509_CRL_get0_lastUpdate(crl), at) <= 0;
}

/// Of CRLs that compete, the newest that is genuine and whose time has begun; else the newest genuine one; null if none
/// is.
X509_CRL* newest(std::vector<X509_CRL*> rivals, std::span<X509* const> issuers, Time now) {
    std::erase_if(rivals, [&](X509_CRL* crl) { return !is_genuine(crl, issuers); });
    if (std::ranges::any_of(rivals, [&](X509_CRL* crl) { return has_begun(crl, now); })) {
        std::erase_if(rivals, [&](X509_CRL* crl) { return !has_begun(crl, now); });
    }
    const auto found = std::ranges::max_element(rivals, is_older);
    return found == rivals.end() ? nullptr : *found;
}

}  // namespace

std::vector<X509_CRL*> choose_crls(const std::vector<CertificateRevocationList>& crls, std::span<X509* const> issuers,
                                   Time now) {
    std::vector<X509_CRL*> chosen;
    std::vector<X509_CRL*> waiting;
    for (const CertificateRevocationList& crl : crls) waiting.push_back(crl.decoded());
    while (!waiting.empty()) {
        const X509_CRL* const first = waiting.front();
        const auto others =
            std::ranges::partition(waiting, [&](const X509_CRL* crl) { return has_same_scope(crl, first); });
        const std::vector<X509_CRL*> rivals(waiting.begin(), others.begin());
        waiting.erase(waiting.begin(), others.begin());
        if (rivals.size() == 1) {
            chosen.push_back(rivals.front());
        } else if (X509_CRL* const best = newest(rivals, issuers, now)) {
            chosen.push_back(best);
        }
    }
    return chosen;
}

}  // namespace cotter::x509
