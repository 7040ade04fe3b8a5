// cotter serve: terminate mutual TLS, admit only chosen clients, forward bytes to a backend.
#include "service/serve.h"

#include "cli/invocation.h"
#include "cli/report.h"
#include "cli/serving_record.h"
#include "cli/stream_options.h"
#include "text/time.h"

#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <iostream>
#include <thread>

namespace cotter::cli {
namespace {

struct ServeOptions {
    std::string listen;
    std::string to;
    std::string certificate;
    std::string key;
    std::string client_ca;
    std::vector<std::string> client_crls;
    std::vector<std::string> client_names;
    std::string registry;
    std::string registry_grace = "5m";
    unsigned threads = 0;
    std::string proxy_protocol;
    bool unsafe_target = false;
    StreamOptions stream;
};

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

Result<service::ServeSettings> settings_of(const Invocation& invocation, const ServeOptions& options) {
    auto listen = stream::ListenAddress::parse(options.listen);
    if (!listen) return unexpected(listen.error());
    auto to = stream::Target::parse(options.to);
    if (!to) return unexpected(to.error());
    auto stream = options.stream.settings();
    if (!stream) return unexpected(stream.error());
    auto process = options.stream.process();
    if (!process) return unexpected(process.error());
    std::vector<trust::ClientNamePattern> names;
    for (const std::string& text : options.client_names) {
        auto pattern = trust::ClientNamePattern::parse(text);
        if (!pattern) return unexpected(pattern.error());
        names.push_back(std::move(*pattern));
    }
    if (options.client_ca.empty() && (!options.client_crls.empty() || !names.empty())) {
        return malformed("no_client_ca", "reading --client-crl and --client-name", "they count only with --client-ca",
                         "add --client-ca FILE");
    }
    auto state = invocation.open_state();
    if (!state) return unexpected(state.error());
    auto identity = identity_files(invocation, options, *state);
    if (!identity) return unexpected(identity.error());

    service::ServiceSettings only{.name = {}, .listen = std::move(*listen), .backends = {std::move(*to)}};
    if (!options.client_ca.empty()) only.client_ca = options.client_ca;
    only.client_crls.assign(options.client_crls.begin(), options.client_crls.end());
    only.client_names = std::move(names);
    if (options.proxy_protocol == "v1") only.proxy_protocol = stream::ProxyVersion::kV1;
    if (options.proxy_protocol == "v2") only.proxy_protocol = stream::ProxyVersion::kV2;
    only.unsafe_target = options.unsafe_target;
    only.stream = *stream;

    service::ServeSettings settings{.identity = std::move(*identity), .services = {std::move(only)}};
    settings.process = *process;
    settings.crl_numbers = state->crl_numbers_file();
    settings.registry_url = options.registry.empty() ? state->registry_url() : options.registry;
    const auto grace = text::parse_duration(options.registry_grace);
    if (!grace) return unexpected(grace.error());
    // The registry is looked at some twenty times a second: less would refuse by chance, and without end isn't a grace.
    if (*grace < std::chrono::seconds(1) || *grace > std::chrono::days(7)) {
        return malformed("registry_grace", "reading --registry-grace " + options.registry_grace,
                         "it is not between a second and seven days", "say for instance 5m");
    }
    settings.registry_grace = *grace;
    settings.threads = options.threads != 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
    return settings;
}

/// Any service takes joins; one that is reached over the network is worth telling.
std::string address_to_tell(const service::Listening& listening) {
    const auto first = std::ranges::find_if(listening.services,
                                            [](const auto& service) { return !service.listen.starts_with("unix:"); });
    return first == listening.services.end() ? listening.services.front().listen : first->listen;
}

void say_listening(const Invocation& invocation, const service::Listening& listening) {
    for (const service::Listening::Service& service : listening.services) {
        std::string to;
        for (const std::string& target : service.to) to += (to.empty() ? "" : ", ") + target;
        if (invocation.json) {
            nlohmann::ordered_json line{{"event", "listening"}};
            if (!service.name.empty()) line["service"] = service.name;
            line.update({{"listen", service.listen},
                         {"to", to},
                         {"pin", listening.pin.to_string()},
                         {"clients", listening.clients}});
            std::cout << line.dump() << std::endl;
        } else {
            std::cout << (service.name.empty() ? "" : service.name + ": ") << "listening on " << service.listen
                      << ", forwarding to " << to << "\n";
        }
    }
    if (invocation.json) return;
    std::cout << "this server's pin is " << listening.pin.to_string() << "\n";
    if (listening.clients == 0) {
        std::cout << "nobody is admitted yet: cotter invite NAME prints a code for the first client\n";
    } else {
        std::cout << listening.clients << (listening.clients == 1 ? " client is" : " clients are")
                  << " registered: cotter client list\n";
    }
    std::cout << std::flush;
}

int run(const Invocation& invocation, const ServeOptions& options) {
    auto settings = settings_of(invocation, options);
    if (!settings) return report(invocation, settings.error());
    service::Log log(options.stream.format(), options.stream.level());
    const auto served = service::serve(*settings, log, [&](const service::Listening& listening) {
        const auto state = invocation.open_state();
        const auto recorded = state ? write_record(*state, {address_to_tell(listening), listening.pin})
                                    : Result<void>(unexpected(state.error()));
        if (!recorded)
            std::cerr << "cotter: warning: " << recorded.error().what << ": " << recorded.error().why
                      << "; invite needs it\n";
        say_listening(invocation, listening);
    });
    return served ? kDone : report(invocation, served.error());
}

}  // namespace

void add_serve(CLI::App& app, Invocation& invocation) {
    auto options = std::make_shared<ServeOptions>();
    CLI::App* const command = app.add_subcommand("serve", "Let only chosen clients reach a TCP service");
    command->footer(
        "Examples:\n"
        "  cotter serve --listen 7000 --to 127.0.0.1:6379\n"
        "  cotter serve --listen 127.0.0.1:7000 --to 127.0.0.1:6379 --idle-timeout 10m");
    command->add_option("--listen", options->listen, "[HOST:]PORT or unix:PATH; no HOST: every address")
        ->required()
        ->type_name("ADDR");
    command->add_option("--to", options->to, "The service: HOST:PORT or unix:PATH")->required()->type_name("ADDR");
    command->add_option("--cert", options->certificate, "Certificate, PEM; else the state folder's")->type_name("FILE");
    command->add_option("--key", options->key, "Its private key, PEM")->type_name("FILE");
    command->add_option("--client-ca", options->client_ca, "Admit also whom these certify")->type_name("FILE");
    command->add_option("--client-crl", options->client_crls, "CRL of that CA; missing or stale: all refused")
        ->allow_extra_args(false)
        ->type_name("FILE");
    command->add_option("--client-name", options->client_names, "Names that count: DNS:*.x.example, URI:…, EMAIL:…")
        ->allow_extra_args(false)
        ->type_name("NAME");
    command->add_option("--registry", options->registry, "sqlite:PATH; else the state folder's")->type_name("URL");
    command->add_option("--registry-grace", options->registry_grace, "How long its last state serves if unreadable")
        ->capture_default_str()
        ->type_name("TIME");
    command->add_option("--threads", options->threads, "How many threads; 0: one a core")
        ->capture_default_str()
        ->type_name("N");
    command->add_option("--proxy-protocol", options->proxy_protocol, "Tell the service who the client is")
        ->check(CLI::IsMember({"v1", "v2"}));
    command->add_flag("--unsafe-target", options->unsafe_target, "Allow a service beyond private addresses");
    options->stream.add_to(*command);
    command->callback(
        [&invocation, options] { invocation.run = [&invocation, options] { return run(invocation, *options); }; });
}

}  // namespace cotter::cli
