// Joining policy, files and what was presented into evidence for the judge.
#include <cotter/server_verifier.h>

#include "evidence/known_peers.h"
#include "face/policy_content.h"
#include "face/presented_peer.h"
#include "face/refusal.h"
#include "trust/judge.h"
#include "x509/pem.h"

namespace cotter {

struct ServerVerifier::State {
    Policy policy;
    TlsVersion minimum_version = TlsVersion::kTls13;
    x509::TrustAnchors anchors{};
    std::vector<x509::CertificateRevocationList> crls{};
    std::optional<evidence::KnownPeers> known_peers{};

    /// What counts for that server; nothing: it is not covered.
    [[nodiscard]] std::optional<trust::ServerPolicy> policy_for(const HostPort& server) const {
        const trust::ServerPolicy* const found = policy.content().find(server);
        if (found == nullptr) return std::nullopt;
        trust::ServerPolicy chosen = *found;
        chosen.minimum_protocol = protocol_of(minimum_version);
        chosen.require_revocation = chosen.require_revocation || !crls.empty();
        return chosen;
    }
};

Result<ServerVerifier> ServerVerifier::make(const Settings& settings) {
    auto state = std::make_shared<State>(State{.policy = settings.policy, .minimum_version = settings.minimum_version});
    if (settings.roots) {
        auto roots = x509::read_certificates(settings.roots->string());
        if (!roots) return unexpected(roots.error());
        state->anchors = x509::TrustAnchors(std::move(*roots));
    } else if (settings.policy.content().needs_anchors()) {
        auto system = x509::TrustAnchors::system();
        if (!system) return unexpected(system.error());
        state->anchors = std::move(*system);
    }
    for (const std::filesystem::path& file : settings.crls) {
        auto crls = x509::read_crls(file.string());
        if (!crls) return unexpected(crls.error());
        state->crls.insert(state->crls.end(), crls->begin(), crls->end());
    }
    if (settings.known_peers) state->known_peers.emplace(*settings.known_peers);
    return ServerVerifier(std::move(state));
}

Result<ServerVerifier> ServerVerifier::pinned_to(std::string_view pins) {
    auto policy = Policy::of_pins(pins);
    if (!policy) return unexpected(policy.error());
    return make({.policy = std::move(*policy)});
}

Verdict ServerVerifier::verify(const HostPort& server, const Presented& presented, std::chrono::sys_seconds now) const {
    trust::Evidence evidence = tls::evidence_of(peer_of(presented));
    const auto policy = state_->policy_for(server);
    if (!policy) return Verdict(trust::judge_without_policy(evidence));
    evidence.host = server;
    evidence.anchors = state_->anchors;
    evidence.crls = state_->crls;
    if (trust::is_continuity(policy->trust) && state_->known_peers && !evidence.presented.empty()) {
        evidence.continuity = state_->known_peers->ask(server, evidence.presented.front());
    }
    return Verdict(trust::judge(evidence, *policy, now));
}

TlsVersion ServerVerifier::minimum_version() const {
    return state_->minimum_version;
}

Verdict ServerVerifier::let_in(const HostPort& server, const Verdict& verdict, std::chrono::sys_seconds now) const {
    const trust::Verdict& content = verdict.content();
    const auto policy = state_->policy_for(server);
    if (!content.lets_pass() || !policy || !trust::is_continuity(policy->trust) || !state_->known_peers) return verdict;
    std::optional<Error> fault;
    if (content.is_first_contact) {
        const auto sighting = evidence::sighting_of(content.presented, now);
        if (auto remembered = state_->known_peers->remember(server, sighting, now); !remembered) {
            fault = remembered.error();
        }
    } else if (auto noted = state_->known_peers->note_seen(server, content.presented, now); !noted) {
        fault = noted.error();
    }
    return fault ? refusal(trust::ReasonCode::kContinuityUnknown, fault->what + ": " + fault->why) : verdict;
}

}  // namespace cotter
