// From texts to settings.
#include "cli/serve_options.h"

#include "authority/folder.h"
#include "cli/passphrase.h"
#include "cli/serving_record.h"
#include "text/escape.h"
#include "text/time.h"

#include <algorithm>
#include <thread>

namespace cotter::cli {
namespace {

// Less would be a load of its own; a backend that is looked at less often may as well not be.
constexpr std::chrono::milliseconds kLeastHealthCheck{100};
constexpr std::chrono::hours kMostHealthCheck{1};

Result<service::IdentityFiles> identity_files(const Invocation& invocation, const ServeOptions& options,
                                              const identity::StateFolder& state) {
    if (options.certificate.empty() != options.key.empty()) {
        return malformed("half_identity", "reading --cert and --key", "one of the two is missing",
                         "give both, or neither");
    }
    if (!options.key.empty()) return service::IdentityFiles{options.key, options.certificate};
    if (auto own = invocation.own_identity(state); !own) return unexpected(own.error());
    return service::IdentityFiles{state.key_file(), state.certificate_file()};
}

/// A server has nobody to ask for a passphrase.
Result<std::function<Result<authority::Authority>()>> authority_opener(const ServeOptions& options,
                                                                       const identity::StateFolder& state) {
    if (!options.renew_certificates) {
        if (options.ca_folder.empty() && options.ca_passphrase_file.empty())
            return std::function<Result<authority::Authority>()>();
        return malformed("no_renewal_of_certificates", "reading --ca-folder and --ca-passphrase-file",
                         "they count only with --renew-certificates", "add --renew-certificates");
    }
    const auto folder =
        options.ca_folder.empty() ? authority::Folder(state.path()) : authority::Folder::at(options.ca_folder);
    return [folder, passphrase = options.ca_passphrase_file] {
        return folder.open([&](const std::string& key) {
            if (!passphrase.empty()) return passphrase_from(passphrase, key);
            return x509::AskPassphrase([key]() -> Result<x509::Passphrase> {
                return failed("key_encrypted", "reading the authority's key " + text::escape(key),
                              "it is under a passphrase, and a server has nobody to ask", "--ca-passphrase-file FILE");
            });
        });
    };
}

}  // namespace

Result<service::ServiceSettings> ServiceOptions::settings() const {
    auto address = stream::ListenAddress::parse(listen);
    if (!address) return unexpected(address.error());
    std::vector<stream::Target> backends;
    for (const std::string& text : to) {
        auto target = stream::Target::parse(text);
        if (!target) return unexpected(target.error());
        if (std::ranges::find(backends, *target) != backends.end())
            return malformed("same_backend", "reading the backends", target->to_string() + " is there twice");
        backends.push_back(std::move(*target));
    }
    auto limits = stream.settings();
    if (!limits) return unexpected(limits.error());
    std::vector<trust::ClientNamePattern> names;
    for (const std::string& text : client_names) {
        auto pattern = trust::ClientNamePattern::parse(text);
        if (!pattern) return unexpected(pattern.error());
        names.push_back(std::move(*pattern));
    }
    if (client_ca.empty() && (!client_crls.empty() || !names.empty())) {
        return malformed("no_client_ca", "reading --client-crl and --client-name", "they count only with --client-ca",
                         "add --client-ca FILE");
    }
    service::ServiceSettings settings{.name = name, .listen = std::move(*address), .backends = std::move(backends)};
    if (!health_check.empty()) {
        const auto every = text::parse_duration(health_check);
        if (!every) return unexpected(every.error());
        if (*every != std::chrono::milliseconds::max()) {
            if (*every < kLeastHealthCheck || *every > kMostHealthCheck) {
                return malformed("health_check", "reading health_check " + health_check,
                                 "it is not between 100 ms and an hour", "say for instance 5s, or off");
            }
            settings.health_check = *every;
        }
    }
    if (!client_ca.empty()) settings.client_ca = client_ca;
    settings.client_crls.assign(client_crls.begin(), client_crls.end());
    settings.client_names = std::move(names);
    if (proxy_protocol == "v1") settings.proxy_protocol = stream::ProxyVersion::kV1;
    if (proxy_protocol == "v2") settings.proxy_protocol = stream::ProxyVersion::kV2;
    settings.unsafe_target = unsafe_target;
    settings.end_with_certificate = end_with_certificate;
    auto bounds = trust::ClientRules::parse(rules);
    if (!bounds) return unexpected(bounds.error());
    if (!bounds->is_empty()) settings.rules = std::make_shared<const trust::ClientRules>(std::move(*bounds));
    settings.stream = *limits;
    return settings;
}

Result<service::ServeSettings> ServeOptions::settings(const Invocation& invocation) const {
    service::ServeSettings settings;
    for (const ServiceOptions& service : services) {
        auto parsed = service.settings();
        if (!parsed) return unexpected(parsed.error());
        settings.services.push_back(std::move(*parsed));
    }
    auto process = stream.process(StreamOptions::Life::kListens);
    if (!process) return unexpected(process.error());
    settings.process = *process;
    const auto grace = text::parse_duration(registry_grace);
    if (!grace) return unexpected(grace.error());
    // The registry is looked at some twenty times a second: less would refuse by chance, and without end isn't a grace.
    if (*grace < std::chrono::seconds(1) || *grace > std::chrono::days(7)) {
        return malformed("registry_grace", "reading --registry-grace " + registry_grace,
                         "it is not between a second and seven days", "say for instance 5m");
    }
    settings.registry_grace = *grace;
    settings.threads = threads != 0 ? threads : std::max(1U, std::thread::hardware_concurrency());

    auto state = invocation.open_state();
    if (!state) return unexpected(state.error());
    auto identity = identity_files(invocation, *this, *state);
    if (!identity) return unexpected(identity.error());
    settings.identity = std::move(*identity);
    if (key.empty()) settings.state = *state;
    settings.lets_renew = !no_renewal;
    auto opener = authority_opener(*this, *state);
    if (!opener) return unexpected(opener.error());
    settings.open_authority = std::move(*opener);
    settings.crl_numbers = state->crl_numbers_file();
    if (const auto record = read_record(*state)) settings.last_served = record->pin;
    settings.pending = pending;
    settings.status_socket = state->status_socket();
    settings.registry_url = registry.empty() ? state->registry_url() : registry;
    return settings;
}

}  // namespace cotter::cli
