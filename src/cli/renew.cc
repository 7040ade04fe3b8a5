// cotter renew: give this client another key; its servers admit the next one before the former goes. Where it comes
// with a certificate of the owner's authority, that is what is renewed (cli/renew_certificate.cc).
#include "cli/renew.h"
#include "cli/client_options.h"
#include "cli/help_topics.h"
#include "cli/report.h"
#include "files/files.h"
#include "service/wall_clock.h"
#include "text/escape.h"

#include <CLI/Option.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <iostream>

namespace cotter::cli {
namespace {

using identity::KeyRole;
using identity::Succession;

struct RenewOptions {
    std::vector<std::string> servers;
    std::string certificate;
    std::string key;
    bool next_key = false;
    bool if_due = false;
    TrustOptions trust;
};

/// The name under which a server admits a key.
struct Admission {
    std::string server;
    std::string name;
};

class Renewal {
  public:
    Renewal(const RenewalCall& call, identity::StateFolder state, std::vector<HostPort> servers)
        : call_(call),
          invocation_(call.invocation()),
          state_(std::move(state)),
          succession_(state_, KeyRole::kClient),
          servers_(std::move(servers)) {}

    int run(const identity::Identity& own) {
        // What an earlier call has begun is gone on with; what it has switched is finished, and nothing new begun.
        if (!succession_.is_begun() && succession_.has_previous()) return finish(own.pin());
        const auto choice = invocation_.key_choice();
        if (!choice) return report(invocation_, choice.error());
        const auto next = succession_.make(*choice, service::wall_clock_now());
        if (!next) return report(invocation_, next.error());
        for (const HostPort& server : servers_) {
            const auto admitted = register_at(server, own, next->identity);
            if (!admitted) return admitted.error();
        }
        // Seen by every server before the former key gives way: nobody is locked out by what was only promised.
        for (const HostPort& server : servers_) {
            const auto admitted = call_.must(server, {succession_.key_file(), succession_.certificate_file()},
                                             next->identity.pin(), ask_name);
            if (!admitted) return admitted.error();
        }
        if (auto switched = succession_.switch_over(next->identity.pin()); !switched)
            return report(invocation_, switched.error());
        return finish(next->identity.pin());
    }

  private:
    OrExit<service::ControlAnswer> register_at(const HostPort& server, const identity::Identity& own,
                                               const identity::Identity& next) {
        return call_.must(server, state_.key_files(), own.pin(),
                          [&](const tls::ControlChannel& channel) -> Result<service::ControlRequest> {
                              auto proof = prove_next_key(next, own.certificate().public_key(), channel);
                              if (!proof) return unexpected(proof.error());
                              return service::RegisterKey{std::move(*proof)};
                          });
    }

