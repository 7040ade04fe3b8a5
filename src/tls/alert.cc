// Verdicts to alerts, and alerts to names.
#include "tls/alert.h"

#include <openssl/x509_vfy.h>

namespace cotter::tls {

std::string_view Alert::name() const {
    switch (number) {
        case 0: return "close_notify";
        case 10: return "unexpected_message";
        case 20: return "bad_record_mac";
        case 22: return "record_overflow";
        case 40: return "handshake_failure";
        case 42: return "bad_certificate";
        case 43: return "unsupported_certificate";
        case 44: return "certificate_revoked";
        case 45: return "certificate_expired";
        case 46: return "certificate_unknown";
        case 47: return "illegal_parameter";
        case 48: return "unknown_ca";
        case 49: return "access_denied";
        case 50: return "decode_error";
        case 51: return "decrypt_error";
        case 70: return "protocol_version";
        case 71: return "insufficient_security";
        case 80: return "internal_error";
        case 86: return "inappropriate_fallback";
        case 90: return "user_canceled";
        case 109: return "missing_extension";
        case 110: return "unsupported_extension";
        case 112: return "unrecognized_name";
        case 113: return "bad_certificate_status_response";
        case 115: return "unknown_psk_identity";
        case 116: return "certificate_required";
        case 120: return "no_application_protocol";
        default: return "unassigned";
    }
}

bool Alert::refuses_certificate() const {
    return (number >= 42 && number <= 46) || number == 48 || number == 49 || number == 116;
}

int verify_error_for(const trust::Verdict& refusal) {
    using enum trust::ReasonCode;
    // Numbers that OpenSSL's table doesn't list become certificate_unknown.
    constexpr int kCertificateUnknown = X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER + 1000;
    if (refusal.reasons.empty()) return kCertificateUnknown;
    switch (refusal.first_reason().code) {
        case kMalformed:
        case kPinDenied:
        case kPinMismatch:
        case kEmptyPinset:
        case kContinuityChanged:
        case kContinuityUnknown:
        case kContinuityRevoked:
        case kHostMismatch:
        case kWeakKey:
        case kWeakSignature:
        case kDaneBogus:
        case kDaneMismatch: return X509_V_ERR_CERT_REJECTED;
        case kChainUntrusted: return X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY;
        case kExpired: return X509_V_ERR_CERT_HAS_EXPIRED;
        case kRevoked: return refusal.by_authority ? X509_V_ERR_CERT_REVOKED : kCertificateUnknown;
        case kWrongPurpose: return X509_V_ERR_INVALID_PURPOSE;
        case kNotYetValid: return X509_V_ERR_CERT_NOT_YET_VALID;
        case kNoCertificate:
        case kNotAdmitted:
        case kSuspended:
        case kClientExpired:
        case kRevocationUnknown:
        case kStaleRevocation:
        case kPolicyExpired:
        case kNoPolicy:
        case kDowngradedProtocol:
        case kProxyPin:
        case kDaneRecords:
        case kTimestamps:
        case kNotary:
        case kKeyLog: return kCertificateUnknown;
    }
    return kCertificateUnknown;
}

}  // namespace cotter::tls
