// cotter connect: a pinned mutual-TLS stream, on standard input and output or for a local listener.
#include "service/connect.h"

#include "cli/ask.h"
#include "cli/client_options.h"
#include "cli/key_event.h"
#include "cli/key_log.h"
#include "cli/listening_client.h"
#include "cli/notary_options.h"
#include "cli/report.h"
#include "cli/report_options.h"

#include <CLI/Option.hpp>

#include <cerrno>
#include <iostream>
#include <system_error>

namespace cotter::cli {
namespace {

struct ConnectOptions {
    std::string server;
    std::string server_name;
    std::string listen;
    bool unsafe_listen = false;
    std::string certificate;
    std::string key;
    TrustOptions trust;
    KeyLogOptions key_log;
    NotaryOptions notaries;
    ReportOptions reports;
    StreamOptions stream;
};

Result<service::ClientSettings> settings_of(const ConnectOptions& options, const identity::StateFolder& state) {
    auto server = HostPort::parse(options.server);
    if (!server) return unexpected(server.error());
    auto trust = options.trust.request(state);
    if (!trust) return unexpected(trust.error());
    auto stream = options.stream.settings();
    if (!stream) return unexpected(stream.error());
    trust->minimum_protocol = stream->minimum_protocol;
    service::ClientSettings settings{.server = std::move(*server)};
    settings.trust = std::move(*trust);
    settings.stream = *stream;
    auto process = options.stream.process(options.listen.empty() ? StreamOptions::Life::kOneStream
                                                                 : StreamOptions::Life::kListens);
    if (!process) return unexpected(process.error());
    settings.process = *process;
    if (!options.trust.roots.empty()) settings.roots = options.trust.roots;
    options.trust.revocation.apply(state, settings);
    if (auto applied = options.key_log.apply(state, settings); !applied) return unexpected(applied.error());
    auto dns = dns_settings(options.trust.resolver, options.trust.dnssec_anchor);
    if (!dns) return unexpected(dns.error());
    settings.dns = std::move(*dns);
    if (!options.server_name.empty()) {
        auto name = HostName::parse(options.server_name);
        if (!name) return unexpected(name.error());
        settings.server_name = std::move(*name);
    }
    if (!options.listen.empty()) {
        auto listen = stream::ListenAddress::parse(options.listen);
        if (!listen) return unexpected(listen.error());
        settings.listen = std::move(*listen);
        settings.unsafe_listen = options.unsafe_listen;
    }
    if (options.certificate.empty() != options.key.empty()) {
        return malformed("half_identity", "reading --cert and --key", "one of the two is missing",
                         "give both, or neither");
    }
    return settings;
}

int report_outcome(const Invocation& invocation, const Attempt& attempt, const service::StreamOutcome& outcome) {
    if (outcome.reason == stream::EndReason::kDone && outcome.output_error == 0) return kDone;
    if (outcome.alert && outcome.alert->refuses_certificate()) {
        return report(invocation, attempt, {service::NotAdmitted{*outcome.alert}, outcome.connection_id});
    }
    const auto ended = [&](std::string_view code, const std::string& why, std::string next) {
        return report(invocation, Error{ErrorKind::kFailed,
                                        std::string(code),
                                        "the stream to " + attempt.server,
                                        why + " (connection " + outcome.connection_id + ")",
                                        std::move(next),
                                        {}});
    };
    if (outcome.output_error != 0 || outcome.reason == stream::EndReason::kPlainReset) {
        const bool is_closed = outcome.output_error == EPIPE || outcome.output_error == 0;
        return ended("output",
                     is_closed
                         ? "standard output was closed"
                         : "standard output takes no more: " + std::generic_category().message(outcome.output_error),
                     "look at what reads the output, or at the disk that it goes to");
    }
    const std::string_view code = stream::text_of(outcome.reason);
    const bool broke_off =
        outcome.reason == stream::EndReason::kTruncated || outcome.reason == stream::EndReason::kPeerReset;
    if (broke_off && outcome.counts.from_peer == 0) {
        // Some servers refuse a client so, without a word (nginx).
        return ended(
            code, "the server broke off before it had sent anything",
            "if it admits only chosen clients, send its owner this line: cotter client add NAME " + attempt.own_pin);
    }
    return ended(
        code,
        broke_off ? "the server's side broke off: what came may not be all" : "it ended early: " + std::string(code),
        "look for the connection id in the server's log");
}

int run(const Invocation& invocation, const ConnectOptions& options) {
    auto state = invocation.open_state();
    if (!state) return report(invocation, state.error());
    auto settings = settings_of(options, *state);
    if (!settings) return report(invocation, settings.error());
    const auto policy = service::choose_policy(settings->trust, settings->judged_host());
    if (!policy) return report(invocation, policy.error());
    if (!*policy) return report_no_policy(invocation, settings->server.to_string());
    if (auto checked = check_key_log(*settings, **policy); !checked) return report(invocation, checked.error());
    if (auto heard = options.notaries.hear(invocation, *state, **policy, NotaryOptions::When::kFirstContact, *settings);
        !heard)
        return report(invocation, heard.error());
    if (const auto refused = ask_at_first_contact(invocation, *settings, **policy)) return *refused;
    settings->identity = service::IdentityFiles{options.key, options.certificate};
    if (options.key.empty()) {
        if (auto own = invocation.own_identity(*state); !own) return report(invocation, own.error());
        settings->identity = service::IdentityFiles{state->key_file(), state->certificate_file()};
    }
    const auto identity = identity::load_identity(settings->identity->key, settings->identity->certificate);
    if (!identity) return report(invocation, identity.error());
    settings->on_first_contact = [host = settings->judged_host().to_string()](const Pin& pin) {
        // Whoever was there first is believed from now on, so a person must be able to check (INVARIANT A126).
        std::cerr << "cotter: " << host << " was seen for the first time; its key is remembered: " << pin.to_string()
                  << "\n  next: compare it with what the server's owner says (cotter id on the server)\n";
    };
    settings->on_key_event = print_key_event;
    const auto reporter = options.reports.start(*state);
    if (!reporter) return report(invocation, reporter.error());
    if (*reporter) {
        settings->on_incident = [&](const service::Incident& incident) { (*reporter)->take(incident); };
        settings->reports = &(*reporter)->counts();
    }
    const Attempt attempt{settings->server.to_string(), identity->pin().to_string()};
    if (settings->listen) return run_listening_client(invocation, attempt, *settings, options.stream);
    const auto outcome = service::connect_standard_streams(*settings);
    return outcome ? report_outcome(invocation, attempt, *outcome) : report(invocation, attempt, outcome.error());
}

}  // namespace

void add_connect(CLI::App& app, Invocation& invocation) {
    auto options = std::make_shared<ConnectOptions>();
    CLI::App* const command = app.add_subcommand("connect", "Open a stream to a server whose key is known");
    command->footer(
        "Examples:\n"
        "  cotter connect 127.0.0.1:7000 --listen 6380\n"
        "  echo PING | cotter connect 127.0.0.1:7000");
    command->add_option("HOST:PORT", options->server)->required();
    command->add_option("--listen", options->listen, "A stream a connection; else stdin and stdout")->type_name("ADDR");
    command->add_flag("--unsafe-listen", options->unsafe_listen, "Allow listening beyond loopback, unencrypted");
    command->add_option("--server-name", options->server_name, "Sent and judged instead of HOST")->type_name("NAME");
    command->add_option("--cert", options->certificate, "Own certificate, PEM; else the state folder's")
        ->type_name("FILE");
    command->add_option("--key", options->key, "Its private key, PEM")->type_name("FILE");
    options->trust.add_to(*command);
    options->key_log.add_to(*command);
    options->notaries.add_to(*command);
    options->reports.add_to(*command);
    options->stream.add_to(*command);
    command->callback(
        [&invocation, options] { invocation.run = [&invocation, options] { return run(invocation, *options); }; });
}

}  // namespace cotter::cli
