// One verified path, or every reason why there is none.
#include "x509/path.h"

#include "x509/trust_anchors_store.h"

#include <openssl/x509v3.h>

#include <algorithm>
#include <new>

namespace cotter::x509 {
namespace {

constexpr std::size_t kMostPresented = 10;
constexpr int kMostDepth = 10;
constexpr int kSecurityLevel = 2;

struct StackDeleter {
    void operator()(STACK_OF(X509) * stack) const { sk_X509_pop_free(stack, X509_free); }
    void operator()(STACK_OF(X509_CRL) * stack) const { sk_X509_CRL_free(stack); }
};
using X509Stack = std::unique_ptr<STACK_OF(X509), StackDeleter>;
using CrlStack = std::unique_ptr<STACK_OF(X509_CRL), StackDeleter>;

bool is_about_revocation(PathProblem problem) {
    return problem == PathProblem::kRevoked || problem == PathProblem::kRevocationUnknown ||
           problem == PathProblem::kStaleRevocation;
}

PathProblem problem_of(int error) {
    switch (error) {
        case X509_V_ERR_CERT_HAS_EXPIRED: return PathProblem::kExpired;
        case X509_V_ERR_CERT_NOT_YET_VALID: return PathProblem::kNotYetValid;
        case X509_V_ERR_INVALID_PURPOSE: return PathProblem::kWrongPurpose;
        case X509_V_ERR_EE_KEY_TOO_SMALL:
        case X509_V_ERR_CA_KEY_TOO_SMALL:
        case X509_V_ERR_EC_KEY_EXPLICIT_PARAMS: return PathProblem::kWeakKey;
        case X509_V_ERR_CA_MD_TOO_WEAK: return PathProblem::kWeakSignature;
        case X509_V_ERR_CERT_REVOKED: return PathProblem::kRevoked;
        case X509_V_ERR_CRL_HAS_EXPIRED:
        case X509_V_ERR_CRL_NOT_YET_VALID:
        case X509_V_ERR_ERROR_IN_CRL_LAST_UPDATE_FIELD:
        case X509_V_ERR_ERROR_IN_CRL_NEXT_UPDATE_FIELD: return PathProblem::kStaleRevocation;
        case X509_V_ERR_UNABLE_TO_GET_CRL:
        case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
        case X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE:
        case X509_V_ERR_CRL_SIGNATURE_FAILURE:
        case X509_V_ERR_KEYUSAGE_NO_CRL_SIGN:
        case X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION:
        case X509_V_ERR_DIFFERENT_CRL_SCOPE:
        case X509_V_ERR_CRL_PATH_VALIDATION_ERROR: return PathProblem::kRevocationUnknown;
        default: return PathProblem::kChainUntrusted;
    }
}

std::string described(const Certificate& certificate) {
    const std::string subject = certificate.subject_text();
    return subject.empty() ? "the certificate with serial number " + certificate.serial_text()
                           : "the certificate of " + subject;
}

/// One validation and what it found.
class Validation {
  public:
    explicit Validation(const PathRequest& request) : request_(request) {}

    std::variant<VerifiedPath, std::vector<PathFailure>> run() {
        if (request_.presented->empty()) return refused(PathProblem::kChainUntrusted, "no certificate was given");
        if (request_.presented->size() > kMostPresented)
            return refused(PathProblem::kChainUntrusted, "more than 10 certificates were presented");
        if (request_.anchors->empty()) return refused(PathProblem::kChainUntrusted, "there is no trust anchor");
        check_presented();
        verify();
        if (failures_.empty()) check_path();
        if (!failures_.empty()) return failures_;
        return path_;
    }

  private:
    std::vector<PathFailure> refused(PathProblem problem, std::string message) {
        return {{problem, std::move(message)}};
    }

    void fail(PathProblem problem, std::string message) {
        PathFailure failure{problem, std::move(message)};
        if (std::ranges::find(failures_, failure) == failures_.end()) failures_.push_back(std::move(failure));
    }

