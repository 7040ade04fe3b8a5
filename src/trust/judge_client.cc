// A server judges a client: the registry decides, and where it knows nothing of the key, a client CA may.
#include "trust/judge.h"
#include "trust/judge_rules.h"
#include "trust/judgement.h"

#include "text/time.h"

#include <algorithm>

namespace cotter::trust {
namespace {

std::string with_detail(std::string message, const std::string& detail) {
    return detail.empty() ? message : message + " (" + detail + ")";
}

/// The subject alternative name that a client of the CA is called by: the first that counts.
const x509::SubjectAltName* name_that_counts(const x509::Certificate& leaf, const AdmissionPolicy& policy) {
    const auto& names = leaf.subject_alternative_names();
    const auto counts = [&](const x509::SubjectAltName& name) {
        if (!name.is_told_whole()) return false;
        return policy.client_names.empty() ||
               std::ranges::any_of(policy.client_names,
                                   [&](const ClientNamePattern& pattern) { return pattern.matches(name); });
    };
    const auto found = std::ranges::find_if(names, counts);
    return found == names.end() ? nullptr : &*found;
}

void judge_by_authority(const Evidence& evidence, const AdmissionPolicy& policy, Time now, Judgement& judgement) {
    judgement.verdict().by_authority = true;
    if (policy.own_key == evidence.presented.front().public_key().canonical()) {
        judgement.refuse(ReasonCode::kNotAdmitted, "it shows this server's own key, which is not in the registry");
        return;
    }
    const auto path = x509::validate_path({.presented = &evidence.presented,
                                           .anchors = &evidence.anchors,
                                           .purpose = x509::Purpose::kClient,
                                           .now = now,
                                           .crls = &evidence.crls,
                                           .require_revocation = policy.require_revocation,
                                           .remembered = evidence.crl_memory.get()});
    if (const auto* failures = std::get_if<std::vector<x509::PathFailure>>(&path)) {
        judgement.refuse(*failures);
        return;
    }
    const auto& verified = std::get<x509::VerifiedPath>(path);
    judgement.verdict().chain = verified;
    judgement.ends_with(verified);
    const x509::SubjectAltName* name = name_that_counts(verified.front(), policy);
    if (name == nullptr) {
        judgement.refuse(ReasonCode::kNotAdmitted,
                         policy.client_names.empty()
                             ? "the certificate has no subject alternative name to call the client by"
                             : "no subject alternative name of the certificate is one of --client-name");
        return;
    }
    judgement.verdict().client_name = "ca:" + name->to_string();
}

void judge_by_registry(const Evidence& evidence, const AdmissionPolicy& policy, Time now, Judgement& judgement) {
    const x509::Certificate& leaf = evidence.presented.front();
    const Standing& standing = evidence.standing;
    judgement.verdict().client_name = standing.name;
    judgement.verdict().chain = {leaf};
    if (standing.matched) judgement.verdict().matched = MatchedPin{*standing.matched, 0};
    // An admission ends with the second before `expires`, as it is judged; a certificate with its last second.
    if (standing.expires) judgement.ends_at(*standing.expires - std::chrono::seconds(1));
    judgement.verdict().disconnects = standing.disconnects;
    judgement.verdict().rules = standing.rules;
    if (standing.rules) judge_rules(*standing.rules, evidence, policy, now, {}, judgement);
    if (!policy.end_with_certificate) return;
    if (now > leaf.not_after()) {
        judgement.refuse(ReasonCode::kExpired,
                         "the certificate of " + standing.name + " ended at " + text::rfc3339(leaf.not_after()));
    }
    judgement.ends_at(leaf.not_after());
}

}  // namespace

Verdict judge(const Evidence& evidence, const AdmissionPolicy& policy, Time now) {
    Judgement judgement(evidence);
    if (!check_peer(evidence, policy.minimum_protocol, judgement)) return judgement.conclude();
    const x509::Certificate& leaf = evidence.presented.front();
    if (evidence.possession != Possession::kProven) {
        judgement.refuse(ReasonCode::kNoCertificate, "possession of the certificate's key was not proven");
    }
    const Standing& standing = evidence.standing;
    judgement.verdict().client_name = standing.name;
    switch (standing.state) {
        case StandingState::kActive:
            if (!standing.matched || standing.name.empty() || !leaf.matches(*standing.matched)) {
                judgement.refuse(ReasonCode::kNotAdmitted, "the registry's entry is not of this key");
                break;
            }
            if (standing.expires && now >= *standing.expires) {
                judgement.refuse(ReasonCode::kClientExpired, "the admission of " + standing.name + " has ended");
                break;
            }
            judge_by_registry(evidence, policy, now, judgement);
            break;
        case StandingState::kSuspended:
            judgement.refuse(ReasonCode::kSuspended, with_detail(standing.name + " is suspended", standing.detail));
            break;
        case StandingState::kRevoked:
            judgement.refuse(ReasonCode::kRevoked,
                             with_detail(standing.name.empty() ? "the key is revoked" : standing.name + " is revoked",
                                         standing.detail));
            judgement.verdict().farewell = standing.farewell;
            break;
        case StandingState::kExpired:
            judgement.refuse(ReasonCode::kClientExpired,
                             with_detail("the admission of " + standing.name + " has ended", standing.detail));
            break;
        case StandingState::kUnavailable:
            // Nor may the CA admit: the registry's denials can't be known.
            judgement.refuse(ReasonCode::kNotAdmitted, "the registry can't be read, so nobody new is admitted");
            break;
        case StandingState::kUnknown:
            judgement.verdict().is_stranger = standing.detail.empty();
            if (policy.by_authority) {
                judge_by_authority(evidence, policy, now, judgement);
            } else {
                judgement.refuse(ReasonCode::kNotAdmitted,
                                 with_detail("the key " + own_pin(leaf) + " is not in the registry", standing.detail));
            }
            break;
    }
    if (policy.service_rules && !judgement.is_refused()) {
        judge_rules(*policy.service_rules, evidence, policy, now, "at the service " + policy.service + ", ", judgement);
    }
    return judgement.conclude();
}

}  // namespace cotter::trust
