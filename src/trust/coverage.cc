// The account, in the order in which a server is judged.
#include "trust/coverage.h"

#include "text/time.h"
#include "trust/trust_at.h"

#include <algorithm>
#include <initializer_list>
#include <optional>

namespace cotter::trust {
namespace {

std::string counted(std::size_t count, std::string_view one) {
    return std::to_string(count) + " " + std::string(one) + (count == 1 ? "" : "s");
}

std::string_view name_of(Protocol protocol) {
    switch (protocol) {
        case Protocol::kNone: return "none";
        case Protocol::kTls12: return "TLS 1.2";
        case Protocol::kTls13: return "TLS 1.3";
    }
    return "";
}

class Account {
  public:
    Account(const Evidence& evidence, const ServerPolicy& policy, const Verdict& verdict, Time now)
        : evidence_(evidence), policy_(policy), verdict_(verdict), now_(now) {}

    Coverage run() {
        if (evidence_.malformed || evidence_.presented.empty()) {
            made("certificate", evidence_.malformed ? *evidence_.malformed : "none was sent",
                 {ReasonCode::kMalformed, ReasonCode::kNoCertificate});
            not_made("everything_else", "there is no certificate to check");
            return std::move(coverage_);
        }
        of_the_peer();
        of_the_policy();
        const TrustMode trust = trust_at(policy_, now_);
        of_pins(trust);
        of_known_peers(trust);
        of_key_log(trust);
        of_notaries(trust);
        of_dane(trust);
        if (needs_path(trust)) {
            of_the_path();
        } else {
            without_path(trust);
        }
        not_made("certificate_transparency",
                 "signed certificate timestamps are told where there are any, and not verified");
        return std::move(coverage_);
    }

  private:
    void made(std::string_view code, std::string message, std::initializer_list<ReasonCode> failures) {
        coverage_.checked.push_back({code, std::move(message), !is_refused_for(failures)});
    }
    void not_made(std::string_view code, std::string message) {
        coverage_.not_checked.push_back({code, std::move(message), true});
    }
    [[nodiscard]] bool is_refused_for(std::initializer_list<ReasonCode> codes) const {
        return std::ranges::any_of(verdict_.reasons, [&](const Reason& reason) {
            return std::ranges::find(codes, reason.code) != codes.end();
        });
    }

    void of_the_peer() {
        made("encoding", counted(evidence_.presented.size(), "certificate") + " read strictly, as presented",
             {ReasonCode::kMalformed});
        if (evidence_.protocol == Protocol::kNone) {
            not_made("key_possession", "no connection: a file proves no key");
            not_made("protocol", "no connection");
        } else {
            made("key_possession", "the leaf's key signed this handshake", {ReasonCode::kNoCertificate});
            made("protocol",
                 std::string(name_of(evidence_.protocol)) + ", at least " +
                     std::string(name_of(policy_.minimum_protocol)),
                 {ReasonCode::kDowngradedProtocol});
        }
        made("key_strength", "the leaf's key is " + evidence_.presented.front().public_key().description(),
             {ReasonCode::kWeakKey});
    }

    void of_the_policy() {
        if (!policy_.deny.empty())
            made("deny", counted(policy_.deny.size(), "denied pin") + " looked for in the whole chain",
                 {ReasonCode::kPinDenied});
        if (policy_.mode == Mode::kOff) {
            not_made("policy_end", "the entry's mode is off");
        } else if (policy_.expires && now_ > *policy_.expires && policy_.on_expiry == OnExpiry::kChain) {
            not_made("policy_end", "the policy ended at " + text::rfc3339(*policy_.expires) +
                                       ", and leaves the chain alone from then on");
        } else if (policy_.expires) {
            made("policy_end", "the policy ends at " + text::rfc3339(*policy_.expires), {ReasonCode::kPolicyExpired});
        }
    }

