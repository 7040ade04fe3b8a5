// Shared pieces of judging.
#include "trust/judgement.h"

#include <algorithm>

namespace cotter::trust {
namespace {

ReasonCode reason_of(x509::PathProblem problem) {
    switch (problem) {
        case x509::PathProblem::kChainUntrusted: return ReasonCode::kChainUntrusted;
        case x509::PathProblem::kExpired: return ReasonCode::kExpired;
        case x509::PathProblem::kNotYetValid: return ReasonCode::kNotYetValid;
        case x509::PathProblem::kWrongPurpose: return ReasonCode::kWrongPurpose;
        case x509::PathProblem::kWeakKey: return ReasonCode::kWeakKey;
        case x509::PathProblem::kWeakSignature: return ReasonCode::kWeakSignature;
        case x509::PathProblem::kRevoked: return ReasonCode::kRevoked;
        case x509::PathProblem::kRevocationUnknown: return ReasonCode::kRevocationUnknown;
        case x509::PathProblem::kStaleRevocation: return ReasonCode::kStaleRevocation;
        case x509::PathProblem::kMalformed: return ReasonCode::kMalformed;
    }
    return ReasonCode::kMalformed;
}

std::string_view name_of(Protocol protocol) {
    switch (protocol) {
        case Protocol::kNone: return "none";
        case Protocol::kTls12: return "TLS 1.2";
        case Protocol::kTls13: return "TLS 1.3";
    }
    return "";
}

}  // namespace

void Judgement::refuse(const std::vector<x509::PathFailure>& failures) {
    for (const x509::PathFailure& failure : failures) refuse(reason_of(failure.problem), failure.message);
    if (failures.empty()) refuse(ReasonCode::kChainUntrusted, "no path to a trust anchor could be verified");
}

void Judgement::ends_at(std::optional<Time> time) {
    if (time) verdict_.valid_until = verdict_.valid_until ? std::min(*verdict_.valid_until, *time) : *time;
}

void Judgement::ends_with(const std::vector<x509::Certificate>& chain) {
    for (const x509::Certificate& certificate : chain) ends_at(certificate.not_after());
}

Verdict Judgement::conclude(Outcome otherwise) {
    sort_by_precedence(verdict_.reasons);
    verdict_.outcome = verdict_.reasons.empty() ? Outcome::kTrusted : otherwise;
    return std::move(verdict_);
}

bool check_peer(const Evidence& evidence, Protocol minimum, Judgement& judgement) {
    if (evidence.malformed) {
        judgement.refuse(ReasonCode::kMalformed, "the certificate sent can't be read: " + *evidence.malformed);
        return false;
    }
    if (evidence.presented.empty()) {
        judgement.refuse(ReasonCode::kNoCertificate, "no certificate was sent");
        return false;
    }
    const bool is_live = evidence.protocol != Protocol::kNone;
    if (is_live && evidence.possession != Possession::kProven) {
        judgement.refuse(ReasonCode::kNoCertificate, "possession of the certificate's key was not proven");
    }
    if (is_live && evidence.protocol < minimum) {
        judgement.refuse(ReasonCode::kDowngradedProtocol, std::string(name_of(evidence.protocol)) +
                                                              " was negotiated, and " + std::string(name_of(minimum)) +
                                                              " is the least allowed");
    }
    if (const auto weakness = evidence.presented.front().public_key().weakness()) {
        judgement.refuse(ReasonCode::kWeakKey, *weakness);
    }
    return true;
}

std::string own_pin(const x509::Certificate& certificate) {
    return certificate.pin(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256)->to_string();
}

}  // namespace cotter::trust
