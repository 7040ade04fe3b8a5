// cotter renew: give this client another key; its servers admit the next one before the former goes.
#include "cli/client_options.h"
#include "cli/invocation.h"
#include "cli/report.h"
#include "files/files.h"
#include "identity/key_proof.h"
#include "identity/succession.h"
#include "service/control.h"
#include "service/wall_clock.h"

#include <CLI/Option.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <iostream>

namespace cotter::cli {
namespace {

using identity::KeyRole;
using identity::Succession;
using service::ControlRefusal;

struct RenewOptions {
    std::vector<std::string> servers;
    TrustOptions trust;
};

/// The name under which a server admits a key.
struct Admission {
    std::string server;
    std::string name;
};

/// A renewal ends where the first thing goes wrong, with the exit code of what was said.
template <class T>
using OrExit = expected<T, int>;

class Renewal {
  public:
    /// `usual`: how each of the servers is judged.
    Renewal(const Invocation& invocation, identity::StateFolder state, service::ClientSettings usual,
            std::vector<x509::HostPort> servers)
        : invocation_(invocation),
          state_(std::move(state)),
          succession_(state_, KeyRole::kClient),
          usual_(std::move(usual)),
          servers_(std::move(servers)) {}

    int run(const identity::Identity& own) {
        // What an earlier call has begun is gone on with; what it has switched is finished, and nothing new begun.
        if (!succession_.is_begun() && succession_.has_previous()) return finish(own.pin());
        const auto choice = invocation_.key_choice();
        if (!choice) return report(invocation_, choice.error());
        const auto next = succession_.make(*choice, service::wall_clock_now());
        if (!next) return report(invocation_, next.error());
        for (const x509::HostPort& server : servers_) {
            const auto admitted = register_at(server, own, next->identity);
            if (!admitted) return admitted.error();
        }
        // Seen by every server before the former key gives way: nobody is locked out by what was only promised.
        for (const x509::HostPort& server : servers_) {
            const auto admitted =
                ask(server, {succession_.key_file(), succession_.certificate_file()}, next->identity.pin(),
                    [](const tls::ControlChannel&) { return Result<service::ControlRequest>(service::AskName{}); });
            if (!admitted) return admitted.error();
        }
        if (auto switched = succession_.switch_over(next->identity.pin()); !switched)
            return report(invocation_, switched.error());
        return finish(next->identity.pin());
    }

  private:
    OrExit<Admission> register_at(const x509::HostPort& server, const identity::Identity& own,
                                  const identity::Identity& next) {
        const auto make_request = [&](const tls::ControlChannel& channel) -> Result<service::ControlRequest> {
            const auto session = channel.session_binding();
            if (!session)
                return failed("key_proof", "proving the next key", "the connection has nothing to bind it to");
            auto proof = identity::prove_key(next, {KeyRole::kClient, own.certificate().public_key(), *session});
            if (!proof) return unexpected(proof.error());
            return service::RegisterKey{std::move(*proof)};
        };
        return ask(server, {state_.key_file(), state_.certificate_file()}, own.pin(), make_request);
    }

    int finish(const Pin& present) {
        std::vector<Admission> admissions;
        for (const x509::HostPort& server : servers_) {
            auto admitted = ask(
                server, {state_.key_file(), state_.certificate_file()}, present,
                [](const tls::ControlChannel&) { return Result<service::ControlRequest>(service::FinishRenewal{}); });
            if (!admitted) return admitted.error();
            admissions.push_back(std::move(*admitted));
        }
        if (auto gone = succession_.discard_previous(); !gone) return report(invocation_, gone.error());
        say(present, admissions);
        return kDone;
    }

    OrExit<Admission> ask(const x509::HostPort& server, service::IdentityFiles identity, const Pin& own_pin,
                          const service::MakeRequest& make_request) {
        service::ClientSettings settings = usual_;
        settings.server = server;
        settings.identity = std::move(identity);
        const auto policy = service::choose_policy(settings.trust, server);
        if (!policy) return unexpected(report(invocation_, policy.error()));
        if (!*policy) return unexpected(report_no_policy(invocation_, server.to_string()));
        const auto answered = service::control(settings, make_request);
        if (!answered)
            return unexpected(report(invocation_, {server.to_string(), own_pin.to_string()}, answered.error()));
        if (answered->answer.refused) return unexpected(report(invocation_, refusal(server, *answered)));
        return Admission{server.to_string(), answered->answer.name};
    }

