// cotter version: which cotter, which OpenSSL it runs on, and what it does where nothing was said.
#include "cli/invocation.h"
#include "service/join_exchange.h"
#include "service/settings.h"
#include "stream/preface.h"
#include "stream/reactor.h"
#include "tls/offer.h"
#include "x509/library_version.h"

#include <cotter/version.h>

#include <openssl/crypto.h>
#include <CLI/Option.hpp>
#include <nlohmann/json.hpp>

#include <iostream>

namespace cotter::cli {
namespace {

using Json = nlohmann::ordered_json;

/// The defaults of a command's flags, as its help shows them.
void add_flags(Json& document, const CLI::App& command, const std::string& name) {
    for (const CLI::Option* option : command.get_options()) {
        if (!option->get_default_str().empty()) document[name][option->get_name()] = option->get_default_str();
    }
    for (const CLI::App* one : command.get_subcommands([](const CLI::App*) { return true; }))
        add_flags(document, *one, name + " " + one->get_name());
}

Json defaults(const CLI::App& app) {
    Json document = Json::object();
    add_flags(document, app, app.get_name());
    const tls::Offer offer = tls::offer();
    document["TLS"] = {{"1.3 suites", offer.suites_13},
                       {"1.2 suites", offer.suites_12},
                       {"groups", offer.groups},
                       {"signatures", offer.signatures},
                       {"most certificate octets", offer.most_certificate_octets}};
    const service::ServeSettings settings;
    const auto grace = std::chrono::duration_cast<std::chrono::seconds>(settings.registry_grace).count();
    document["limits"] = {{"handshakes at once, a thread", settings.most_handshakes},
                          {"handshakes at once, a thread and source network", settings.most_handshakes_per_source},
                          {"unreadable registry still admits, seconds", grace},
                          {"receive buffer, octets, a thread", stream::Reactor::kReceive},
                          {"preface, octets", stream::kMostPreface},
                          {"join answer, octets", service::kMostJoinAnswer}};
    return document;
}

int print_defaults(const Invocation& invocation, const CLI::App& app) {
    const Json document = defaults(app);
    if (invocation.json) {
        std::cout << document.dump() << std::endl;
        return kDone;
    }
    for (const auto& [section, values] : document.items()) {
        std::cout << section << "\n";
        for (const auto& [name, value] : values.items())
            std::cout << "  " << name << "  " << (value.is_string() ? value.get<std::string>() : value.dump()) << "\n";
    }
    return kDone;
}

int print_version(const Invocation& invocation) {
    const std::string library = OpenSSL_version(OPENSSL_VERSION_STRING);
    const auto fault = x509::known_fault_of_library(OpenSSL_version_num());
    if (invocation.json) {
        const Json warnings = fault ? Json::array({*fault}) : Json::array();
        std::cout << Json{{"version", cotter::version()}, {"openssl", library}, {"warnings", warnings}}.dump()
                  << std::endl;
        return kDone;
    }
    std::cout << "cotter " << cotter::version() << ", OpenSSL " << library << "\n";
    if (fault) std::cerr << "cotter: warning: " << *fault << "\n";
    return kDone;
}

}  // namespace

void add_version(CLI::App& app, Invocation& invocation) {
    const auto wants_defaults = std::make_shared<bool>(false);
    CLI::App* const command = app.add_subcommand("version", "Print the version");
    command->footer("Examples:\n  cotter version\n  cotter version --defaults");
    command->add_flag("--defaults", *wants_defaults, "Print every default and limit that is compiled in");
    command->callback([&app, &invocation, wants_defaults] {
        invocation.run = [&app, &invocation, wants_defaults] {
            if (*wants_defaults) return print_defaults(invocation, app);
            return print_version(invocation);
        };
    });
}

}  // namespace cotter::cli
