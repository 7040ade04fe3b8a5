// One verified path, or every reason why there is none. OpenSSL builds one path and never turns back; here it is asked
// again without a certificate that led astray, a bounded number of times (INVARIANTS A95, A162).
#include "x509/path.h"

#include "text/time.h"
#include "x509/name_constraints.h"
#include "x509/path_problem.h"
#include "x509/revocation.h"
#include "x509/trust_anchors_store.h"

#include <openssl/x509v3.h>

#include <algorithm>
#include <deque>
#include <new>
#include <set>

namespace cotter::x509 {
namespace {

constexpr std::size_t kMostPresented = 10;
constexpr int kMostIntermediates = 8;  // between the leaf and the anchor: 10 certificates in all
constexpr std::size_t kMostAttempts = 8;
constexpr int kSecurityLevel = 2;

/// OpenSSL's lists, without what is in them.
struct FreeStack {
    void operator()(STACK_OF(X509) * stack) const { sk_X509_free(stack); }
    void operator()(STACK_OF(X509_CRL) * stack) const { sk_X509_CRL_free(stack); }
};
using CertificateStack = std::unique_ptr<STACK_OF(X509), FreeStack>;
using CrlStack = std::unique_ptr<STACK_OF(X509_CRL), FreeStack>;
using Failures = std::vector<PathFailure>;
using LeftOut = std::set<const X509*>;

/// A certificate as we read it, with OpenSSL's decoding of it, which another owns.
struct Candidate {
    const Certificate* certificate;
    X509* decoded;
};

/// What one call of OpenSSL's validation built and found.
class Attempt {
  public:
    Attempt(const PathRequest& request, const std::vector<Candidate>& candidates, const CrlSelection& crls)
        : request_(request), candidates_(candidates), crls_(crls), revocation_(request, crls) {}

    /// The path, if nothing was found wrong with it; chain() and failures() tell of one that was refused.
    bool run(X509* leaf, std::span<const Candidate> presented, std::span<const Candidate> anchors,
             const LeftOut& left_out) {
        const auto stack_of = [&](std::span<const Candidate> from) {
            CertificateStack stack(sk_X509_new_null());
            if (!stack) throw std::bad_alloc();
            for (const Candidate& one : from) {
                if (!left_out.contains(one.decoded) && sk_X509_push(stack.get(), one.decoded) == 0)
                    throw std::bad_alloc();
            }
            return stack;
        };
        const CertificateStack untrusted = stack_of(presented);
        const CertificateStack trusted = stack_of(anchors);
        const X509StoreContextPtr context(X509_STORE_CTX_new());
        if (!context ||
            X509_STORE_CTX_init(context.get(), request_.anchors->store().store.get(), leaf, untrusted.get()) != 1) {
            throw std::bad_alloc();
        }
        if (static_cast<std::size_t>(sk_X509_num(trusted.get())) != anchors.size()) {
            X509_STORE_CTX_set0_trusted_stack(context.get(), trusted.get());
        }
        CrlStack crls(sk_X509_CRL_new_null());
        if (!crls) throw std::bad_alloc();
        for (X509_CRL* crl : crls_.chosen()) {
            if (sk_X509_CRL_push(crls.get(), crl) == 0) throw std::bad_alloc();
        }
        X509_STORE_CTX_set0_crls(context.get(), crls.get());
        if (!set_rules(X509_STORE_CTX_get0_param(context.get()))) {
            fail(PathProblem::kChainUntrusted, "the path validation could not be set up");
            return false;
        }
        X509_STORE_CTX_set_app_data(context.get(), this);
        X509_STORE_CTX_set_verify_cb(context.get(), &Attempt::on_problem);
        const int outcome = X509_verify_cert(context.get());
        note_chain(X509_STORE_CTX_get0_chain(context.get()));
        if (outcome != 1 && failures_.empty()) fail(PathProblem::kChainUntrusted, "the path could not be validated");
        check_path();
        check_revocation();
        return failures_.empty();
    }

    [[nodiscard]] const std::vector<Candidate>& chain() const { return chain_; }
    [[nodiscard]] const Failures& failures() const { return failures_; }

  private:
    /// X509_V_FLAG_X509_STRICT stays off: it asks private authorities for key identifiers and the like, which decide
    /// nothing here; what of it does decide is in check_path. No policy tree (A164), no delta CRLs (A111).
    bool set_rules(X509_VERIFY_PARAM* param) const {
        const bool is_server = request_.purpose == Purpose::kServer;
        X509_VERIFY_PARAM_set_time(param, static_cast<time_t>(request_.now.time_since_epoch().count()));
        X509_VERIFY_PARAM_set_depth(param, kMostIntermediates);
        X509_VERIFY_PARAM_set_auth_level(param, kSecurityLevel);
        return X509_VERIFY_PARAM_set_purpose(param, is_server ? X509_PURPOSE_SSL_SERVER : X509_PURPOSE_SSL_CLIENT) ==
                   1 &&
               X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN | revocation_.flags()) == 1;
    }

