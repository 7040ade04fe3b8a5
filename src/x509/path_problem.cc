// The table of what can be wrong with a path.
#include "x509/path_problem.h"

#include <openssl/x509_vfy.h>

namespace cotter::x509 {

Diagnosis diagnose(int verify_error) {
    using enum PathProblem;
    switch (verify_error) {
        case X509_V_ERR_CERT_HAS_EXPIRED: return {kExpired, "has expired"};
        case X509_V_ERR_CERT_NOT_YET_VALID: return {kNotYetValid, "is not valid yet"};
        case X509_V_ERR_INVALID_PURPOSE: return {kWrongPurpose, "is not for this purpose (extended key usage)"};
        case X509_V_ERR_EE_KEY_TOO_SMALL:
        case X509_V_ERR_CA_KEY_TOO_SMALL:
        case X509_V_ERR_EC_KEY_EXPLICIT_PARAMS: return {kWeakKey, "has a key that is too weak"};
        case X509_V_ERR_CA_MD_TOO_WEAK:
            return {kWeakSignature, "is signed by an algorithm that is not taken (SHA-1, MD5 or unknown)"};
        case X509_V_ERR_CERT_REVOKED: return {kRevoked, "is revoked by its issuer's CRL"};
        case X509_V_ERR_CRL_HAS_EXPIRED: return {kStaleRevocation, "is covered only by a CRL that is out of date"};
        case X509_V_ERR_CRL_NOT_YET_VALID:
            return {kStaleRevocation, "is covered only by a CRL whose time has not begun"};
        case X509_V_ERR_ERROR_IN_CRL_LAST_UPDATE_FIELD:
        case X509_V_ERR_ERROR_IN_CRL_NEXT_UPDATE_FIELD:
            return {kStaleRevocation, "is covered only by a CRL without readable times"};
        case X509_V_ERR_UNABLE_TO_GET_CRL: return {kRevocationUnknown, "is covered by no CRL and no OCSP answer"};
        case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
        case X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE:
        case X509_V_ERR_CRL_SIGNATURE_FAILURE:
            return {kRevocationUnknown, "is covered only by a CRL that its issuer did not sign"};
        case X509_V_ERR_KEYUSAGE_NO_CRL_SIGN:
            return {kRevocationUnknown, "is covered only by a CRL whose issuer may not sign CRLs (key usage)"};
        case X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION:
            return {kRevocationUnknown, "is covered only by a CRL with a critical extension that is not known"};
        case X509_V_ERR_DIFFERENT_CRL_SCOPE:
        case X509_V_ERR_CRL_PATH_VALIDATION_ERROR:
            return {kRevocationUnknown, "is covered only by a CRL of another scope"};
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
            return {kChainUntrusted, "has an issuer that is neither a trust anchor nor among what was presented"};
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN: return {kChainUntrusted, "signed itself, and is no trust anchor"};
        case X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE:
        case X509_V_ERR_CERT_SIGNATURE_FAILURE: return {kChainUntrusted, "is not signed by the key of its issuer"};
        case X509_V_ERR_INVALID_CA:
        case X509_V_ERR_INVALID_NON_CA:
        case X509_V_ERR_KEYUSAGE_NO_CERTSIGN:
            return {kChainUntrusted, "may not issue certificates (basic constraints, key usage)"};
        case X509_V_ERR_PATH_LENGTH_EXCEEDED:
            return {kChainUntrusted, "allows fewer authorities below it than there are (path length)"};
        case X509_V_ERR_PERMITTED_VIOLATION:
        case X509_V_ERR_EXCLUDED_VIOLATION:
        case X509_V_ERR_SUBTREE_MINMAX:
        case X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE:
        case X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX:
        case X509_V_ERR_UNSUPPORTED_NAME_SYNTAX:
            return {kChainUntrusted, "has a name that an authority above it may not give (name constraints)"};
        case X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION:
            return {kChainUntrusted, "has a critical extension that is not known"};
        case X509_V_ERR_CERT_CHAIN_TOO_LONG: return {kChainUntrusted, "ends a path of more than 10 certificates"};
        default: return {kChainUntrusted, "can't be validated"};
    }
}

std::string described(const Certificate& certificate) {
    const std::string subject = certificate.subject_text();
    return subject.empty() ? "the certificate with serial number " + certificate.serial_text()
                           : "the certificate of " + subject;
}

bool is_for_want_of_status(const PathFailure& failure) {
    return failure.problem == PathProblem::kRevocationUnknown || failure.problem == PathProblem::kStaleRevocation;
}

bool is_about_revocation(PathProblem problem) {
    return problem == PathProblem::kRevoked || problem == PathProblem::kRevocationUnknown ||
           problem == PathProblem::kStaleRevocation;
}

std::string_view code_of(PathProblem problem) {
    switch (problem) {
        case PathProblem::kChainUntrusted: return "chain_untrusted";
        case PathProblem::kExpired: return "expired";
        case PathProblem::kNotYetValid: return "not_yet_valid";
        case PathProblem::kWrongPurpose: return "wrong_purpose";
        case PathProblem::kWeakKey: return "weak_key";
        case PathProblem::kWeakSignature: return "weak_signature";
        case PathProblem::kRevoked: return "revoked";
        case PathProblem::kRevocationUnknown: return "revocation_unknown";
        case PathProblem::kStaleRevocation: return "stale_revocation";
        case PathProblem::kMalformed: return "malformed";
    }
    return "";
}

}  // namespace cotter::x509