    void of_pins(TrustMode trust) {
        if (!looks_at_pins(trust)) {
            return not_made("pins", policy_.pins.empty() ? "none is asked for by " + std::string(trust::text_of(trust))
                                                         : "they don't count any more");
        }
        const auto live = std::ranges::count_if(
            policy_.pins, [&](const PolicyPin& pin) { return !pin.expires || now_ <= *pin.expires; });
        const std::string where = policy_.match == Match::kLeaf     ? "the leaf"
                                  : policy_.match == Match::kIssuer ? "the certificates above the leaf"
                                                                    : "every certificate";
        made("pins",
             counted(static_cast<std::size_t>(live), "pin") + " compared with " + where +
                 (trust == TrustMode::kChainAndPins ? " of the verified chain" : ""),
             {ReasonCode::kPinMismatch, ReasonCode::kEmptyPinset});
    }

    void of_known_peers(TrustMode trust) {
        if (is_continuity(trust) && verdict_.logged) {
            not_made("known_peers", "what is remembered is not this key, and its log decides");
        } else if (is_continuity(trust)) {
            made("known_peers", "the key compared with what is remembered of this host and port",
                 {ReasonCode::kContinuityChanged, ReasonCode::kContinuityUnknown, ReasonCode::kContinuityRevoked});
        } else {
            not_made("known_peers", "not asked for by " + std::string(trust::text_of(trust)));
        }
    }

    void of_key_log(TrustMode trust) {
        if (evidence_.key_log.state == KeyLogState::kNotGiven || !is_continuity(trust)) return;
        if (evidence_.continuity.state != ContinuityState::kUnknown &&
            evidence_.continuity.state != ContinuityState::kChanged)
            return not_made("key_log", "it is asked only about a key that is not remembered");
        if (evidence_.key_log.state == KeyLogState::kNotRead) return not_made("key_log", "it was not read");
        made("key_log", "the key looked up in the log of the server's keys",
             {ReasonCode::kContinuityChanged, ReasonCode::kContinuityUnknown, ReasonCode::kKeyLog});
    }

    void of_notaries(TrustMode trust) {
        if (evidence_.notaries.words.empty()) return;
        const std::string said =
            tally_of(evidence_.notaries, evidence_.presented.front(), now_).text(evidence_.notaries.quorum);
        if (trust == TrustMode::kAcceptNew && evidence_.continuity.state == ContinuityState::kUnknown) {
            made("notaries", said, {ReasonCode::kContinuityUnknown});
        } else {
            not_made("notaries", said + "; they decide only at a first contact");
        }
    }

    void of_dane(TrustMode trust) {
        if (trust == TrustMode::kDane) {
            made("dane", counted(evidence_.dane.records.size(), "TLSA record"),
                 {ReasonCode::kDaneBogus, ReasonCode::kDaneMismatch});
        } else {
            not_made("dane", "not asked for by " + std::string(trust::text_of(trust)));
        }
    }

    /// Whether a path was looked for. Under pins that is where one of a certificate above the leaf counts, and none of
    /// the leaf decided.
    [[nodiscard]] bool needs_path(TrustMode trust) const {
        switch (trust) {
            case TrustMode::kChain:
            case TrustMode::kChainAndPins: return true;
            case TrustMode::kPins: {
                if (verdict_.matched) return verdict_.matched->position > 0;
                const bool may_be_issuer = policy_.match != Match::kLeaf;
                return may_be_issuer && !is_refused_for({ReasonCode::kPinMismatch, ReasonCode::kEmptyPinset});
            }
            case TrustMode::kDane:
                // A record of the server's own key decides alone; the others ask for a path.
                return verdict_.chain.size() > 1 ||
                       is_refused_for({ReasonCode::kChainUntrusted, ReasonCode::kHostMismatch, ReasonCode::kExpired,
                                       ReasonCode::kNotYetValid, ReasonCode::kWrongPurpose});
            case TrustMode::kStrict:
            case TrustMode::kAcceptNew:
            case TrustMode::kAsk: return false;
        }
        return false;
    }

