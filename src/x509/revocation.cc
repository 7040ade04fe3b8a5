// Joining CRLs and OCSP answers.
#include "x509/revocation.h"

#include "x509/crl_choice.h"
#include "x509/path_problem.h"
#include "x509/status_extensions.h"
#include "x509/trust_anchors_store.h"

#include <openssl/x509_vfy.h>

#include <algorithm>

namespace cotter::x509 {

CrlSelection::CrlSelection(const PathRequest& request, const std::vector<const Certificate*>& issuers,
                           std::span<x509_st* const> decoded_issuers) {
    if (request.crls == nullptr) return;
    std::vector<CertificateRevocationList> current;
    for (const CertificateRevocationList& crl : *request.crls) {
        const CrlEdition* newer = nullptr;
        for (std::size_t i = 0; i < issuers.size() && request.remembered != nullptr && newer == nullptr; ++i) {
            newer = newer_than(*request.remembered, crl, *issuers[i], decoded_issuers[i]);
            if (newer != nullptr)
                set_aside_.push_back(
                    {issuers[i],
                     "is covered only by a CRL that is older than one seen before, which is " + newer->to_string()});
        }
        if (newer == nullptr) current.push_back(crl);
    }
    chosen_ = choose_crls(current, decoded_issuers, request.now);
}

std::string CrlSelection::newer_than_given(const Certificate& issuer) const {
    const auto found = std::ranges::find_if(
        set_aside_, [&](const SetAside& one) { return one.issuer->public_key() == issuer.public_key(); });
    return found == set_aside_.end() ? std::string() : found->words;
}

bool RevocationFindings::is_asked() const {
    return request_.revocation != RevocationScope::kOff &&
           (request_.require_revocation || (request_.crls != nullptr && !request_.crls->empty()) ||
            (request_.ocsp_responses != nullptr && !request_.ocsp_responses->empty()));
}

unsigned long RevocationFindings::flags() const {
    if (!is_asked()) return 0;
    return request_.revocation == RevocationScope::kLeaf ? X509_V_FLAG_CRL_CHECK
                                                         : X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
}

void RevocationFindings::note(int verify_error, int depth) {
    problems_.push_back({verify_error, static_cast<std::size_t>(depth)});
}

std::vector<int> RevocationFindings::problems_at(std::size_t depth) const {
    std::vector<int> found;
    bool is_forged = false;
    for (const CrlProblem& problem : problems_) {
        if (problem.depth != depth) continue;
        is_forged = is_forged || problem.verify_error == X509_V_ERR_CRL_SIGNATURE_FAILURE;
        // A forged CRL counts as none: what it says of the certificate is not told on.
        if (problem.verify_error == X509_V_ERR_CERT_REVOKED && is_forged) continue;
        found.push_back(problem.verify_error);
    }
    return found;
}

RevocationFindings::OcspOutcome RevocationFindings::ask_responses(const std::vector<const Certificate*>& chain,
                                                                  std::size_t depth) const {
    OcspOutcome outcome;
    const auto ask = [&](const OcspResponse& response, std::string_view name) {
        const OcspFinding finding = response.check(*chain[depth], *chain[depth + 1], request_.now,
                                                   depth == 0 ? OcspSubject::kLeaf : OcspSubject::kAuthority);
        const std::string covered = "is covered only by " + std::string(name) + " " + finding.words;
        switch (finding.status) {
            case OcspStatus::kNotAbout: break;
            case OcspStatus::kGood: outcome.is_good = true; break;
            case OcspStatus::kRevoked:
                outcome.revoked = "is revoked by " + std::string(name) + ", " + finding.words;
                break;
            case OcspStatus::kUnknown:
            case OcspStatus::kForged: outcome.others.push_back({PathProblem::kRevocationUnknown, covered}); break;
            case OcspStatus::kStale: outcome.others.push_back({PathProblem::kStaleRevocation, covered}); break;
        }
    };
    if (request_.ocsp_responses != nullptr) {
        for (const OcspResponse& response : *request_.ocsp_responses) ask(response, "an OCSP answer");
    }
    if (request_.stapled != nullptr && depth == 0) ask(*request_.stapled, "a stapled OCSP answer");
    return outcome;
}

/// OpenSSL looks at one CRL a certificate; but any revocation wins.
bool RevocationFindings::is_listed_in_a_genuine_crl(const Certificate& certificate, const Certificate& issuer,
                                                    std::span<X509_crl_st* const> crls) const {
    if (crls.empty()) return false;
    const X509Ptr subject = decode(certificate);
    const X509Ptr authority = decode(issuer);
    if (!subject || !authority) return true;
    const bool is_listed = std::ranges::any_of(crls, [&](X509_CRL* crl) {
        X509_REVOKED* entry = nullptr;
        return X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(authority.get())) == 0 &&
               X509_CRL_get0_by_cert(crl, &entry, subject.get()) == 1 &&
               X509_CRL_verify(crl, X509_get0_pubkey(authority.get())) == 1;
    });
    static_cast<void>(drain_error_queue());
    return is_listed;
}

