// cotter invite: one-time codes that admit a client.
#include "cli/invocation.h"
#include "cli/owner.h"
#include "cli/report.h"
#include "cli/serving_record.h"
#include "service/wall_clock.h"
#include "text/time.h"

#include <CLI/Option.hpp>
#include <nlohmann/json.hpp>

#include <iomanip>
#include <iostream>

namespace cotter::cli {
namespace {

struct InviteOptions {
    std::string name;
    std::string expires = "1h";
    std::string client_expires;
    std::string address;
    std::string registry;
    std::string id;
};

int run_invite(const Invocation& invocation, const InviteOptions& options) {
    auto name = registry::ClientName::parse(options.name);
    if (!name) return report(invocation, name.error());
    const registry::Change change = change_by_owner();
    const auto expires = text::parse_when(options.expires, change.now);
    if (!expires) return report(invocation, expires.error());
    std::optional<x509::Time> client_expires;
    if (!options.client_expires.empty()) {
        const auto parsed = text::parse_when(options.client_expires, change.now);
        if (!parsed) return report(invocation, parsed.error());
        client_expires = *parsed;
    }
    auto state = invocation.open_state();
    if (!state) return report(invocation, state.error());
    auto record = read_record(*state);
    if (!record) return report(invocation, record.error());
    auto address = options.address.empty() ? address_for_clients(*record) : HostPort::parse(options.address);
    if (!address) return report(invocation, address.error());
    auto registry = open_owners_registry(invocation, options.registry);
    if (!registry) return report(invocation, registry.error());

    const registry::InvitationCode code{*address, record->pin, registry::InvitationSecret::random()};
    const auto invitation = (*registry)->invite(*name, code.secret, *expires, client_expires, change);
    if (!invitation) return report(invocation, invitation.error());
    if (invocation.json) {
        const nlohmann::ordered_json document{{"id", invitation->id},
                                              {"name", name->text()},
                                              {"code", code.to_string()},
                                              {"address", address->to_string()},
                                              {"expires", text::rfc3339(*expires)}};
        std::cout << document.dump() << std::endl;
        return kDone;
    }
    std::cerr << "invited " << name->text() << " to " << address->to_string() << " (id " << invitation->id
              << "), once, until " << text::rfc3339(*expires)
              << "; on the client:\n  cotter join CODE, with this code\n";
    std::cout << code.to_string() << std::endl;
    return kDone;
}

int run_list(const Invocation& invocation, const InviteOptions& options) {
    auto registry = open_owners_registry(invocation, options.registry);
    if (!registry) return report(invocation, registry.error());
    const auto now = service::wall_clock_now();
    const auto waiting = (*registry)->invitations(now);
    if (!waiting) return report(invocation, waiting.error());
    if (invocation.json) {
        nlohmann::ordered_json document{{"invitations", nlohmann::ordered_json::array()}};
        for (const registry::Invitation& one : *waiting) {
            document["invitations"].push_back({{"id", one.id},
                                               {"name", one.name.text()},
                                               {"created", text::rfc3339(one.created)},
                                               {"expires", text::rfc3339(one.expires)}});
        }
        std::cout << document.dump() << std::endl;
        return kDone;
    }
    if (waiting->empty()) std::cout << "no code waits; cotter invite NAME makes one\n";
    for (const registry::Invitation& one : *waiting) {
        std::cout << one.id << "  " << std::left << std::setw(24) << one.name.text() << "  expires "
                  << text::relative(one.expires, now) << "\n";
    }
    return kDone;
}

int run_withdraw(const Invocation& invocation, const InviteOptions& options) {
    auto registry = open_owners_registry(invocation, options.registry);
    if (!registry) return report(invocation, registry.error());
    const auto withdrawn = (*registry)->withdraw(options.id, change_by_owner());
    if (!withdrawn) return report(invocation, withdrawn.error());
    if (invocation.json) {
        std::cout << nlohmann::ordered_json{{"withdrawn", options.id}}.dump() << std::endl;
    } else {
        std::cout << "withdrew the invitation " << options.id << "\n";
    }
    return kDone;
}

}  // namespace

void add_invite(CLI::App& app, Invocation& invocation) {
    auto options = std::make_shared<InviteOptions>();
    CLI::App* const command = app.add_subcommand("invite", "Print a one-time code that admits a client");
    command->footer(
        "Examples:\n"
        "  cotter invite alice\n"
        "  cotter invite bob --expires 10m --address db.example.com:7000");
    command->add_option("NAME", options->name, "The client's name: a-z, 0-9, and . _ - inside");
    command->add_option("--expires", options->expires, "How long the code can be used")
        ->capture_default_str()
        ->type_name("TIME");
    command->add_option("--client-expires", options->client_expires, "When the admission itself ends; else never")
        ->type_name("TIME");
    command->add_option("--address", options->address, "HOST:PORT as clients reach this server")->type_name("ADDR");
    command->add_option("--registry", options->registry, kRegistryOption)->type_name("URL");
    CLI::App* const list = command->add_subcommand("list", "The codes that wait");
    CLI::App* const withdraw = command->add_subcommand("withdraw", "Make a code useless");
    withdraw->add_option("ID", options->id, "Its id, from cotter invite list")->required();
    for (CLI::App* const one : {list, withdraw})
        one->add_option("--registry", options->registry, kRegistryOption)->type_name("URL");
    list->footer("Examples:\n  cotter invite list\n  cotter invite list --json");
    withdraw->footer("Examples:\n  cotter invite withdraw 4k7mq2ry\n  cotter invite withdraw 4k7mq2ry --json");
    list->callback(
        [&invocation, options] { invocation.run = [&invocation, options] { return run_list(invocation, *options); }; });
    withdraw->callback([&invocation, options] {
        invocation.run = [&invocation, options] { return run_withdraw(invocation, *options); };
    });
    command->callback([&invocation, options, list, withdraw] {
        if (list->parsed() || withdraw->parsed()) return;
        if (options->name.empty()) throw CLI::RequiredError("NAME");
        invocation.run = [&invocation, options] { return run_invite(invocation, *options); };
    });
}

}  // namespace cotter::cli
