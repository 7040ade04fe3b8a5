// cotter serve: terminate mutual TLS, admit only chosen clients, forward bytes to a backend.
#include "service/serve.h"

#include "cli/help_topics.h"
#include "cli/owner.h"
#include "cli/report.h"
#include "cli/serve_options.h"
#include "cli/serving_record.h"

#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <iostream>

namespace cotter::cli {
namespace {

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
            if (!listening.metrics.empty()) line["metrics"] = listening.metrics;
            std::cout << line.dump() << std::endl;
        } else {
            std::cout << (service.name.empty() ? "" : service.name + ": ") << "listening on " << service.listen
                      << ", forwarding to " << to << "\n";
        }
    }
    if (invocation.json) return;
    if (!listening.metrics.empty()) std::cout << "metrics at http://" << listening.metrics << "/metrics\n";
    std::cout << "this server's pin is " << listening.pin.to_string() << "\n";
    if (listening.clients == 0) {
        std::cout << "nobody is admitted yet: cotter invite NAME prints a code for the first client\n";
    } else {
        std::cout << listening.clients << (listening.clients == 1 ? " client is" : " clients are")
                  << " registered: cotter client list\n";
    }
    std::cout << std::flush;
}

/// The flags of one service, or a file of several.
struct ServeFlags {
    ServiceOptions service;
    std::string to;
    std::string configuration;
    ServeOptions server;
};

Result<ServeOptions> asked(const ServeFlags& flags) {
    if (!flags.configuration.empty()) return read_configuration(flags.configuration);
    if (flags.service.listen.empty() || flags.to.empty()) {
        return malformed("bad_call", "reading the call", "--listen and --to are needed, or --config",
                         "cotter serve --listen 7000 --to 127.0.0.1:6379");
    }
    ServeOptions options = flags.server;
    options.services = {flags.service};
    options.services.front().to = {flags.to};
    options.services.front().stream = options.stream;
    return options;
}

int run(const Invocation& invocation, const ServeFlags& flags) {
    const auto options = asked(flags);
    return options ? serve_with(invocation, *options) : report(invocation, options.error());
}

}  // namespace

int serve_with(const Invocation& invocation, const ServeOptions& options) {
    auto settings = options.settings(invocation);
    if (!settings) return report(invocation, settings.error());
    service::Log log(options.stream.format(), options.stream.level());
    std::string address;
    const auto keep_record = [&](const Pin& pin) {
        const auto state = invocation.open_state();
        const auto recorded = state ? write_record(*state, {address, pin}) : Result<void>(unexpected(state.error()));
        if (!recorded)
            std::cerr << "cotter: warning: " << recorded.error().what << ": " << recorded.error().why
                      << "; invite needs it\n";
    };
    const auto on_listening = [&](const service::Listening& listening) {
        address = address_to_tell(listening);
        keep_record(listening.pin);
        say_listening(invocation, listening);
    };
    const auto served = service::serve(*settings, log, on_listening, keep_record);
    return served ? kDone : report(invocation, served.error());
}

void add_serve(CLI::App& app, Invocation& invocation) {
    auto flags = std::make_shared<ServeFlags>();
    CLI::App* const command = app.add_subcommand("serve", "Let only chosen clients reach a TCP service");
    command->footer(
        "Examples:\n"
        "  cotter serve --listen 7000 --to 127.0.0.1:6379\n"
        "  cotter serve --config cotter.toml");
    ServiceOptions& service = flags->service;
    ServeOptions& server = flags->server;
    command->add_option("--listen", service.listen, "[HOST:]PORT, unix:PATH or systemd:NAME")->type_name("ADDR");
    command->add_option("--to", flags->to, "The service: HOST:PORT or unix:PATH")->type_name("ADDR");
    command->add_option("--cert", server.certificate, "Certificate, PEM; else the state folder's")->type_name("FILE");
    command->add_option("--key", server.key, "Its private key, PEM")->type_name("FILE");
    command->add_option("--client-ca", service.client_ca, "Admit also whom these certify")->type_name("FILE");
    command->add_option("--client-crl", service.client_crls, "CRL of that CA; missing or stale: all refused")
        ->allow_extra_args(false)
        ->type_name("FILE");
    command->add_option("--client-name", service.client_names, "Names that count: DNS:*.x.example, URI:…, EMAIL:…")
        ->allow_extra_args(false)
        ->type_name("NAME")
        ->group(std::string(kRulesGroup));
    command->add_option("--registry", server.registry, kRegistryOption)->type_name("URL");
    command
        ->add_option("--registry-grace", server.registry_grace, "How long the last list serves while it can't be read")
        ->capture_default_str()
        ->type_name("TIME")
        ->group(std::string(kRulesGroup));
    command->add_option("--threads", server.threads, "How many threads; 0: one a core")
        ->capture_default_str()
        ->type_name("N")
        ->group(std::string(kRulesGroup));
    command->add_option("--proxy-protocol", service.proxy_protocol, "Tell the service who the client is")
        ->check(CLI::IsMember({"v1", "v2"}));
    command->add_flag("--pending", server.pending, "Note strangers, for cotter client pending")
        ->group(std::string(kRulesGroup));
    command->add_flag("--end-with-certificate", service.end_with_certificate, "No stream outlives its certificate")
        ->group(std::string(kKeysGroup));
    command->add_flag("--unsafe-target", service.unsafe_target, "Allow a service beyond private addresses");
    command->add_flag("--no-renewal", server.no_renewal, "Clients may not change their own keys")
        ->group(std::string(kKeysGroup));
    command->add_flag("--renew-certificates", server.renew_certificates, "Issue certificates anew to clients who ask")
        ->group(std::string(kKeysGroup));
    command->add_option("--ca-folder", server.ca_folder, "Where the authority is; else ca/ in the state folder")
        ->type_name("DIR")
        ->group(std::string(kKeysGroup));
    command->add_option("--ca-passphrase-file", server.ca_passphrase_file, "Opens the authority's key")
        ->type_name("FILE")
        ->group(std::string(kKeysGroup));
    server.stream.add_to(*command);
    const auto all = command->get_options([](const CLI::Option* option) { return option->get_name() != "--help"; });
    CLI::Option* const configuration =
        command->add_option("--config", flags->configuration, "All of this from a file, for several services")
            ->type_name("FILE");
    for (CLI::Option* other : all) configuration->excludes(other);
    command->callback(
        [&invocation, flags] { invocation.run = [&invocation, flags] { return run(invocation, *flags); }; });
}

}  // namespace cotter::cli