    /// Keys are weighed before anything is computed with them (INVARIANT A102).
    void check_presented() {
        const auto& presented = *request_.presented;
        if (const auto weakness = presented.front().public_key().weakness()) {
            fail(PathProblem::kWeakKey, described(presented.front()) + ": " + *weakness);
        }
        untrusted_.reset(sk_X509_new_null());
        if (!untrusted_) throw std::bad_alloc();
        for (std::size_t i = 1; i < presented.size(); ++i) {
            if (presented[i].public_key().weakness()) {
                left_out_ = &presented[i];
                continue;
            }
            X509Ptr decoded = decode(presented[i]);
            if (!decoded || sk_X509_push(untrusted_.get(), decoded.get()) == 0) continue;
            static_cast<void>(decoded.release());
        }
    }

    void verify() {
        leaf_ = decode(request_.presented->front());
        context_.reset(X509_STORE_CTX_new());
        if (!leaf_ || !context_ ||
            X509_STORE_CTX_init(context_.get(), request_.anchors->store().store.get(), leaf_.get(), untrusted_.get()) !=
                1) {
            static_cast<void>(drain_error_queue());
            return fail(PathProblem::kMalformed, described(request_.presented->front()) + " can't be decoded");
        }
        X509_VERIFY_PARAM* const param = X509_STORE_CTX_get0_param(context_.get());
        const bool is_server = request_.purpose == Purpose::kServer;
        X509_VERIFY_PARAM_set_time(param, static_cast<time_t>(request_.now.time_since_epoch().count()));
        X509_VERIFY_PARAM_set_depth(param, kMostDepth);
        X509_VERIFY_PARAM_set_auth_level(param, kSecurityLevel);
        const bool is_set =
            X509_VERIFY_PARAM_set_purpose(param, is_server ? X509_PURPOSE_SSL_SERVER : X509_PURPOSE_SSL_CLIENT) == 1 &&
            X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN | revocation_flags()) == 1;
        CrlStack crls(sk_X509_CRL_new_null());
        if (!is_set || !crls) return fail(PathProblem::kChainUntrusted, "the path validation could not be set up");
        if (request_.crls != nullptr) {
            for (const CertificateRevocationList& crl : *request_.crls) {
                if (sk_X509_CRL_push(crls.get(), crl.decoded()) == 0) throw std::bad_alloc();
            }
        }
        X509_STORE_CTX_set0_crls(context_.get(), crls.get());
        X509_STORE_CTX_set_app_data(context_.get(), this);
        X509_STORE_CTX_set_verify_cb(context_.get(), &Validation::on_problem);
        const int outcome = X509_verify_cert(context_.get());
        X509_STORE_CTX_set0_crls(context_.get(), nullptr);
        static_cast<void>(drain_error_queue());
        if (outcome != 1 && failures_.empty()) fail(PathProblem::kChainUntrusted, "the path could not be validated");
        if (!failures_.empty() && left_out_ != nullptr) {
            fail(PathProblem::kWeakKey, described(*left_out_) + ": " + *left_out_->public_key().weakness());
        }
    }

    [[nodiscard]] unsigned long revocation_flags() const {
        const bool is_asked = request_.require_crls || (request_.crls != nullptr && !request_.crls->empty());
        if (!is_asked) return 0;
        switch (request_.revocation) {
            case RevocationScope::kOff: return 0;
            case RevocationScope::kLeaf: return X509_V_FLAG_CRL_CHECK;
            case RevocationScope::kChain: return X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
        }
        return X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
    }

    /// Notes the problem and goes on, so that every one is told; nothing is forgiven by it.
    static int on_problem(int is_fine, X509_STORE_CTX* context) {
        if (is_fine == 1) return 1;
        try {
            static_cast<Validation*>(X509_STORE_CTX_get_app_data(context))->note(context);
        } catch (...) {
            return 0;
        }
        return 1;
    }

