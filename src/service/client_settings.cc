// Reading a client's files.
#include "service/client_settings.h"

#include "x509/pem.h"

namespace cotter::service {
namespace {

Result<x509::TrustAnchors> read_anchors(const ClientSettings& settings,
                                        const std::optional<trust::ServerPolicy>& policy) {
    if (settings.roots) {
        auto roots = x509::read_certificates(settings.roots->string());
        if (!roots) return unexpected(roots.error());
        return x509::TrustAnchors(std::move(*roots));
    }
    if (policy && trust::needs_anchors(*policy)) return x509::TrustAnchors::system();
    if (policy && policy->trust == trust::TrustMode::kDane) {
        // Only records of usage 0 and 1 look at them; where there are none, these refuse.
        return x509::TrustAnchors::system().value_or(x509::TrustAnchors());
    }
    return x509::TrustAnchors();
}

}  // namespace

Result<ClientConfiguration> ClientConfiguration::read(const ClientSettings& settings) {
    ClientConfiguration configuration;
    auto policy = choose_policy(settings.trust, settings.judged_host());
    if (!policy) return unexpected(policy.error());
    configuration.policy = std::move(*policy);
    if (settings.trust.pins.empty()) {
        auto entry = covering_entry(settings.trust, settings.judged_host());
        if (!entry) return unexpected(entry.error());
        if (*entry) configuration.noted = std::move((*entry)->host);
    }
    if (settings.identity) {
        auto identity = identity::load_identity(settings.identity->key, settings.identity->certificate);
        if (!identity) return unexpected(identity.error());
        configuration.identity = std::move(*identity);
    }
    auto anchors = read_anchors(settings, configuration.policy);
    if (!anchors) return unexpected(anchors.error());
    configuration.anchors = std::move(*anchors);
    for (const auto& file : settings.crls) {
        auto crls = x509::read_crls(file.string());
        if (!crls) return unexpected(crls.error());
        if (configuration.policy) configuration.policy->require_revocation = true;
        configuration.crls.insert(configuration.crls.end(), crls->begin(), crls->end());
    }
    for (const auto& file : settings.status.ocsp_responses) {
        auto response = x509::read_ocsp_response(file.string());
        if (!response) return unexpected(response.error());
        configuration.ocsp_responses.push_back(std::move(*response));
    }
    const bool must_decide = !configuration.ocsp_responses.empty() || settings.status.fetches();
    if (must_decide && configuration.policy) configuration.policy->require_revocation = true;
    if (!settings.trust.tlsa.empty()) {
        configuration.dane.state = trust::DaneState::kSecure;
        configuration.dane.records = settings.trust.tlsa;
    } else if (configuration.policy && looks_at_dane(*configuration.policy)) {
        auto resolver = evidence::DaneResolver::make(settings.dns);
        if (!resolver) return unexpected(resolver.error());
        configuration.resolver = std::move(*resolver);
    }
    if (settings.rehearsal) settings.rehearsal(configuration);
    return configuration;
}

}  // namespace cotter::service
