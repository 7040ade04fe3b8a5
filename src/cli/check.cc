// cotter check: whether a configuration file of serve would start, without starting it.
#include "cli/print.h"
#include "cli/report.h"
#include "cli/serve_options.h"
#include "service/server_thread.h"

#include <CLI/Option.hpp>
#include <nlohmann/json.hpp>

#include <iostream>

namespace cotter::cli {
namespace {

using Json = nlohmann::ordered_json;

void print(const Invocation& invocation, const std::string& file, const ServeOptions& options, const Pin& pin) {
    if (!invocation.json) {
        for (const ServiceOptions& service : options.services) {
            std::string to;
            for (const std::string& one : service.to) to += (to.empty() ? "" : ", ") + one;
            std::cout << service.name << ": would listen on " << service.listen << " and forward to " << to << "\n";
        }
        std::cout << "this server's pin is " << pin.to_string() << "\n" << file << " is sound" << std::endl;
        return;
    }
    Json services = Json::array();
    for (const ServiceOptions& service : options.services)
        services.push_back({{"name", service.name}, {"listen", service.listen}, {"to", service.to}});
    const Json document{{"file", file}, {"pin", pin.to_string()}, {"services", std::move(services)}};
    print_document(document);
}

int run(const Invocation& invocation, const std::string& file) {
    const auto options = read_configuration(file);
    if (!options) return report(invocation, options.error());
    const auto settings = options->settings(invocation);
    if (!settings) return report(invocation, settings.error());
    const auto configuration = service::ServerConfiguration::read(*settings);
    if (!configuration) return report(invocation, configuration.error());
    const auto registry = registry::open_registry(settings->registry_url);
    if (!registry) return report(invocation, registry.error());
    print(invocation, file, *options, configuration->identity.pin());
    return kDone;
}

}  // namespace

void add_check(CLI::App& app, Invocation& invocation) {
    auto file = std::make_shared<std::string>();
    CLI::App* const command = app.add_subcommand("check", "Say whether a configuration file would start");
    command->footer(
        "Examples:\n"
        "  cotter check cotter.toml\n"
        "  cotter check cotter.toml --json");
    command->add_option("FILE", *file, "A configuration file of cotter serve")->required();
    command->callback([&invocation, file] { invocation.run = [&invocation, file] { return run(invocation, *file); }; });
}

}  // namespace cotter::cli