    void of_the_path() {
        const auto& chain = verdict_.chain;
        const bool is_built = !chain.empty();
        const bool is_missing = is_refused_for({ReasonCode::kChainUntrusted});
        if (is_built) {
            made("path", counted(chain.size(), "certificate") + ", up to " + chain.back().subject_text(), {});
        } else if (looks_at_anchors()) {
            made("path", "to " + counted(evidence_.anchors.certificates().size(), "trust anchor"),
                 {ReasonCode::kChainUntrusted});
        } else {
            made("path", "to the pinned certificate", {ReasonCode::kChainUntrusted});
        }
        const auto of_path = [&](std::string_view code, std::string message,
                                 std::initializer_list<ReasonCode> failures) {
            if (is_missing && !is_refused_for(failures)) {
                not_made(code, "there is no path to check it on");
            } else {
                made(code, std::move(message), failures);
            }
        };
        of_path("dates", "every certificate of the path at " + text::rfc3339(now_),
                {ReasonCode::kExpired, ReasonCode::kNotYetValid});
        of_path("purpose",
                policy_.purpose == x509::Purpose::kServer ? "server authentication" : "client authentication",
                {ReasonCode::kWrongPurpose});
        of_path("signatures", "digests and keys strong enough along the path",
                {ReasonCode::kWeakSignature, ReasonCode::kWeakKey});
        made(
            "host_name",
            evidence_.host ? "the leaf's names compared with " + evidence_.host->host.to_string() : "no name was given",
            {ReasonCode::kHostMismatch});
        of_revocation(of_path);
    }

    template <class OfPath>
    void of_revocation(const OfPath& of_path) {
        const std::initializer_list<ReasonCode> failures{ReasonCode::kRevoked, ReasonCode::kRevocationUnknown,
                                                         ReasonCode::kStaleRevocation};
        const std::string whom =
            policy_.revocation == x509::RevocationScope::kLeaf ? " for the leaf" : " for the whole path";
        const std::size_t answers = evidence_.ocsp_responses.size() + (evidence_.stapled ? 1 : 0);
        // Where revocation must decide and nothing is there to decide it, that is told once, of the CRLs.
        const bool has_none = evidence_.crls.empty() && answers == 0;
        if (policy_.revocation == x509::RevocationScope::kOff) {
            not_made("crl", "switched off");
            return not_made("ocsp", "switched off");
        }
        if (!evidence_.crls.empty() || (policy_.require_revocation && has_none)) {
            of_path("crl", counted(evidence_.crls.size(), "CRL") + whom, failures);
        } else {
            not_made("crl", "none was given");
        }
        if (answers > 0) {
            of_path("ocsp", counted(answers, "answer") + (evidence_.stapled ? ", one of them stapled," : "") + whom,
                    failures);
        } else {
            not_made("ocsp", "no answer was given");
        }
    }

    /// Where the key alone decides, nothing that an issuer says counts.
    void without_path(TrustMode trust) {
        const std::string why = verdict_.matched ? "the key alone decides under " + std::string(trust::text_of(trust))
                                                 : "not asked for by " + std::string(trust::text_of(trust));
        for (const std::string_view code : {"path", "dates", "purpose", "host_name", "crl", "ocsp"})
            not_made(code, why);
    }

    [[nodiscard]] bool looks_at_anchors() const { return trust_at(policy_, now_) != TrustMode::kPins; }

    const Evidence& evidence_;
    const ServerPolicy& policy_;
    const Verdict& verdict_;
    Time now_;
    Coverage coverage_;
};

}  // namespace

Coverage coverage_of(const Evidence& evidence, const ServerPolicy& policy, const Verdict& verdict, Time now) {
    return Account(evidence, policy, verdict, now).run();
}

}  // namespace cotter::trust
