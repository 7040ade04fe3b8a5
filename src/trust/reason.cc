// Reason codes as text, and their order.
#include "trust/reason.h"

#include <algorithm>

namespace cotter::trust {

std::string_view text_of(ReasonCode code) {
    switch (code) {
        case ReasonCode::kMalformed: return "malformed";
        case ReasonCode::kNoCertificate: return "no_certificate";
        case ReasonCode::kPinDenied: return "pin_denied";
        case ReasonCode::kRevoked: return "revoked";
        case ReasonCode::kNotAdmitted: return "not_admitted";
        case ReasonCode::kSuspended: return "suspended";
        case ReasonCode::kClientExpired: return "client_expired";
        case ReasonCode::kPinMismatch: return "pin_mismatch";
        case ReasonCode::kChainUntrusted: return "chain_untrusted";
        case ReasonCode::kHostMismatch: return "host_mismatch";
        case ReasonCode::kExpired: return "expired";
        case ReasonCode::kEmptyPinset: return "empty_pinset";
        case ReasonCode::kContinuityChanged: return "continuity_changed";
        case ReasonCode::kContinuityUnknown: return "continuity_unknown";
        case ReasonCode::kContinuityRevoked: return "continuity_revoked";
        case ReasonCode::kNotYetValid: return "not_yet_valid";
        case ReasonCode::kWrongPurpose: return "wrong_purpose";
        case ReasonCode::kWeakKey: return "weak_key";
        case ReasonCode::kWeakSignature: return "weak_signature";
        case ReasonCode::kRevocationUnknown: return "revocation_unknown";
        case ReasonCode::kStaleRevocation: return "stale_revocation";
        case ReasonCode::kPolicyExpired: return "policy_expired";
        case ReasonCode::kNoPolicy: return "no_policy";
        case ReasonCode::kDaneBogus: return "dane_bogus";
        case ReasonCode::kDaneMismatch: return "dane_mismatch";
        case ReasonCode::kDowngradedProtocol: return "downgraded_protocol";
        case ReasonCode::kProxyPin: return "proxy_pin";
        case ReasonCode::kDaneRecords: return "dane_records";
        case ReasonCode::kTimestamps: return "timestamps";
        case ReasonCode::kNotary: return "notary";
        case ReasonCode::kKeyLog: return "key_log";
    }
    return "";
}

void sort_by_precedence(std::vector<Reason>& reasons) {
    // Not std::stable_sort: with libstdc++ 12 clang 19 refuses what it is made of.
    std::vector<Reason> sorted;
    for (Reason& reason : reasons) {
        if (std::ranges::find(sorted, reason) != sorted.end()) continue;
        const auto after = std::ranges::upper_bound(sorted, reason.code, {}, &Reason::code);
        sorted.insert(after, std::move(reason));
    }
    reasons = std::move(sorted);
}

}  // namespace cotter::trust
