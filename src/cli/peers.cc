// cotter peers: what is remembered of servers.
#include "cli/client_options.h"
#include "cli/invocation.h"
#include "cli/peers_print.h"
#include "cli/report.h"
#include "evidence/known_peers.h"
#include "evidence/peer_import.h"
#include "service/wall_clock.h"
#include "text/escape.h"

#include <CLI/Option.hpp>

#include <algorithm>

namespace cotter::cli {
namespace {

struct PeersOptions {
    std::string peer;
    std::string pin;
    std::string reason;
    std::string file;
    bool hash_hosts = false;
    bool dry_run = false;

    [[nodiscard]] Trial trial() const { return dry_run ? Trial::kDryRun : Trial::kNo; }
};

/// What one command does with the memory it was given.
using Action = std::function<int(const Invocation&, const PeersOptions&, const evidence::KnownPeers&)>;

Result<void> make(const evidence::KnownPeers& memory, const PeersOptions& options,
                  const evidence::KnownPeers::Change& change) {
    return options.dry_run ? memory.rehearse(change) : memory.update(change);
}

Result<Pin> one_pin(const std::string& argument) {
    auto pins = parse_pins({argument});
    if (!pins) return unexpected(pins.error());
    if (pins->size() == 1) return std::move(pins->front());
    return malformed("one_pin", "reading " + text::escape(argument, 64),
                     "it is " + std::to_string(pins->size()) + " pins", "give them one by one");
}

int list(const Invocation& invocation, const PeersOptions& options, const evidence::KnownPeers& memory) {
    std::optional<HostPort> only;
    if (!options.peer.empty()) {
        auto peer = HostPort::parse(options.peer);
        if (!peer) return report(invocation, peer.error());
        only = std::move(*peer);
    }
    const auto peers = memory.read();
    if (!peers) return report(invocation, peers.error());
    print_peers(invocation, *peers, only ? &*only : nullptr, service::wall_clock_now());
    return kDone;
}

int add(const Invocation& invocation, const PeersOptions& options, const evidence::KnownPeers& memory) {
    const auto peer = HostPort::parse(options.peer);
    if (!peer) return report(invocation, peer.error());
    const auto pin = one_pin(options.pin);
    if (!pin) return report(invocation, pin.error());
    bool is_new = false;
    const auto made = make(memory, options, [&](evidence::PeerList& peers, const evidence::NewNames& names) {
        auto added = peers.remember(*peer, {*pin}, service::wall_clock_now(), names, true);
        if (added) is_new = *added;
        return added;
    });
    if (!made) return report(invocation, made.error());
    print_peer_added(invocation, *peer, *pin, is_new, options.trial());
    return kDone;
}

int forget(const Invocation& invocation, const PeersOptions& options, const evidence::KnownPeers& memory) {
    const auto peer = HostPort::parse(options.peer);
    if (!peer) return report(invocation, peer.error());
    std::optional<Pin> only;
    if (!options.pin.empty()) {
        auto pin = one_pin(options.pin);
        if (!pin) return report(invocation, pin.error());
        only = std::move(*pin);
    }
    evidence::PeerList::Forgotten forgotten;
    const auto made = make(memory, options, [&](evidence::PeerList& peers, const evidence::NewNames&) -> Result<bool> {
        forgotten = peers.forget(*peer, only ? &*only : nullptr);
        if (forgotten.removed > 0) return true;
        return failed("peer_unknown", "forgetting " + peer->to_string(),
                      only ? "this key is not remembered for it" : "nothing is remembered of it",
                      "cotter peers list shows what is");
    });
    if (!made) return report(invocation, made.error());
    print_peer_forgotten(invocation, *peer, forgotten, options.trial());
    return kDone;
}

int revoke(const Invocation& invocation, const PeersOptions& options, const evidence::KnownPeers& memory) {
    const auto pin = one_pin(options.pin);
    if (!pin) return report(invocation, pin.error());
    if (!evidence::is_comment_text(options.reason)) {
        return report(invocation, Error{ErrorKind::kMalformedInput,
                                        "bad_reason",
                                        "revoking " + pin->abbreviated(),
                                        "the reason has a control character in it, or a second line",
                                        "say it in one line of plain text",
                                        {}});
    }
    std::size_t hosts = 0;
    bool is_new = false;
    const auto made = make(memory, options, [&](evidence::PeerList& peers, const evidence::NewNames&) -> Result<bool> {
        hosts = static_cast<std::size_t>(std::ranges::count_if(peers.lines(), [&](const evidence::PeerLine& line) {
            return line.entry() != nullptr && !line.entry()->is_revoked && line.entry()->pin == *pin;
        }));
        is_new = peers.revoke(*pin, service::wall_clock_now(), options.reason);
        return is_new;
    });
    if (!made) return report(invocation, made.error());
    print_key_revoked(invocation, *pin, hosts, is_new, options.trial());
    return kDone;
}

int import(const Invocation& invocation, const PeersOptions& options, const evidence::KnownPeers& memory) {
    const auto entries = evidence::read_peers_to_import(options.file, service::wall_clock_now());
    if (!entries) return report(invocation, entries.error());
    evidence::PeerList::Imported imported;
    const auto made =
        make(memory, options, [&](evidence::PeerList& peers, const evidence::NewNames& names) -> Result<bool> {
            auto outcome = peers.import(*entries, names);
            if (!outcome) return unexpected(outcome.error());
            imported = *outcome;
            return imported.added > 0;
        });
    if (!made) return report(invocation, made.error());
    print_peers_imported(invocation, options.file, imported, options.trial());
    return kDone;
}

int run(const Invocation& invocation, const PeersOptions& options, const Action& action) {
    const auto state = invocation.open_state();
    if (!state) return report(invocation, state.error());
    const auto names = options.hash_hosts ? evidence::HostNames::kHashed : evidence::HostNames::kInClear;
    return action(invocation, options, evidence::KnownPeers(state->known_peers_file(), names));
}

}  // namespace

void add_peers(CLI::App& app, Invocation& invocation) {
    auto options = std::make_shared<PeersOptions>();
    CLI::App* const command = app.add_subcommand("peers", "What is remembered of servers' keys");
    command->footer(
        "Without a command: the list.\nExamples:\n"
        "  cotter peers\n"
        "  cotter peers forget 127.0.0.1:7000");
    const auto subcommand = [&](const std::string& name, const std::string& description, const std::string& examples,
                                Action action) {
        CLI::App* const one = command->add_subcommand(name, description);
        one->footer("Examples:\n" + examples);
        one->callback([&invocation, options, action] {
            invocation.run = [&invocation, options, action] { return run(invocation, *options, action); };
        });
        return one;
    };
    const auto change = [&](const std::string& name, const std::string& description, const std::string& examples,
                            Action action) {
        CLI::App* const one = subcommand(name, description, examples, std::move(action));
        one->add_flag("--dry-run", options->dry_run, "Say what would change, and change nothing");
        return one;
    };
    subcommand("list", "Every key, since when, and what is revoked",
               "  cotter peers list\n  cotter peers list 127.0.0.1:7000 --json", list)
        ->add_option("HOST:PORT", options->peer, "Only what is about this one");
    CLI::App* const adding = change("add", "Remember a key that the owner has told you",
                                    "  cotter peers add db.example.com:7000 \"$(cotter id)\"\n"
                                    "  cotter peers add db.example.com:7000 file:/etc/ssl/certs/ssl-cert-snakeoil.pem",
                                    add);
    adding->add_option("HOST:PORT", options->peer)->required();
    adding->add_option("PIN", options->pin, "Right for it beside those remembered")->required();
    CLI::App* const forgetting =
        change("forget", "Remember a server's keys no more; revoked ones stay",
               "  cotter peers forget 127.0.0.1:7000\n  cotter peers forget 127.0.0.1:7000 --dry-run", forget);
    forgetting->add_option("HOST:PORT", options->peer)->required();
    forgetting->add_option("PIN", options->pin, "Only this key of it");
    CLI::App* const revoking = change("revoke", "Refuse a key at every host",
                                      "  cotter peers revoke --dry-run \"$(cotter id)\"\n"
                                      "  cotter peers revoke file:/etc/ssl/certs/ssl-cert-snakeoil.pem --reason stolen",
                                      revoke);
    revoking->add_option("PIN", options->pin)->required();
    revoking->add_option("--reason", options->reason, "Why, for yourself")->type_name("TEXT");
    CLI::App* const importing = change("import", "Add what another known_peers, or GnuTLS, remembers",
                                       "  cotter peers import colleagues_known_peers --dry-run\n"
                                       "  cotter peers import ~/.gnutls/known_hosts",
                                       import);
    importing->add_option("FILE", options->file, "All of it, or nothing; - is standard input")->required();
    for (CLI::App* const one : {adding, importing})
        one->add_flag("--hash-hosts", options->hash_hosts, "Write the names of hosts hashed");
    command->require_subcommand(0, 1);
    command->callback([&invocation, options, command] {
        if (!command->get_subcommands().empty()) return;
        invocation.run = [&invocation, options] { return run(invocation, *options, list); };
    });
}

}  // namespace cotter::cli
