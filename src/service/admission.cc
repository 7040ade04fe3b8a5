// Joining rules and snapshot into evidence for the judge.
#include "service/admission.h"

#include "evidence/crl_numbers.h"
#include "service/wall_clock.h"
#include "x509/pem.h"

namespace cotter::service {

Result<AdmissionRules> AdmissionRules::read(const ServiceSettings& settings, const std::filesystem::path& crl_numbers) {
    AdmissionRules rules;
    rules.policy.minimum_protocol = settings.stream.minimum_protocol;
    rules.policy.client_names = settings.client_names;
    rules.policy.service = settings.name;
    rules.policy.service_rules = settings.rules;
    rules.policy.end_with_certificate = settings.end_with_certificate;
    if (settings.client_ca) {
        auto anchors = x509::read_certificates(settings.client_ca->string());
        if (!anchors) return unexpected(anchors.error());
        rules.policy.by_authority = true;
        rules.anchors = x509::TrustAnchors(std::move(*anchors));
    }
    for (const auto& file : settings.client_crls) {
        auto crls = x509::read_crls(file.string());
        if (!crls) return unexpected(crls.error());
        rules.policy.require_revocation = true;
        rules.crls.insert(rules.crls.end(), crls->begin(), crls->end());
    }
    if (!rules.crls.empty() && !crl_numbers.empty()) {
        auto memory = evidence::CrlNumbers(crl_numbers).note(rules.crls, {}, rules.anchors, wall_clock_now());
        if (!memory) return unexpected(memory.error());
        rules.crl_memory = std::move(*memory);
    }
    return rules;
}

AdmissionJudge::AdmissionJudge(std::shared_ptr<const AdmissionRules> rules,
                               std::shared_ptr<const registry::Snapshot> snapshot, const SnapshotFreshness& freshness,
                               std::chrono::milliseconds grace)
    : rules_(std::move(rules)), snapshot_(std::move(snapshot)), freshness_(&freshness), grace_(grace) {}

void AdmissionJudge::replace(std::shared_ptr<const AdmissionRules> rules) {
    rules_ = std::move(rules);
    ++generation_;
}

void AdmissionJudge::replace(std::shared_ptr<const registry::Snapshot> snapshot) {
    snapshot_ = std::move(snapshot);
    ++generation_;
}

trust::Verdict AdmissionJudge::judge_with(trust::Standing standing, const tls::Peer& peer,
                                          const std::optional<IpAddress>& source, x509::Time now) const {
    trust::Evidence evidence = tls::evidence_of(peer);
    evidence.anchors = rules_->anchors;
    evidence.crls = rules_->crls;
    evidence.crl_memory = rules_->crl_memory;
    evidence.standing = std::move(standing);
    evidence.source = source;
    return trust::judge(evidence, rules_->policy, now);
}

StreamCaps AdmissionJudge::caps_of(const trust::ClientRules* rules) const {
    const trust::ClientRules* const of_service = rules_->policy.service_rules.get();
    return {rules == nullptr ? std::nullopt : rules->max_streams,
            of_service == nullptr ? std::nullopt : of_service->max_streams};
}

trust::Verdict AdmissionJudge::judge(const tls::Peer& peer, const Arrival& arrival) const {
    const x509::Time now = wall_clock_now();
    const bool is_fresh = std::chrono::steady_clock::now() - freshness_->load(std::memory_order_relaxed) <= grace_;
    const bool can_ask = is_fresh && !peer.presented.empty();
    trust::Verdict verdict = judge_with(
        can_ask ? snapshot_->standing_of(peer.presented.front(), now) : trust::Standing{}, peer, arrival.source, now);
    const StreamCaps caps = caps_of(verdict.rules.get());
    // What is said of keys takes no stream: a client at its cap says it, too.
    const bool is_for_stream = peer.application != tls::Application::kControl;
    if (is_for_stream && arrival.ledger != nullptr && (caps.at_all || caps.at_service)) {
        trust::judge_open_streams(verdict, rules_->policy,
                                  arrival.ledger->open_streams(verdict.client_name, rules_->policy.service));
    }
    return verdict;
}

bool AdmissionJudge::may_join(const tls::Peer& peer) const {
    // The key itself must be sound; whether it may join is for the invitation to say, in one transaction.
    return !peer.malformed && !peer.presented.empty() && peer.possession == trust::Possession::kProven &&
           !peer.presented.front().public_key().weakness();
}

std::optional<Terms> AdmissionJudge::still_admits(const tls::Peer& peer, const std::optional<IpAddress>& source,
                                                  const trust::Verdict& verdict, const Terms& terms,
                                                  bool rules_changed) const {
    if (peer.presented.empty()) return std::nullopt;
    const x509::Time now = wall_clock_now();
    trust::Standing standing = snapshot_->standing_of(peer.presented.front(), now);
    if (verdict.by_authority && !rules_changed) {
        const bool is_undenied =
            standing.state == trust::StandingState::kUnknown || standing.state == trust::StandingState::kActive;
        return is_undenied ? std::optional(terms) : std::nullopt;
    }
    const trust::Verdict fresh = judge_with(std::move(standing), peer, source, now);
    // A key that is another client's now is not let in as the one that it was.
    const bool is_another = !verdict.by_authority && fresh.client_name != verdict.client_name;
    if (!fresh.lets_pass() || is_another) return std::nullopt;
    return Terms{fresh.valid_until, fresh.rules, fresh.disconnects};
}

}  // namespace cotter::service
