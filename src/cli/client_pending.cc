// cotter client pending and approve: strangers whom a server with --pending has refused.
#include "cli/client.h"
#include "cli/client_options.h"
#include "cli/owner.h"
#include "cli/print.h"
#include "cli/report.h"
#include "registry/pending_clients.h"
#include "service/wall_clock.h"
#include "text/escape.h"
#include "text/time.h"

#include <CLI/Option.hpp>
#include <nlohmann/json.hpp>

#include <iostream>

namespace cotter::cli {
namespace {

using Json = nlohmann::ordered_json;

struct ApproveOptions {
    std::string pin;
    std::string name;
    std::string expires;
    std::string note;
};

int pending(const Invocation& invocation, registry::Registry& registry) {
    const auto now = service::wall_clock_now();
    const auto waiting = registry::PendingClients(registry.store()).list(now);
    if (!waiting) return report(invocation, waiting.error());
    if (invocation.json) {
        Json document{{"pending", Json::array()}};
        for (const registry::PendingClient& one : *waiting) {
            document["pending"].push_back({{"pin", one.pin.to_string()},
                                           {"from", text::escape_remaining(one.source)},
                                           {"first_seen", text::rfc3339(one.first_seen)},
                                           {"last_seen", text::rfc3339(one.last_seen)},
                                           {"count", one.count}});
        }
        print_document(document);
        return kDone;
    }
    if (waiting->empty()) {
        std::cout << "nobody waits; strangers are put down by a server that runs with --pending\n";
        return kDone;
    }
    for (const registry::PendingClient& one : *waiting) {
        std::cout << one.pin.to_string() << "  " << one.count << (one.count == 1 ? " time" : " times") << ", last "
                  << text::relative(one.last_seen, now) << " from " << text::escape_remaining(one.source) << "\n";
    }
    std::cout << "anybody can come here: ask whom you know for the line of `cotter id`, and then\n"
                 "  cotter client approve PIN NAME\n";
    return kDone;
}

int approve(const Invocation& invocation, const ApproveOptions& options, registry::Registry& registry) {
    auto pins = parse_pins({options.pin});
    if (!pins) return report(invocation, pins.error());
    if (pins->size() != 1) {
        return report(invocation, Error{ErrorKind::kMalformedInput,
                                        "one_key",
                                        "approving a key",
                                        "exactly one pin names the key",
                                        "\"cotter client pending\" lists the pins",
                                        {}});
    }
    const auto name = registry::ClientName::parse(options.name);
    if (!name) return report(invocation, name.error());
    const registry::Change change = change_by_owner();
    std::optional<x509::Time> expires;
    if (!options.expires.empty()) {
        const auto parsed = text::parse_when(options.expires, change.now);
        if (!parsed) return report(invocation, parsed.error());
        expires = *parsed;
    }
    const auto added = registry::PendingClients::approve(registry, pins->front(), *name, expires, options.note, change);
    if (!added) return report(invocation, added.error());
    const auto enforcement = await_enforcement(registry, name->text(), *added);
    if (!enforcement) return report(invocation, enforcement.error());
    print_added(invocation, *name, {registry::NewKey{pins->front(), {}, {}}}, expires, *enforcement);
    return kDone;
}

}  // namespace

void add_client_pending(CLI::App& client, Invocation& invocation) {
    add_registry_command(client, invocation, "pending", "Strangers who wait to be approved",
                         "  cotter client pending\n  cotter client pending --json",
                         [&invocation](registry::Registry& registry) { return pending(invocation, registry); });
    auto options = std::make_shared<ApproveOptions>();
    CLI::App* const approving = add_registry_command(
        client, invocation, "approve", "Admit one who waits",
        "  cotter client approve sha256/FCvSuiYP5lr1VLJ5UCINrhKBDUldEwpqIoOur0gPiH4= eve\n"
        "  cotter client approve sha256/twMyhygCTIJvd82UgPnSK375YSMXnmvbAQcWLyXoztY= bob",
        [&invocation, options](registry::Registry& registry) { return approve(invocation, *options, registry); });
    approving->add_option("PIN", options->pin, "As cotter client pending prints it")->required();
    approving->add_option("NAME", options->name)->required();
    approving->add_option("--expires", options->expires, "When it ends: 30d, or RFC 3339; else never")
        ->type_name("TIME");
    approving->add_option("--note", options->note, "A note for yourself")->type_name("TEXT");
}

}  // namespace cotter::cli
