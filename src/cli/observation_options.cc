// Reading those options.
#include "cli/observation_options.h"

#include "cli/help_topics.h"
#include "service/policy_choice.h"
#include "text/time.h"
#include "x509/pem.h"

#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>

namespace cotter::cli {

void ObservationOptions::add_archive_to(CLI::App& command) {
    command.add_option("--archive", archive, "What was seen [observatory.db in the state folder]")->type_name("FILE");
}

void ObservationOptions::add_to(CLI::App& command) {
    add_archive_to(command);
    command.add_option("--policy", policy, "Policy file; else the state folder's policy.toml")->type_name("FILE");
    command.add_option("--roots", roots, "Trust anchors, PEM; else the system's")->type_name("FILE");
    command.add_option("--parallel", parallel, "Looks at once")
        ->check(CLI::Range(std::size_t{1}, std::size_t{1024}))
        ->option_text("N")
        ->capture_default_str();
    command.add_option("--rate", rate, "Looks begun in a second; 0: as many as come")
        ->check(CLI::Range(0.0, 100'000.0))
        ->option_text("N")
        ->capture_default_str();
    command.add_option("--connect-timeout", connect_timeout, "For name and connection")
        ->type_name("TIME")
        ->capture_default_str();
    command.add_option("--handshake-timeout", handshake_timeout, "From the connection on")
        ->type_name("TIME")
        ->capture_default_str();
    command.add_option("--resolver", resolver, "Where to ask for TLSA records")
        ->type_name("ADDR")
        ->group(std::string(kEvidenceGroup));
    command.add_option("--dnssec-anchor", dnssec_anchor, "DS or DNSKEY records to begin with")
        ->type_name("FILE")
        ->group(std::string(kEvidenceGroup));
}

std::filesystem::path ObservationOptions::archive_path(const identity::StateFolder& state) const {
    return archive.empty() ? state.archive_file() : std::filesystem::path(archive);
}

Result<std::unique_ptr<observatory::Archive>> ObservationOptions::open_archive(
    const identity::StateFolder& state) const {
    return observatory::Archive::open(archive_path(state));
}

Result<observatory::CrewSettings> ObservationOptions::crew() const {
    observatory::CrewSettings settings;
    const auto connecting = text::parse_duration(connect_timeout);
    if (!connecting) return unexpected(connecting.error());
    const auto shaking = text::parse_duration(handshake_timeout);
    if (!shaking) return unexpected(shaking.error());
    settings.look.connect_timeout = *connecting;
    settings.look.handshake_timeout = *shaking;
    settings.pace.parallel = parallel;
    settings.pace.rate = rate;
    auto dns = dns_settings(resolver, dnssec_anchor);
    if (!dns) return unexpected(dns.error());
    settings.dns = std::move(*dns);
    return settings;
}

Result<observatory::Assessor> ObservationOptions::assessor(const identity::StateFolder& state) const {
    service::TrustRequest request;
    if (!policy.empty()) request.policy_file = policy;
    request.usual_policy_file = state.policy_file();
    auto set = service::policy_set_of(request);
    if (!set) return unexpected(set.error());
    auto anchors = [&]() -> Result<x509::TrustAnchors> {
        if (roots.empty()) return x509::TrustAnchors::system();
        auto certificates = x509::read_certificates(roots);
        if (!certificates) return unexpected(certificates.error());
        return x509::TrustAnchors(std::move(*certificates));
    }();
    if (!anchors) return unexpected(anchors.error());
    return observatory::Assessor(std::move(*anchors), *set ? std::move(**set) : trust::PolicySet(),
                                 evidence::KnownPeers(state.known_peers_file()));
}

}  // namespace cotter::cli