    /// Notes the problem and goes on, so that every one is told; nothing is forgiven by it.
    static int on_problem(int is_fine, X509_STORE_CTX* context) {
        if (is_fine == 1) return 1;
        try {
            static_cast<Attempt*>(X509_STORE_CTX_get_app_data(context))->note(context);
        } catch (...) {
            return 0;
        }
        return 1;
    }

    void note(X509_STORE_CTX* context) {
        const int depth = X509_STORE_CTX_get_error_depth(context);
        X509* const current = X509_STORE_CTX_get_current_cert(context);
        int error = X509_STORE_CTX_get_error(context);
        // It says so, too, of an authority that may not issue, whatever its extended key usage is.
        if (error == X509_V_ERR_INVALID_PURPOSE && depth > 0 && current != nullptr && is_for_purpose(current))
            error = X509_V_ERR_INVALID_CA;
        const auto [problem, words] = diagnose(error);
        if (is_about_revocation(problem)) return revocation_.note(error, depth);
        const Candidate* const subject = known(current);
        if (subject == nullptr) return fail(problem, "certificate " + std::to_string(depth) + " " + std::string(words));
        const Certificate& certificate = *subject->certificate;
        // OpenSSL lets a certificate end one second early.
        if (problem == PathProblem::kExpired && certificate.not_after() >= request_.now) return;
        fail(problem, described(certificate) + " " + std::string(words) + detail(problem, certificate));
    }

    static std::string detail(PathProblem problem, const Certificate& certificate) {
        if (problem == PathProblem::kExpired) return ", at " + text::rfc3339(certificate.not_after());
        if (problem == PathProblem::kNotYetValid) return ", until " + text::rfc3339(certificate.not_before());
        const auto weakness = problem == PathProblem::kWeakKey ? certificate.public_key().weakness() : std::nullopt;
        return weakness ? ": " + *weakness : "";
    }

    void fail(PathProblem problem, std::string message) {
        PathFailure failure{problem, std::move(message)};
        if (std::ranges::find(failures_, failure) == failures_.end()) failures_.push_back(std::move(failure));
    }

    /// Whether the extended key usage allows it; without any, it does.
    [[nodiscard]] bool is_for_purpose(X509* certificate) const {
        const std::uint32_t usage = X509_get_extended_key_usage(certificate);  // UINT32_MAX where there is none
        return (usage & (request_.purpose == Purpose::kServer ? XKU_SSL_SERVER : XKU_SSL_CLIENT)) != 0;
    }

    [[nodiscard]] const Candidate* known(const X509* decoded) const {
        const auto found = std::ranges::find(candidates_, decoded, &Candidate::decoded);
        return found == candidates_.end() ? nullptr : &*found;
    }

    void note_chain(const STACK_OF(X509) * chain) {
        for (int i = 0; i < sk_X509_num(chain); ++i) {
            if (const Candidate* const candidate = known(sk_X509_value(chain, i))) {
                chain_.push_back(*candidate);
            } else {
                fail(PathProblem::kMalformed, "a certificate of the path is not one that was presented");
            }
        }
    }

    /// What OpenSSL does not ask of a path, or not firmly (INVARIANTS A03, A20, A29, A93).
    void check_path() {
        const bool is_whole = failures_.empty();
        for (std::size_t i = 0; i < chain_.size(); ++i) {
            const Certificate& certificate = *chain_[i].certificate;
            const auto says = [&](int verify_error) {
                const auto [problem, words] = diagnose(verify_error);
                fail(problem, described(certificate) + " " + std::string(words) + detail(problem, certificate));
            };
            const bool is_last = i + 1 == chain_.size();
            const bool is_issuer = i > 0 || (is_whole && is_last);
            if (is_issuer && (!certificate.is_ca() || certificate.version() != 3)) says(X509_V_ERR_INVALID_CA);
            if (!is_for_purpose(chain_[i].decoded)) says(X509_V_ERR_INVALID_PURPOSE);
            if (certificate.public_key().weakness()) says(X509_V_ERR_CA_KEY_TOO_SMALL);
            if (certificate.signature_weakness() && !is_last) says(X509_V_ERR_CA_MD_TOO_WEAK);
            if (i == 0 && is_whole && std::any_of(chain_.begin() + 1, chain_.end(), [&](const Candidate& above) {
                    return reaches_into_excluded(certificate, above.decoded);
                })) {
                says(X509_V_ERR_EXCLUDED_VIOLATION);
            }
        }
        const auto& anchors = request_.anchors->certificates();
        if (is_whole && (chain_.empty() || std::ranges::find(anchors, *chain_.back().certificate) == anchors.end())) {
            fail(PathProblem::kChainUntrusted, "the path does not end in a trust anchor");
        }
    }

    void check_revocation() {
        std::vector<const Certificate*> chain;
        for (const Candidate& one : chain_) chain.push_back(one.certificate);
        for (PathFailure& failure : revocation_.conclude(chain)) fail(failure.problem, std::move(failure.message));
    }

