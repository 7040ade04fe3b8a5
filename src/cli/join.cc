// cotter join: use an invitation: the key is made here, proven to the pinned server, and admitted.
#include "service/join.h"

#include "cli/client_options.h"
#include "cli/listening_client.h"
#include "cli/report.h"
#include "files/files.h"
#include "service/wall_clock.h"
#include "text/time.h"
#include "x509/openssl.h"

#include <CLI/Option.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <iostream>
#include <iterator>

namespace cotter::cli {
namespace {

struct JoinOptions {
    std::string code;
    std::string listen;
    bool unsafe_listen = false;
    bool hash_hosts = false;
    StreamOptions stream;
};

Result<registry::InvitationCode> read_code(const std::string& argument) {
    if (argument != "-") return registry::InvitationCode::parse(argument);
    constexpr std::size_t kMostCode = 4096;
    auto content = files::read("-", kMostCode);
    if (!content) return unexpected(content.error());
    std::string text;
    std::ranges::transform(*content, std::back_inserter(text),
                           [](std::byte octet) { return static_cast<char>(octet); });
    return registry::InvitationCode::parse(text);
}

/// A key that is remembered for this server already must be the code's.
Result<void> check_remembered(const service::ClientSettings& settings, const Pin& pin) {
    const auto remembered = settings.trust.memory().pins_of(settings.server);
    if (!remembered) return unexpected(remembered.error());
    if (remembered->empty() || std::ranges::find(*remembered, pin) != remembered->end()) return {};
    return failed("peer_changed", "joining at " + settings.server.to_string(),
                  "the code says that the server's key is " + pin.to_string() + ", and " +
                      remembered->front().to_string() + " is remembered for it",
                  "ask the server's owner, by another way than the code came, whether the key was changed");
}

void say_joined(const Invocation& invocation, const service::ClientSettings& settings, const service::Joined& joined,
                const std::string& pin) {
    const std::string server = settings.server.to_string();
    const std::string name = joined.answer.admitted_as->text();
    const std::string until = joined.answer.until ? text::rfc3339(*joined.answer.until) : "";
    if (invocation.json) {
        nlohmann::ordered_json document{{"event", "joined"},
                                        {"server", server},
                                        {"name", name},
                                        {"pin", pin},
                                        {"connection", joined.connection_id}};
        document["expires"] = until.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(until);
        std::cout << document.dump() << std::endl;
        return;
    }
    std::cout << "joined " << server << " as " << name << " (" << pin << "), "
              << (until.empty() ? "until revoked" : "until " + until) << "\n";
    if (!settings.listen) std::cout << "next: cotter connect " << server << " --listen PORT\n";
    std::cout << std::flush;
}

int run(const Invocation& invocation, const JoinOptions& options) {
    auto code = read_code(options.code);
    if (!code) return report(invocation, code.error());
    auto stream = options.stream.settings();
    if (!stream) return report(invocation, stream.error());
    const auto process = options.stream.process(options.listen.empty() ? StreamOptions::Life::kOneStream
                                                                       : StreamOptions::Life::kListens);
    if (!process) return report(invocation, process.error());
    auto state = invocation.open_state();
    if (!state) return report(invocation, state.error());
    const auto own = invocation.own_identity(*state);
    if (!own) return report(invocation, own.error());

    service::ClientSettings settings{.server = code->server};
    settings.trust.pins = {code->server_pin};
    settings.trust.minimum_protocol = stream->minimum_protocol;
    settings.trust.usual_policy_file = state->policy_file();
    settings.trust.known_peers = state->known_peers_file();
    if (options.hash_hosts) settings.trust.peer_names = evidence::HostNames::kHashed;
    settings.identity = service::IdentityFiles{state->key_file(), state->certificate_file()};
    settings.stream = *stream;
    settings.process = *process;
    if (!options.listen.empty()) {
        auto listen = stream::ListenAddress::parse(options.listen);
        if (!listen) return report(invocation, listen.error());
        settings.listen = std::move(*listen);
        settings.unsafe_listen = options.unsafe_listen;
    }
    if (auto checked = check_remembered(settings, code->server_pin); !checked)
        return report(invocation, checked.error());

    const Attempt attempt{settings.server.to_string(), own->pin().to_string()};
    const auto joined = service::join(settings, code->secret);
    if (!joined) return report(invocation, attempt, joined.error());
    if (!joined->answer.admitted_as) {
        print_failure(invocation, "not_admitted",
                      "the server " + attempt.server + " does not take this code (connection " + joined->connection_id +
                          "): it was used, withdrawn or has expired, or this key is known there already",
                      "ask its owner for another (cotter invite NAME), or send this line: cotter client add NAME " +
                          attempt.own_pin);
        return kVerdict;
    }
    // What its certificate says is written down when it is seen next.
    if (auto kept = settings.trust.memory().remember(settings.server, {code->server_pin}, service::wall_clock_now());
        !kept) {
        return report(invocation, kept.error());
    }
    say_joined(invocation, settings, *joined, attempt.own_pin);
    // From here on as cotter connect: by what is remembered, which follows the server when its key changes.
    settings.trust.pins.clear();
    return settings.listen ? run_listening_client(invocation, attempt, settings, options.stream) : kDone;
}

}  // namespace

void add_join(CLI::App& app, Invocation& invocation) {
    auto options = std::make_shared<JoinOptions>();
    CLI::App* const command = app.add_subcommand("join", "Be admitted by a one-time code");
    command->footer(
        "Examples (the second plays both sides on one machine, where cotter serve runs):\n"
        "  cotter join - --listen 6380        (paste the code, then Ctrl-D)\n"
        "  cotter invite alice | cotter --state /tmp/alice join -");
    command->add_option("CODE", options->code, "From cotter invite; - reads it from standard input")->required();
    command->add_option("--listen", options->listen, "Then go on as cotter connect --listen")->type_name("ADDR");
    command->add_flag("--unsafe-listen", options->unsafe_listen, "Allow listening beyond loopback, unencrypted");
    command->add_flag("--hash-hosts", options->hash_hosts, "Remember the server under a hashed name");
    options->stream.add_to(*command);
    command->callback(
        [&invocation, options] { invocation.run = [&invocation, options] { return run(invocation, *options); }; });
}

}  // namespace cotter::cli
