// cotter log: who did what. Its calls, and those that read and prune; proofs are log_proof.cc.
#include "cli/log.h"

#include "cli/command_tree.h"
#include "cli/key_log.h"
#include "cli/owner.h"
#include "cli/report.h"
#include "registry/audit_log.h"
#include "service/wall_clock.h"
#include "text/escape.h"
#include "text/time.h"

#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <thread>

namespace cotter::cli {
namespace {

using registry::AuditLog;
using registry::LogFilter;

constexpr std::size_t kStep = 1000;

Result<LogFilter> filter_of(const LogOptions& options) {
    LogFilter filter{.client = options.client, .action = options.action, .connection = options.connection};
    if (!options.action.empty() && !audit::action_of(options.action)) {
        return malformed("unknown_action", "reading --action " + text::escape(options.action, 64),
                         "nothing of that name is recorded", "cotter help audit lists what is");
    }
    if (options.since.empty()) return filter;
    const auto since = text::parse_since(options.since, service::wall_clock_now());
    if (!since) return unexpected(since.error());
    filter.since = *since;
    return filter;
}

/// The entry for people, on one line.
std::string line_of(const audit::Entry& entry) {
    std::string line = std::to_string(entry.sequence) + "  " + text::rfc3339(entry.at) + "  " + entry.action;
    if (entry.count != 1) line += " ×" + std::to_string(entry.count);
    if (!entry.client.empty()) line += "  " + entry.client;
    if (!entry.pin.empty()) line += "  " + entry.pin;
    line += "  by " + entry.actor;
    if (!entry.peer.empty()) line += "  from " + entry.peer;
    if (!entry.connection.empty()) line += "  connection " + entry.connection;
    if (!entry.detail.empty()) line += ": " + entry.detail;
    return text::escape_remaining(line, 4096);
}

/// False once nobody reads any more.
bool print(const Invocation& invocation, const std::vector<audit::Entry>& entries) {
    for (const audit::Entry& entry : entries)
        std::cout << (invocation.json ? audit::canonical_text(entry) : line_of(entry)) << "\n";
    std::cout.flush();
    return std::cout.good();
}

/// Prints from filter.from on, and moves it to where the log ends now.
Result<bool> print_rest(const Invocation& invocation, AuditLog& log, LogFilter& filter) {
    for (;;) {
        const auto entries = log.entries(filter, kStep);
        if (!entries) return unexpected(entries.error());
        if (!print(invocation, *entries)) return false;
        if (!entries->empty()) filter.from = entries->back().sequence + 1;
        if (entries->size() < kStep) return true;
    }
}

Result<void> show(const Invocation& invocation, const LogOptions& options, AuditLog& log, LogFilter filter) {
    const auto head = log.head();
    if (!head) return unexpected(head.error());
    if (options.lines > 0) {
        auto newest = log.newest(filter, options.lines);
        if (!newest) return unexpected(newest.error());
        std::ranges::reverse(*newest);
        if (!print(invocation, *newest)) return {};
        filter.from = std::max(head->size, newest->empty() ? 0 : newest->back().sequence + 1);
        if (!options.follows) return {};
    } else if (head->pruned > 0) {
        std::cerr << "cotter: entries before " << head->pruned << " were pruned; their hashes are kept\n";
    }
    constexpr std::chrono::milliseconds kLookEvery{200};
    for (;;) {
        const auto is_read = print_rest(invocation, log, filter);
        if (!is_read) return unexpected(is_read.error());
        if (!*is_read || !options.follows) return {};
        std::this_thread::sleep_for(kLookEvery);
    }
}

}  // namespace

int run_log_show(const Invocation& invocation, const LogOptions& options) {
    const auto filter = filter_of(options);
    if (!filter) return report(invocation, filter.error());
    auto registry = open_owners_registry(invocation, options.registry);
    if (!registry) return report(invocation, registry.error());
    AuditLog log((*registry)->store());
    const auto shown = show(invocation, options, log, *filter);
    return shown ? kDone : report(invocation, shown.error());
}

int run_log_prune(const Invocation& invocation, const LogOptions& options) {
    const registry::Change change = change_by_owner();
    const auto before = text::parse_since(options.before, change.now);
    if (!before) return report(invocation, before.error());
    auto registry = open_owners_registry(invocation, options.registry);
    if (!registry) return report(invocation, registry.error());
    AuditLog log((*registry)->store());
    const auto pruned = log.prune(*before, change);
    if (!pruned) return report(invocation, pruned.error());
    if (invocation.json) {
        std::cout << nlohmann::ordered_json{{"pruned", *pruned}, {"before", text::rfc3339(*before)}}.dump()
                  << std::endl;
    } else if (*pruned == 0) {
        std::cout << "nothing to prune: no entry is from before " << text::rfc3339(*before) << "\n";
    } else {
        std::cout << "pruned " << *pruned << (*pruned == 1 ? " entry" : " entries") << " from before "
                  << text::rfc3339(*before) << "; their hashes are kept, so that what remains can be proven\n";
    }
    return kDone;
}

void add_log(CLI::App& app, Invocation& invocation) {
    auto options = std::make_shared<LogOptions>();
    CLI::App* const command = app.add_subcommand("log", "Who did what: show it, prove it, verify it");
    command->require_subcommand(1);
    command->footer("Examples:\n  cotter log show --client alice\n  cotter log verify");
    using Run = int (*)(const Invocation&, const LogOptions&);
    const auto subcommand = [&](const std::string& name, const std::string& description, const std::string& examples,
                                Run run) {
        CLI::App* const one = command->add_subcommand(name, description);
        one->footer("Examples:\n" + examples);
        one->add_option("--registry", options->registry, kRegistryOption)->type_name("URL");
        one->callback([&invocation, options, run] {
            invocation.run = [&invocation, options, run] { return run(invocation, *options); };
        });
        return one;
    };

    CLI::App* const show =
        subcommand("show", "Entries, the oldest first",
                   "  cotter log show --client alice --since 7d\n  cotter log show --json --follow", run_log_show);
    show->add_option("--client", options->client, "Of this client alone")->type_name("NAME");
    show->add_option("--action", options->action, "Of this kind alone, as refuse: cotter help audit")
        ->check(listed_words(audit::action_words()))
        ->option_text("ACTION");
    show->add_option("--connection", options->connection, "Of the connection with that id alone")->type_name("ID");
    show->add_option("--since", options->since, "From then on: 7d, or RFC 3339")->type_name("TIME");
    show->add_option("-n,--lines", options->lines, "The newest alone")->type_name("N");
    show->add_flag("--follow", options->follows, "And those to come, until you end it");

    subcommand("checkpoint", "Sign how the log stands, to be kept elsewhere",
               "  cotter log checkpoint > monday.checkpoint\n  cotter log checkpoint --json", run_log_checkpoint);

    CLI::App* const prove = subcommand("prove", "Prove an entry, or that no older one was changed",
                                       "  cotter log prove 12 --out entry.proof\n"
                                       "  cotter log prove --since monday.checkpoint --out monday.proof",
                                       run_log_prove);
    CLI::Option* const sequence =
        prove->add_option("SEQUENCE", options->sequence, "The entry's number, as log show says");
    prove->add_option("--since", options->older, "A checkpoint of before: the log has only grown since")
        ->type_name("FILE")
        ->excludes(sequence);
    prove->add_option("--out", options->out, "Where the proof goes; else standard output")->type_name("FILE");

    CLI::App* const verify =
        subcommand("verify", "This log, entry by entry; or files, without it",
                   "  cotter log verify\n  cotter log verify monday.checkpoint monday.proof --key KEY", run_log_verify);
    verify->add_option("FILE", options->files, "Checkpoints and proofs: verified without the log")->type_name("FILE");
    verify->add_option("--key", options->keys, "Whose signature counts; else this state folder's")
        ->allow_extra_args(false)
        ->type_name("KEY");

    CLI::App* const prune =
        subcommand("prune", "Drop old entries, all but their hashes",
                   "  cotter log prune\n  cotter log prune --before 2026-01-01T00:00:00Z", run_log_prune);
    prune->add_option("--before", options->before, "What is older goes: 400d, or RFC 3339")
        ->capture_default_str()
        ->type_name("TIME");

    add_log_publish(*command, invocation);
    add_log_monitor(*command, invocation);
}

}  // namespace cotter::cli
