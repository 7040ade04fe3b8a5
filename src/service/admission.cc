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

trust::Verdict AdmissionJudge::judge_with(trust::Standing standing, const tls::Peer& peer, x509::Time now) const {
    trust::Evidence evidence;
    evidence.presented = peer.presented;
    evidence.malformed = peer.malformed;
    evidence.possession = peer.possession;
    evidence.protocol = peer.protocol;
    evidence.anchors = rules_->anchors;
    evidence.crls = rules_->crls;
    evidence.crl_memory = rules_->crl_memory;
    evidence.standing = std::move(standing);
    return trust::judge(evidence, rules_->policy, now);
}

trust::Verdict AdmissionJudge::judge(const tls::Peer& peer) const {
    const x509::Time now = wall_clock_now();
    const bool is_fresh = std::chrono::steady_clock::now() - freshness_->load(std::memory_order_relaxed) <= grace_;
    const bool can_ask = is_fresh && !peer.presented.empty();
    return judge_with(can_ask ? snapshot_->standing_of(peer.presented.front(), now) : trust::Standing{}, peer, now);
}

bool AdmissionJudge::may_join(const tls::Peer& peer) const {
    // The key itself must be sound; whether it may join is for the invitation to say, in one transaction.
    return !peer.malformed && !peer.presented.empty() && peer.possession == trust::Possession::kProven &&
           !peer.presented.front().public_key().weakness();
}

bool AdmissionJudge::still_admits(const tls::Peer& peer, const trust::Verdict& verdict, bool rules_changed) const {
    if (peer.presented.empty()) return false;
    const x509::Time now = wall_clock_now();
    trust::Standing standing = snapshot_->standing_of(peer.presented.front(), now);
    if (!verdict.by_authority || rules_changed) return judge_with(std::move(standing), peer, now).lets_pass();
    return standing.state == trust::StandingState::kUnknown || standing.state == trust::StandingState::kActive;
}

}  // namespace cotter::service