    static Error refusal(const x509::HostPort& server, const service::Controlled& answered) {
        Error error{
            ErrorKind::kFailed,
            "renewal_" + std::string(text_of(*answered.answer.refused)),
            "renewing this client's key at " + server.to_string() + " (connection " + answered.connection_id + ")",
            {},
            "ask the server's owner, with the connection id",
            {}};
        switch (*answered.answer.refused) {
            case ControlRefusal::kUnknown: error.why = "the server does not know how"; break;
            case ControlRefusal::kForbidden:
                error.why = "the server's owner wants no key changed without him (--no-renewal)";
                error.next = "make a key in another state folder, and send him its line (cotter --state DIR id)";
                break;
            case ControlRefusal::kNotListed:
                error.why = "the server admits this key by its certificate, not by its list of clients";
                error.next = "have whoever issued the certificate issue another (cotter ca sign)";
                break;
            case ControlRefusal::kKeyRefused:
                error.why = "the server does not take the next key: it belongs to somebody else or was revoked";
                break;
            case ControlRefusal::kTooManyKeys:
                error.why = "too many keys are registered under this client's name";
                error.next = "have the server's owner drop those that are not used (cotter client drop-key)";
                break;
            case ControlRefusal::kUnavailable:
                error.why = "the server's registry did not answer";
                error.next = "run cotter renew again later: it goes on where it stopped";
                break;
        }
        return error;
    }

    void say(const Pin& present, const std::vector<Admission>& admissions) const {
        if (invocation_.json) {
            nlohmann::ordered_json document{{"pin", present.to_string()}, {"servers", nlohmann::ordered_json::array()}};
            for (const Admission& one : admissions)
                document["servers"].push_back({{"server", one.server}, {"name", one.name}});
            std::cout << document.dump() << std::endl;
            return;
        }
        std::cout << "this client's key is " << present.to_string() << " now\n";
        for (const Admission& one : admissions)
            std::cout << "  " << one.server << " admits it as " << one.name << ", and the former one no longer\n";
    }

    const Invocation& invocation_;
    identity::StateFolder state_;
    Succession succession_;
    service::ClientSettings usual_;
    std::vector<x509::HostPort> servers_;
};

/// Those that were named, else all that are remembered.
Result<std::vector<x509::HostPort>> servers_of(const RenewOptions& options, const service::TrustRequest& trust) {
    std::vector<x509::HostPort> servers;
    for (const std::string& text : options.servers) {
        auto server = x509::HostPort::parse(text);
        if (!server) return unexpected(server.error());
        servers.push_back(std::move(*server));
    }
    if (!servers.empty()) return servers;
    const auto peers = trust.memory().read();
    if (!peers) return unexpected(peers.error());
    for (const evidence::PeerLine& line : peers->lines()) {
        const evidence::PeerEntry* entry = line.entry();
        if (entry == nullptr || entry->is_revoked) continue;
        const x509::HostPort* peer = entry->name.in_clear();
        if (peer == nullptr) {
            return failed("hashed_names", "finding the servers that admit this client",
                          "known_peers has hashed names, which can't be read back",
                          "name them: cotter renew HOST:PORT");
        }
        const bool is_listed = std::ranges::any_of(
            servers, [&](const x509::HostPort& other) { return other.to_string() == peer->to_string(); });
        if (!is_listed) servers.push_back(*peer);
    }
    if (!servers.empty()) return servers;
    return failed("no_server", "finding the servers that admit this client", "none is remembered",
                  "name it: cotter renew HOST:PORT --pin PIN");
}

int run(const Invocation& invocation, const RenewOptions& options) {
    auto state = invocation.open_state();
    if (!state) return report(invocation, state.error());
    auto trust = options.trust.request(*state);
    if (!trust) return report(invocation, trust.error());
    auto servers = servers_of(options, *trust);
    if (!servers) return report(invocation, servers.error());
    const auto lock = files::Lock::take(state->path() / "renew.lock");
    if (!lock) return report(invocation, lock.error());
    const auto own = invocation.own_identity(*state);
    if (!own) return report(invocation, own.error());
    if (Succession(*state, KeyRole::kServer).is_begun()) {
        return report(invocation, Error{ErrorKind::kFailed,
                                        "rotation_under_way",
                                        "renewing this client's key",
                                        "the same key serves here, and cotter rotate is changing it",
                                        "finish that first: cotter rotate status",
                                        {}});
    }
    service::ClientSettings usual{.server = servers->front()};
    usual.trust = std::move(*trust);
    if (!options.trust.roots.empty()) usual.roots = options.trust.roots;
    options.trust.revocation.apply(*state, usual);
    auto dns = dns_settings(options.trust);
    if (!dns) return report(invocation, dns.error());
    usual.dns = std::move(*dns);
    return Renewal(invocation, std::move(*state), std::move(usual), std::move(*servers)).run(*own);
}

}  // namespace

void add_renew(CLI::App& app, Invocation& invocation) {
    auto options = std::make_shared<RenewOptions>();
    CLI::App* const command = app.add_subcommand("renew", "Change this client's key; its servers follow");
    command->footer(
        "If it was interrupted: run it again.\nExamples:\n"
        "  cotter renew\n"
        "  cotter renew db.example.com:7000");
    command->add_option("HOST:PORT", options->servers, "Who admits this client; else all in known_peers");
    options->trust.add_to(*command);
    command->callback(
        [&invocation, options] { invocation.run = [&invocation, options] { return run(invocation, *options); }; });
}

}  // namespace cotter::cli
