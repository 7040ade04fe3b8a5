// cotter notary: be one, or ask some.
#include "cli/notary_options.h"
#include "cli/owner.h"
#include "cli/print.h"
#include "cli/report.h"
#include "cli/serve_options.h"
#include "cli/starttls_option.h"
#include "observatory/notary_desk.h"
#include "text/escape.h"
#include "text/time.h"

#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>
#include <nlohmann/json.hpp>

#include <iostream>

namespace cotter::cli {
namespace {

struct NotaryServeOptions {
    std::string listen;
    std::vector<std::string> relays;
    bool unsafe_private = false;
    double rate = observatory::DeskSettings{}.rate;
    std::string keep = "60s";
    std::string archive;
    ServeOptions server;
};

Result<observatory::DeskSettings> desk_of(const NotaryServeOptions& options, const identity::StateFolder& state) {
    observatory::DeskSettings settings;
    settings.socket.path = state.notary_socket();
    settings.identity = state.key_files();
    settings.archive = options.archive.empty() ? state.archive_file() : std::filesystem::path(options.archive);
    settings.may_reach_private = options.unsafe_private;
    settings.rate = options.rate;
    auto relays = observatory::parse_notaries(options.relays);
    if (!relays) return unexpected(relays.error());
    settings.relays = std::move(*relays);
    const auto keep = text::parse_duration(options.keep);
    if (!keep) return unexpected(keep.error());
    if (*keep > std::chrono::days(1)) {
        return malformed("notary_keep", "reading --keep " + text::escape(options.keep, 64), "it is longer than a day",
                         "say for instance 60s: what it answers is to be of now");
    }
    settings.keep = std::chrono::duration_cast<std::chrono::seconds>(*keep);
    return settings;
}

int serve_notary(const Invocation& given, const NotaryServeOptions& options) {
    // Answers are signed with the key that clients pin, and that can only be of this kind.
    Invocation invocation = given;
    invocation.key_type = "ed25519";
    const auto state = invocation.open_state();
    if (!state) return report(invocation, state.error());
    const auto settings = desk_of(options, *state);
    if (!settings) return report(invocation, settings.error());
    if (auto own = invocation.own_identity(*state); !own) return report(invocation, own.error());
    const auto desk = observatory::NotaryDesk::open(*settings);
    if (!desk) return report(invocation, desk.error());
    ServeOptions server = options.server;
    ServiceOptions service;
    service.listen = options.listen;
    service.to = {"unix:" + settings->socket.path.string()};
    // One client keeps no others from asking.
    service.rules.max_streams = "16";
    service.stream = server.stream;
    server.services = {service};
    return serve_with(invocation, server);
}

void add_notary_serve(CLI::App& notary, Invocation& invocation) {
    auto options = std::make_shared<NotaryServeOptions>();
    CLI::App* const command = notary.add_subcommand("serve", "Tell your clients which keys servers show you");
    command->footer(
        "Clients are those of the state folder's registry: cotter invite, cotter client.\n"
        "Examples:\n"
        "  cotter --state /var/lib/notary notary serve --listen 7443\n"
        "  cotter --state /var/lib/notary invite alice");
    command->add_option("--listen", options->listen, "[HOST:]PORT")->required()->type_name("ADDR");
    command->add_option("--relay-to", options->relays, "HOST:PORT,PIN of a notary that questions go on to")
        ->allow_extra_args(false)
        ->type_name("NOTARY");
    command->add_flag("--unsafe-private", options->unsafe_private, "Look at private and own addresses, too");
    command->add_option("--rate", options->rate, "Looks in a second, at most")
        ->check(CLI::Range(0.1, 1000.0))
        ->option_text("N")
        ->capture_default_str();
    command->add_option("--keep", options->keep, "How long a look answers the next questions")
        ->type_name("TIME")
        ->capture_default_str();
    command->add_option("--archive", options->archive, "What was seen [observatory.db in the state folder]")
        ->type_name("FILE");
    command->add_option("--registry", options->server.registry, kRegistryOption)->type_name("URL");
    options->server.stream.add_to(*command);
    command->callback([&invocation, options] {
        invocation.run = [&invocation, options] { return serve_notary(invocation, *options); };
    });
}

struct NotaryAskOptions {
    std::string server;
    std::optional<stream::StartTls> start_tls;
    NotaryOptions notaries;
};

nlohmann::ordered_json word_json(const trust::NotaryWord& word) {
    nlohmann::ordered_json keys = nlohmann::ordered_json::array();
    for (const trust::NotarySight& sight : word.sights)
        keys.push_back({{"pin", sight.key.to_string()}, {"since", text::rfc3339(sight.since)}});
    nlohmann::ordered_json document{{"notary", word.notary}, {"keys", std::move(keys)}};
    document["silence"] = word.sights.empty() ? nlohmann::ordered_json(word.silence) : nlohmann::ordered_json();
    return document;
}

int ask_notaries(const Invocation& invocation, const NotaryAskOptions& options) {
    const auto server =
        HostPort::parse(options.server, options.start_tls ? stream::usual_port(*options.start_tls) : 443);
    if (!server) return report(invocation, server.error());
    const auto state = invocation.open_state();
    if (!state) return report(invocation, state.error());
    const auto inquiry = options.notaries.inquiry(invocation, *state);
    if (!inquiry) return report(invocation, inquiry.error());
    const trust::NotaryFindings findings =
        observatory::inquire(*inquiry, {.server = *server, .start_tls = options.start_tls});
    bool has_answer = false;
    nlohmann::ordered_json words = nlohmann::ordered_json::array();
    for (const trust::NotaryWord& word : findings.words) {
        has_answer = has_answer || !word.sights.empty();
        words.push_back(word_json(word));
        if (invocation.json) continue;
        for (const trust::NotarySight& sight : word.sights)
            std::cout << word.notary << "  sees " << sight.key.to_string() << " since " << text::rfc3339(sight.since)
                      << "\n";
        if (word.sights.empty()) std::cout << word.notary << "  is silent: " << word.silence << "\n";
    }
    if (invocation.json) print_document({{"server", server->to_string()}, {"notaries", std::move(words)}});
    return has_answer ? kDone : kCouldNot;
}

void add_notary_ask(CLI::App& notary, Invocation& invocation) {
    auto options = std::make_shared<NotaryAskOptions>();
    CLI::App* const command = notary.add_subcommand("ask", "Ask notaries which key a server shows them");
    command->footer(
        "Examples:\n"
        "  cotter notary ask example.com:443 --notary 127.0.0.1:7443,\"$(cotter id)\"\n"
        "  cotter notary ask db.example.com --starttls postgres --notary ...");
    command->add_option("HOST:PORT", options->server, "The server that is asked about")->required();
    add_start_tls(*command, options->start_tls);
    options->notaries.add_to(*command);
    command->callback([&invocation, options] {
        invocation.run = [&invocation, options] { return ask_notaries(invocation, *options); };
    });
}

}  // namespace

void add_notary(CLI::App& app, Invocation& invocation) {
    CLI::App* const command = app.add_subcommand("notary", "Which key others see a server show");
    command->footer(
        "Examples:\n"
        "  cotter --state /var/lib/notary notary serve --listen 7443\n"
        "  cotter notary ask example.com:443 --notary 127.0.0.1:7443,\"$(cotter id)\"");
    add_notary_serve(*command, invocation);
    add_notary_ask(*command, invocation);
    command->require_subcommand(1);
}

}  // namespace cotter::cli