    const PathRequest& request_;
    const std::vector<Candidate>& candidates_;
    const CrlSelection& crls_;
    RevocationFindings revocation_;
    std::vector<Candidate> chain_;
    Failures failures_;
};

/// All attempts at one request.
class Validation {
  public:
    explicit Validation(const PathRequest& request) : request_(request) {}

    std::variant<VerifiedPath, Failures> run() {
        if (request_.presented->empty()) return refused(PathProblem::kChainUntrusted, "no certificate was given");
        if (request_.presented->size() > kMostPresented)
            return refused(PathProblem::kChainUntrusted, "more than 10 certificates were presented");
        if (request_.anchors->empty()) return refused(PathProblem::kChainUntrusted, "there is no trust anchor");
        gather();
        if (candidates_.front().decoded == nullptr) {
            return refused(PathProblem::kMalformed, described(request_.presented->front()) + " can't be decoded");
        }
        auto result = search();
        static_cast<void>(drain_error_queue());
        return result;
    }

  private:
    static Failures refused(PathProblem problem, std::string message) { return {{problem, std::move(message)}}; }

    /// The leaf, the other certificates presented, the anchors: in this order. Issuers with weak keys are left out
    /// before anything is computed with them (INVARIANT A102).
    void gather() {
        for (const Certificate& one : *request_.presented) {
            const bool is_leaf = candidates_.empty();
            if (!is_leaf && one.public_key().weakness()) {
                weak_.push_back(&one);
                continue;
            }
            presented_.push_back(decode(one));
            if (is_leaf || presented_.back()) candidates_.push_back({&one, presented_.back().get()});
        }
        presented_count_ = candidates_.size();
        const auto& store = request_.anchors->store();
        for (std::size_t i = 0; i < store.decoded.size(); ++i) {
            if (store.decoded[i]) candidates_.push_back({&store.certificates[i], store.decoded[i].get()});
        }
    }

    std::variant<VerifiedPath, Failures> search() {
        const CrlSelection crls = choose();
        const std::span<const Candidate> all(candidates_);
        const auto extras = all.subspan(1, presented_count_ - 1);
        const auto anchors = all.subspan(presented_count_);
        std::optional<Failures> first;
        std::vector<Candidate> first_chain;
        std::deque<LeftOut> waiting{LeftOut{}};
        std::set<LeftOut> seen{LeftOut{}};
        for (std::size_t tried = 0; tried < kMostAttempts && !waiting.empty(); ++tried) {
            const LeftOut left_out = std::move(waiting.front());
            waiting.pop_front();
            Attempt attempt(request_, candidates_, crls);
            if (attempt.run(candidates_.front().decoded, extras, anchors, left_out)) {
                VerifiedPath path;
                for (const Candidate& one : attempt.chain()) path.push_back(*one.certificate);
                return path;
            }
            if (!first) {
                first = attempt.failures();
                first_chain = attempt.chain();
            }
            for (std::size_t i = 1; i < attempt.chain().size(); ++i) {
                if (!has_rival(attempt.chain()[i].decoded, left_out)) continue;
                LeftOut next = left_out;
                next.insert(attempt.chain()[i].decoded);
                if (seen.insert(next).second) waiting.push_back(std::move(next));
            }
        }
        for (const Certificate* const weak : weak_) {
            // Only where it would have been the next one.
            if (first_chain.empty() ||
                !std::ranges::equal(first_chain.back().certificate->issuer_and_serial().issuer, weak->subject())) {
                continue;
            }
            first->push_back({PathProblem::kWeakKey,
                              described(*weak) + " has a key that is too weak: " + *weak->public_key().weakness()});
        }
        return std::move(*first);
    }

    [[nodiscard]] CrlSelection choose() const {
        std::vector<const Certificate*> issuers;
        std::vector<X509*> decoded;
        for (std::size_t i = 1; i < candidates_.size(); ++i) {
            issuers.push_back(candidates_[i].certificate);
            decoded.push_back(candidates_[i].decoded);
        }
        return {request_, issuers, decoded};
    }

    /// Whether another certificate could stand in a path where this one stood.
    [[nodiscard]] bool has_rival(const X509* certificate, const LeftOut& left_out) const {
        return std::ranges::any_of(candidates_, [&](const Candidate& other) {
            return other.decoded != certificate && !left_out.contains(other.decoded) &&
                   X509_NAME_cmp(X509_get_subject_name(other.decoded), X509_get_subject_name(certificate)) == 0 &&
                   X509_cmp(other.decoded, certificate) != 0;
        });
    }

    const PathRequest& request_;
    std::vector<const Certificate*> weak_;  ///< presented above the leaf, and left out
    std::vector<X509Ptr> presented_;
    std::vector<Candidate> candidates_;
    std::size_t presented_count_ = 0;
    Failures failures_;
};

}  // namespace

std::variant<VerifiedPath, std::vector<PathFailure>> validate_path(const PathRequest& request) {
    return Validation(request).run();
}

}  // namespace cotter::x509
