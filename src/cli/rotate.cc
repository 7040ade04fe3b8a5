// cotter rotate: give the server another key without locking anybody out.
#include "cli/invocation.h"
#include "cli/owner.h"
#include "cli/report.h"
#include "cli/rotate_print.h"
#include "cli/serving_record.h"
#include "evidence/known_peers.h"
#include "identity/succession.h"
#include "registry/rotations.h"
#include "service/wall_clock.h"

#include <CLI/Option.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <functional>
#include <iostream>
#include <thread>

namespace cotter::cli {
namespace {

using identity::KeyRole;
using identity::Succession;
using registry::Rotation;
using registry::Rotations;
using registry::RotationStatus;

struct RotateOptions {
    std::string registry;
    bool force = false;
};

/// What each of the commands works with.
struct Scene {
    identity::StateFolder state;
    identity::Identity own;
    std::unique_ptr<registry::Registry> registry;
    Rotations rotations;
    Succession succession;
};

/// What one command does.
using Action = std::function<int(const Invocation&, const RotateOptions&, Scene&)>;

Error no_rotation(const std::string& what) {
    return {ErrorKind::kFailed,
            "no_rotation",
            what,
            "no rotation of this server's key is under way",
            "\"cotter rotate prepare\" begins one",
            {}};
}

/// A rotation from the key that this side has, or else the one that led to it.
Result<std::optional<Rotation>> find_rotation(Scene& scene) {
    auto rotation = scene.rotations.from(scene.own.pin());
    if (!rotation || *rotation) return rotation;
    return scene.rotations.to(scene.own.pin());
}

/// Looks again until the servers that run have done what was asked of them, some seconds at most.
Result<RotationStatus> await_servers(Scene& scene, const Rotation& rotation,
                                     const std::function<bool(const RotationStatus&)>& is_done) {
    constexpr std::chrono::seconds kMostWait{5};
    constexpr std::chrono::milliseconds kLookEvery{50};
    const auto until = std::chrono::steady_clock::now() + kMostWait;
    for (;;) {
        auto status = scene.rotations.status(rotation, service::wall_clock_now());
        if (!status || is_done(*status) || std::chrono::steady_clock::now() >= until) return status;
        std::this_thread::sleep_for(kLookEvery);
    }
}

bool all_hold(const RotationStatus& status) {
    return status.servers_holding() == status.servers.size();
}

bool all_have_switched(const RotationStatus& status) {
    return std::ranges::all_of(
        status.servers, [&](const registry::RotatingServer& server) { return server.present == status.rotation.next; });
}

/// Whether the key that serves is the one that would be changed here.
Result<void> check_identity(const Scene& scene) {
    const auto record = read_record(scene.state);
    if (!record || record->pin == scene.own.pin()) return {};
    return failed(
        "other_identity", "preparing a rotation",
        "cotter serve has last run with the key " + record->pin.to_string() + ", which is not the state folder's",
        "a key from --key is changed by whoever made it: replace its files once clients know the next key");
}

/// One key for both sides is one change for both.
void warn_of_both_sides(const Scene& scene) {
    const auto peers = evidence::KnownPeers(scene.state.known_peers_file()).read();
    const bool is_client = peers && std::ranges::any_of(peers->lines(), [](const evidence::PeerLine& line) {
                               return line.entry() != nullptr && !line.entry()->is_revoked;
                           });
    if (!is_client) return;
    std::cerr << "cotter: warning: this state folder's key is a client's, too, of the servers in known_peers: after "
                 "the commit they must admit the next one (cotter client add-key NAME PIN)\n";
}

/// A next key that was announced and withdrawn once is not announced again.
Result<Pin> make_next_key(const Invocation& invocation, Scene& scene) {
    const auto choice = invocation.key_choice();
    if (!choice) return unexpected(choice.error());
    auto next = scene.succession.make(*choice, service::wall_clock_now());
    if (!next) return unexpected(next.error());
    const auto was_aborted = scene.rotations.was_aborted(next->identity.pin());
    if (!was_aborted) return unexpected(was_aborted.error());
    if (!*was_aborted) return next->identity.pin();
    if (auto gone = scene.succession.discard_next(); !gone) return unexpected(gone.error());
    next = scene.succession.make(*choice, service::wall_clock_now());
    if (!next) return unexpected(next.error());
    return next->identity.pin();
}

int prepare(const Invocation& invocation, const RotateOptions& /*options*/, Scene& scene) {
    if (auto checked = check_identity(scene); !checked) return report(invocation, checked.error());
    if (Succession(scene.state, KeyRole::kClient).is_begun()) {
        return report(invocation, Error{ErrorKind::kFailed,
                                        "renewal_under_way",
                                        "preparing a rotation",
                                        "cotter renew is changing this state folder's key, and has not finished",
                                        "run cotter renew again first",
                                        {}});
    }
    auto rotation = scene.rotations.from(scene.own.pin());
    if (!rotation) return report(invocation, rotation.error());
    if (!*rotation) {
        warn_of_both_sides(scene);
        const auto next = make_next_key(invocation, scene);
        if (!next) return report(invocation, next.error());
        auto prepared = scene.rotations.prepare(scene.own.pin(), *next, change_by_owner());
        if (!prepared) return report(invocation, prepared.error());
        rotation = scene.rotations.from(scene.own.pin());
        if (!rotation) return report(invocation, rotation.error());
        if (!*rotation) return report(invocation, no_rotation("preparing a rotation"));
    }
    const auto status = await_servers(scene, **rotation, all_hold);
    if (!status) return report(invocation, status.error());
    print_rotation(invocation, *status, service::wall_clock_now());
    return kDone;
}

int status(const Invocation& invocation, const RotateOptions& /*options*/, Scene& scene) {
    const auto rotation = find_rotation(scene);
    if (!rotation) return report(invocation, rotation.error());
    if (!*rotation) {
        if (invocation.json) {
            std::cout << R"({"rotation":null})" << std::endl;
        } else {
            std::cout << "no rotation of this server's key is under way; cotter rotate prepare begins one\n";
        }
        return kDone;
    }
    const auto now = service::wall_clock_now();
    const auto status = scene.rotations.status(**rotation, now);
    if (!status) return report(invocation, status.error());
    print_rotation(invocation, *status, now);
    return kDone;
}

/// Files and what `invite` goes by; whatever of it a running server has done already stays done.
Result<void> switch_here(Scene& scene, const Rotation& rotation) {
    if (auto switched = scene.succession.switch_over(rotation.next); !switched) return unexpected(switched.error());
    const auto record = read_record(scene.state);
    if (!record || record->pin != rotation.present) return {};
    return write_record(scene.state, {record->listen, rotation.next});
}

int finish_commit(const Invocation& invocation, Scene& scene, const Rotation& rotation) {
    if (auto switched = switch_here(scene, rotation); !switched) return report(invocation, switched.error());
    const auto status = await_servers(scene, rotation, all_have_switched);
    if (!status) return report(invocation, status.error());
    print_rotation(invocation, *status, service::wall_clock_now());
    return kDone;
}

int commit(const Invocation& invocation, const RotateOptions& options, Scene& scene) {
    const std::string what = "committing the rotation";
    auto rotation = find_rotation(scene);
    if (!rotation) return report(invocation, rotation.error());
    if (!*rotation) return report(invocation, no_rotation(what));
    if ((*rotation)->state == Rotation::State::kPrepared) {
        const auto next = scene.succession.next();
        if (!next) return report(invocation, next.error());
        if (!*next || (*next)->pin() != (*rotation)->next) {
            return report(invocation, Error{ErrorKind::kFailed,
                                            "no_next_key",
                                            what,
                                            "next.key and next.crt of " + (*rotation)->next.to_string() +
                                                " are not in this state folder",
                                            "commit where cotter rotate prepare ran, or copy both from there",
                                            {}});
        }
        const auto now = service::wall_clock_now();
        const auto status = scene.rotations.status(**rotation, now);
        if (!status) return report(invocation, status.error());
        if (!status->is_ready())
            std::cerr << (options.force ? "left behind:\n" : "not ready:\n") << those_not_ready(*status, now);
        const auto insist = options.force ? Rotations::Insist::kYes : Rotations::Insist::kNo;
        auto committed = scene.rotations.commit(**rotation, insist, change_by_owner());
        if (!committed) return report(invocation, committed.error());
        (*rotation)->state = Rotation::State::kCommitted;
    }
    return finish_commit(invocation, scene, **rotation);
}

int abort(const Invocation& invocation, const RotateOptions& /*options*/, Scene& scene) {
    auto rotation = scene.rotations.from(scene.own.pin());
    if (!rotation) return report(invocation, rotation.error());
    if (!*rotation && !scene.succession.is_begun()) {
        return report(invocation, no_rotation("withdrawing a next key"));
    }
    if (*rotation && (*rotation)->state == Rotation::State::kCommitted) {
        return report(invocation, Error{ErrorKind::kFailed,
                                        "rotation_done",
                                        "withdrawing a next key",
                                        "the rotation is committed: clients that have seen the next key take no other",
                                        "\"cotter rotate commit\" completes it; another rotation can follow",
                                        {}});
    }
    if (*rotation) {
        if (auto aborted = scene.rotations.abort(**rotation, change_by_owner()); !aborted)
            return report(invocation, aborted.error());
    }
    if (auto gone = scene.succession.discard_next(); !gone) return report(invocation, gone.error());
    const std::string next = *rotation ? (*rotation)->next.to_string() : "";
    if (invocation.json) {
        nlohmann::ordered_json document;
        document["aborted"] = next.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(next);
        std::cout << document.dump() << std::endl;
    } else {
        std::cout << (next.empty()
                          ? "removed a next key that nobody had heard of\n"
                          : "withdrew " + next + "; clients that have learnt it forget it when they connect\n");
    }
    return kDone;
}

int run(const Invocation& invocation, const RotateOptions& options, const Action& action) {
    auto state = invocation.open_state();
    if (!state) return report(invocation, state.error());
    auto own = invocation.own_identity(*state);
    if (!own) return report(invocation, own.error());
    auto registry = open_owners_registry(invocation, options.registry);
    if (!registry) return report(invocation, registry.error());
    registry::Registry& opened = **registry;
    Scene scene{*state, std::move(*own), std::move(*registry), Rotations(opened), Succession(*state, KeyRole::kServer)};
    return action(invocation, options, scene);
}

}  // namespace

void add_rotate(CLI::App& app, Invocation& invocation) {
    auto options = std::make_shared<RotateOptions>();
    CLI::App* const command = app.add_subcommand("rotate", "Change the server's key without locking anybody out");
    command->footer(
        "Without a command: how far it is.\nExamples:\n"
        "  cotter rotate prepare        (then wait until the status has all ready)\n"
        "  cotter rotate commit");
    const auto subcommand = [&](const std::string& name, const std::string& description, const std::string& examples,
                                const Action& action) {
        CLI::App* const one = command->add_subcommand(name, description);
        one->footer("Examples:\n" + examples);
        one->callback([&invocation, options, action] {
            invocation.run = [&invocation, options, action] { return run(invocation, *options, action); };
        });
        one->add_option("--registry", options->registry, kRegistryOption)->type_name("URL");
        return one;
    };
    subcommand("prepare", "Make the next key, and announce it to clients",
               "  cotter rotate prepare\n  cotter rotate prepare --key-type ed25519", prepare);
    subcommand("status", "Which clients have learnt it, and which have not",
               "  cotter rotate status\n  cotter rotate status --json", status);
    CLI::App* const committing = subcommand("commit", "Switch to the next key; open streams go on",
                                            "  cotter rotate commit\n  cotter rotate commit --force", commit);
    committing->add_flag("--force", options->force, "Leave behind who is not ready; they are named");
    subcommand("abort", "Withdraw the next key", "  cotter rotate abort\n  cotter rotate abort --json", abort);
    command->add_option("--registry", options->registry, kRegistryOption)->type_name("URL");
    command->callback([&invocation, options, command] {
        if (!command->get_subcommands().empty()) return;
        invocation.run = [&invocation, options] { return run(invocation, *options, status); };
    });
}

}  // namespace cotter::cli
