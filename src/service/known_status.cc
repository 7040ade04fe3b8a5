// Gathering revocation into evidence.
#include "service/known_status.h"

#include "evidence/crl_numbers.h"

namespace cotter::service {

void KnownStatus::add_to(trust::Evidence& evidence, Bytes stapled, x509::Time now) const {
    evidence.crls = crls;
    evidence.ocsp_responses = ocsp_responses;
    if (auto response = x509::OcspResponse::parse(stapled)) evidence.stapled = std::move(*response);
    if (fetched) {
        evidence.crls.insert(evidence.crls.end(), fetched->crls.begin(), fetched->crls.end());
        evidence.ocsp_responses.insert(evidence.ocsp_responses.end(), fetched->ocsp_responses.begin(),
                                       fetched->ocsp_responses.end());
        evidence.unfetched = fetched->failures;
    }
    if (evidence.crls.empty() || crl_numbers.empty()) return;
    std::vector<x509::Certificate> issuers = evidence.presented;
    // An authority that a TLSA record has whole need not be presented.
    for (const trust::TlsaRecord& record : evidence.dane.records) {
        const bool is_authority = record.usage == 2 && record.selector == 0 && record.matching == 0;
        auto certificate = x509::Certificate::parse(is_authority ? Bytes(record.data) : Bytes());
        if (certificate) issuers.push_back(std::move(*certificate));
    }
    auto memory = evidence::CrlNumbers(crl_numbers).note(evidence.crls, issuers, evidence.anchors, now);
    if (memory) {
        evidence.crl_memory = std::move(*memory);
        return;
    }
    // Whether one of them is an old one can't be told.
    evidence.crls.clear();
    evidence.unfetched.push_back("no CRL counts: " + memory.error().what + ": " + memory.error().why);
}

}  // namespace cotter::service
