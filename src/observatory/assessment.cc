// Holding a look against trust anchors and policy.
#include "observatory/assessment.h"

#include "trust/judge.h"

#include <algorithm>

namespace cotter::observatory {
namespace {

trust::Verdict verdict_without(const Pin& pin, const trust::Evidence& evidence, trust::ServerPolicy policy,
                               x509::Time now) {
    std::erase_if(policy.pins, [&](const trust::PolicyPin& entry) { return entry.pin == pin; });
    return trust::judge(evidence, policy, now);
}

std::vector<RestingPin> pins_under(const trust::Verdict& verdict, const trust::Evidence& evidence,
                                   const trust::ServerPolicy& policy, x509::Time now) {
    std::vector<RestingPin> pins;
    if (!verdict.lets_pass()) return pins;
    for (const trust::PolicyPin& entry : policy.pins) {
        const bool is_of_chain = std::ranges::any_of(
            verdict.chain, [&](const x509::Certificate& certificate) { return certificate.matches(entry.pin); });
        if (is_of_chain) pins.push_back({entry.pin, !verdict_without(entry.pin, evidence, policy, now).lets_pass()});
    }
    return pins;
}

}  // namespace

Assessment Assessor::assess(const HostPort& server, const tls::Peer& peer, const trust::DaneAnswer& dane,
                            x509::Time now) const {
    trust::Evidence evidence = tls::evidence_of(peer);
    evidence.host = server;
    evidence.anchors = roots_;
    trust::ServerPolicy by_roots;
    by_roots.trust = trust::TrustMode::kChain;
    by_roots.minimum_protocol = trust::Protocol::kTls12;
    Assessment assessment{trust::judge(evidence, by_roots, now), std::nullopt};

    const trust::PolicyEntry* const entry = policy_.find(server);
    if (entry == nullptr) return assessment;
    trust::ServerPolicy policy = entry->policy;
    policy.minimum_protocol = trust::Protocol::kTls12;
    evidence.dane = dane;
    if (trust::is_continuity(policy.trust) && !peer.presented.empty())
        evidence.continuity = memory_.ask(server, peer.presented.front());
    PolicyAssessment by_policy{policy.trust, trust::judge(evidence, policy, now), {}};
    by_policy.pins = pins_under(by_policy.verdict, evidence, policy, now);
    assessment.by_policy = std::move(by_policy);
    return assessment;
}

bool Assessor::pins(const HostPort& server, const x509::Certificate& leaf, x509::Time now) const {
    const trust::PolicyEntry* const entry = policy_.find(server);
    if (entry == nullptr) return false;
    return std::ranges::any_of(entry->policy.pins, [&](const trust::PolicyPin& pin) {
        const bool counts = pin.role != trust::PinRole::kProxy && (!pin.expires || now <= *pin.expires);
        return counts && leaf.matches(pin.pin);
    });
}

bool Assessor::remembers(const HostPort& server, const x509::Certificate& leaf) const {
    return memory_.ask(server, leaf).state == trust::ContinuityState::kMatch;
}

bool Assessor::looks_at_dns(const HostPort& server) const {
    const trust::PolicyEntry* const entry = policy_.find(server);
    return entry != nullptr && trust::looks_at_dane(entry->policy);
}

bool Assessor::looks_at_dns() const {
    return std::ranges::any_of(policy_.entries(),
                               [](const trust::PolicyEntry& entry) { return trust::looks_at_dane(entry.policy); });
}

}  // namespace cotter::observatory