/// RFC 7633 4.2.2: what an authority of the path asks of those below it holds for the server's certificate, too. A
/// client's certificate is not stapled to by anybody.
bool RevocationFindings::must_be_stapled(const std::vector<const Certificate*>& chain) const {
    return request_.purpose == Purpose::kServer &&
           std::any_of(chain.begin(), chain.end() - 1, [](const Certificate* one) { return asks_for_staple(*one); });
}

std::vector<PathFailure> RevocationFindings::conclude(const std::vector<const Certificate*>& chain) const {
    std::vector<PathFailure> failures;
    std::vector<X509_crl_st*> given;
    if (request_.crls != nullptr) {
        for (const CertificateRevocationList& crl : *request_.crls) given.push_back(crl.decoded());
    }
    if (request_.revocation == RevocationScope::kOff || chain.size() < 2) return failures;
    // The anchor is trusted as such; only what is below it can be revoked.
    const std::size_t end = request_.revocation == RevocationScope::kLeaf ? 1 : chain.size() - 1;
    for (std::size_t depth = 0; depth < end; ++depth) {
        const Certificate& certificate = *chain[depth];
        const Certificate& issuer = *chain[depth + 1];
        const auto says = [&](PathProblem problem, std::string_view words) {
            failures.push_back({problem, described(certificate) + " " + std::string(words)});
        };
        const OcspOutcome ocsp = ask_responses(chain, depth);
        const std::vector<int> problems = problems_at(depth);
        if (!ocsp.revoked.empty()) says(PathProblem::kRevoked, ocsp.revoked);
        // Where nothing is wrong with the CRL that decided, the newest of another scope may still list it; where an
        // answer covers it instead, so may one of any age.
        const bool asks_all = ocsp.is_good && !problems.empty();
        if (std::ranges::find(problems, X509_V_ERR_CERT_REVOKED) != problems.end() ||
            ((asks_all || problems.empty()) &&
             is_listed_in_a_genuine_crl(certificate, issuer, asks_all ? given : crls_.chosen()))) {
            says(PathProblem::kRevoked, diagnose(X509_V_ERR_CERT_REVOKED).words);
        }
        if (ocsp.is_good) continue;
        const bool must_staple = depth == 0 && must_be_stapled(chain);
        if (must_staple && ocsp.revoked.empty()) {
            says(PathProblem::kRevocationUnknown,
                 "must come with a current OCSP answer (TLS feature, must-staple), and none did");
        }
        if (problems.empty() && !must_staple) continue;
        for (const PathFailure& other : ocsp.others) says(other.problem, other.message);
        // One that was set aside matters only where no other is left to decide.
        const bool has_none = std::ranges::find(problems, X509_V_ERR_UNABLE_TO_GET_CRL) != problems.end();
        const std::string newer = has_none ? crls_.newer_than_given(issuer) : "";
        if (!newer.empty()) says(PathProblem::kStaleRevocation, newer);
        const bool is_told = !ocsp.others.empty() || !newer.empty() || !ocsp.revoked.empty();
        for (const int problem : problems) {
            if (problem == X509_V_ERR_CERT_REVOKED || (problem == X509_V_ERR_UNABLE_TO_GET_CRL && is_told)) continue;
            const auto [code, words] = diagnose(problem);
            says(code, words);
        }
    }
    return failures;
}

}  // namespace cotter::x509