    int finish(const Pin& present) {
        std::vector<Admission> admissions;
        for (const HostPort& server : servers_) {
            auto admitted = call_.must(server, state_.key_files(), present, finish_renewal);
            if (!admitted) return admitted.error();
            admissions.push_back({server.to_string(), std::move(admitted->name)});
        }
        if (auto gone = succession_.discard_previous(); !gone) return report(invocation_, gone.error());
        say(present, admissions);
        return kDone;
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

    const RenewalCall& call_;
    const Invocation& invocation_;
    identity::StateFolder state_;
    Succession succession_;
    std::vector<HostPort> servers_;
};

/// Those that were named, else all that are remembered.
Result<std::vector<HostPort>> servers_of(const RenewOptions& options, const service::TrustRequest& trust) {
    std::vector<HostPort> servers;
    for (const std::string& text : options.servers) {
        auto server = HostPort::parse(text);
        if (!server) return unexpected(server.error());
        servers.push_back(std::move(*server));
    }
    if (!servers.empty()) return servers;
    const auto peers = trust.memory().read();
    if (!peers) return unexpected(peers.error());
    for (const evidence::PeerLine& line : peers->lines()) {
        const evidence::PeerEntry* entry = line.entry();
        if (entry == nullptr || entry->is_revoked) continue;
        const HostPort* peer = entry->name.in_clear();
        if (peer == nullptr) {
            return failed("hashed_names", "finding the servers that admit this client",
                          "known_peers has hashed names, which can't be read back",
                          "name them: cotter renew HOST:PORT");
        }
        const bool is_listed =
            std::ranges::any_of(servers, [&](const HostPort& other) { return other.to_string() == peer->to_string(); });
        if (!is_listed) servers.push_back(*peer);
    }
    if (!servers.empty()) return servers;
    return failed("no_server", "finding the servers that admit this client", "none is remembered",
                  "name it: cotter renew HOST:PORT --pin PIN");
}

Result<service::ClientSettings> settings_of(const RenewOptions& options, const identity::StateFolder& state,
                                            service::TrustRequest trust, const HostPort& server) {
    service::ClientSettings usual{.server = server};
    usual.trust = std::move(trust);
    if (!options.trust.roots.empty()) usual.roots = options.trust.roots;
    options.trust.revocation.apply(state, usual);
    auto dns = dns_settings(options.trust.resolver, options.trust.dnssec_anchor);
    if (!dns) return unexpected(dns.error());
    usual.dns = std::move(*dns);
    return usual;
}

/// Links followed, so that it is the file itself that gives way to another.
Result<identity::KeyFiles> named_files(const RenewOptions& options) {
    identity::KeyFiles files{options.key, options.certificate};
    for (std::filesystem::path* const file : {&files.key, &files.certificate}) {
        std::error_code fault;
        const std::filesystem::path real = std::filesystem::canonical(*file, fault);
        if (fault) {
            return failed("file_read", "reading " + text::escape(file->string()), fault.message(),
                          "check the path; what is meant must exist");
        }
        *file = real;
    }
    return files;
}

int renew_certificate_of(const RenewalCall& call, const RenewOptions& options, const identity::KeyFiles& files,
                         const Succession& succession, const std::vector<HostPort>& servers) {
    if (servers.size() > 1) {
        return report(call.invocation(), malformed("several_servers", "renewing this client's certificate",
                                                   "one authority has issued it, and several servers are known",
                                                   "name the one whose owner issued it: cotter renew HOST:PORT")
                                             .value());
    }
    return renew_certificate(call, {files, succession, servers.front(), options.next_key, options.if_due});
}

int run(const Invocation& invocation, const RenewOptions& options) {
    if (options.certificate.empty() != options.key.empty()) {
        return report(invocation, malformed("half_identity", "reading --cert and --key", "one of the two is missing",
                                            "give both, or neither")
                                      .value());
    }
    auto state = invocation.open_state();
    if (!state) return report(invocation, state.error());
    auto trust = options.trust.request(*state);
    if (!trust) return report(invocation, trust.error());
    auto servers = servers_of(options, *trust);
    if (!servers) return report(invocation, servers.error());
    const auto lock = files::Lock::take(state->path() / "renew.lock");
    if (!lock) return report(invocation, lock.error());
    auto usual = settings_of(options, *state, std::move(*trust), servers->front());
    if (!usual) return report(invocation, usual.error());
    const RenewalCall call(invocation, std::move(*usual));
    if (!options.certificate.empty()) {
        const auto files = named_files(options);
        if (!files) return report(invocation, files.error());
        return renew_certificate_of(call, options, *files, Succession(*files), *servers);
    }
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
    if (is_issued_by_cotter(own->certificate())) {
        return renew_certificate_of(call, options, state->key_files(), Succession(*state, KeyRole::kClient), *servers);
    }
    if (options.if_due) {
        return report(invocation, malformed("no_due_date", "reading --if-due",
                                            "this client has no certificate of an authority, and a key has no date",
                                            "cotter renew changes the key whenever it is run")
                                      .value());
    }
    return Renewal(call, std::move(*state), std::move(*servers)).run(*own);
}

}  // namespace

void add_renew(CLI::App& app, Invocation& invocation) {
    auto options = std::make_shared<RenewOptions>();
    CLI::App* const command = app.add_subcommand("renew", "Change this client's key, or renew its certificate");
    command->footer(
        "If it was interrupted: run it again.\nExamples:\n"
        "  cotter renew\n"
        "  cotter renew db.example.com:7000 --cert alice.crt --key alice.key --if-due");
    command->add_option("HOST:PORT", options->servers, "Who admits this client; else all in known_peers");
    const std::string group(kKeysGroup);
    command->add_option("--cert", options->certificate, "Certificate to renew, PEM; else the state folder's")
        ->type_name("FILE")
        ->group(group);
    command->add_option("--key", options->key, "Its private key, PEM")->type_name("FILE")->group(group);
    command->add_flag("--next-key", options->next_key, "Change the key of a certificate, too")->group(group);
    command->add_flag("--if-due", options->if_due, "Do nothing before half of its life has passed")->group(group);
    options->trust.add_to(*command);
    command->callback(
        [&invocation, options] { invocation.run = [&invocation, options] { return run(invocation, *options); }; });
}

}  // namespace cotter::cli