    void note(X509_STORE_CTX* context) {
        const int error = X509_STORE_CTX_get_error(context);
        const PathProblem problem = problem_of(error);
        const int depth = X509_STORE_CTX_get_error_depth(context);
        const auto subject = known(X509_STORE_CTX_get_current_cert(context));
        // The anchor is trusted as such; only what is below it can be revoked.
        if (is_about_revocation(problem) && depth > 0 && depth == sk_X509_num(X509_STORE_CTX_get0_chain(context)) - 1)
            return;
        // A forged CRL counts as none: what it says of the certificate is not told on.
        if (error == X509_V_ERR_CRL_SIGNATURE_FAILURE) forged_at_ = depth;
        if (problem == PathProblem::kRevoked && depth == forged_at_) return;
        // OpenSSL lets a certificate end one second early.
        if (problem == PathProblem::kExpired && subject && subject->not_after() >= request_.now) return;
        const std::string who = subject ? described(*subject) : "certificate " + std::to_string(depth);
        fail(problem, who + ": " + X509_verify_cert_error_string(error));
    }

    /// Our own reading of one of OpenSSL's certificates: of those presented or of the anchors.
    [[nodiscard]] std::optional<Certificate> known(X509* decoded) const {
        unsigned char* der = nullptr;
        const int size = decoded == nullptr ? 0 : i2d_X509(decoded, &der);
        if (size <= 0) return std::nullopt;
        const Bytes bytes = as_bytes(der, static_cast<std::size_t>(size));
        std::optional<Certificate> found;
        for (const auto* list : {request_.presented, &request_.anchors->certificates()}) {
            const auto same = std::ranges::find_if(
                *list, [&](const Certificate& one) { return std::ranges::equal(one.der(), bytes); });
            if (same != list->end() && !found) found = *same;
        }
        OPENSSL_free(der);
        return found;
    }

    /// What OpenSSL does not ask of a path.
    void check_path() {
        const STACK_OF(X509)* const chain = X509_STORE_CTX_get0_chain(context_.get());
        for (int i = 0; i < sk_X509_num(chain); ++i) {
            auto certificate = known(sk_X509_value(chain, i));
            if (!certificate)
                return fail(PathProblem::kMalformed, "a certificate of the path is not what was presented");
            path_.push_back(std::move(*certificate));
        }
        for (std::size_t i = 0; i < path_.size(); ++i) {
            const bool is_anchor = i + 1 == path_.size();
            if ((i > 0 || is_anchor) && (!path_[i].is_ca() || path_[i].version() != 3)) {
                fail(PathProblem::kChainUntrusted, described(path_[i]) + " is not a certificate authority's");
            }
            if (const auto weakness = path_[i].public_key().weakness())
                fail(PathProblem::kWeakKey, described(path_[i]) + ": " + *weakness);
            if (const auto weakness = path_[i].signature_weakness(); weakness && !is_anchor) {
                fail(PathProblem::kWeakSignature, described(path_[i]) + ": " + *weakness);
            }
        }
        if (path_.empty() || std::ranges::find(request_.anchors->certificates(), path_.back()) ==
                                 request_.anchors->certificates().end()) {
            fail(PathProblem::kChainUntrusted, "the path does not end in a trust anchor");
        }
    }

    const PathRequest& request_;
    const Certificate* left_out_ = nullptr;
    int forged_at_ = -1;  ///< depth of the certificate whose CRL had a wrong signature, which is a failure already
    X509Ptr leaf_;
    X509Stack untrusted_;
    X509StoreContextPtr context_;
    VerifiedPath path_;
    std::vector<PathFailure> failures_;
};

}  // namespace

std::variant<VerifiedPath, std::vector<PathFailure>> validate_path(const PathRequest& request) {
    return Validation(request).run();
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
