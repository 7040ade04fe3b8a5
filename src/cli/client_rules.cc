// cotter client rules and disconnect: what a client may do, and that its streams end now.
#include "cli/client.h"
#include "cli/owner.h"
#include "cli/report.h"
#include "registry/rule_book.h"

#include <CLI/Option.hpp>
#include <nlohmann/json.hpp>

#include <iostream>

namespace cotter::cli {
namespace {

struct RuleOptions {
    std::string name;
    trust::RuleTexts texts;
    bool clear = false;

    [[nodiscard]] bool say_nothing() const {
        return texts.services.empty() && texts.from.empty() && texts.hours.empty() && texts.max_streams.empty() &&
               texts.rate.empty() && !clear;
    }
};

int show(const Invocation& invocation, const registry::ClientName& name, registry::Registry& registry) {
    const auto client = registry.find(name);
    if (!client) return report(invocation, client.error());
    print_rules(invocation, name, client->rules.get());
    return kDone;
}

int rules(const Invocation& invocation, const RuleOptions& options, registry::Registry& registry) {
    const auto name = registry::ClientName::parse(options.name);
    if (!name) return report(invocation, name.error());
    if (options.say_nothing()) return show(invocation, *name, registry);
    const auto rules = trust::ClientRules::parse(options.texts);
    if (!rules) return report(invocation, rules.error());
    if (options.clear && !rules->is_empty()) {
        return report(invocation, Error{ErrorKind::kMalformedInput,
                                        "bad_call",
                                        "reading the call",
                                        "--clear takes all rules away, and others are given with it",
                                        "the rules that are given take the place of all that there were",
                                        {}});
    }
    return change_and_tell(invocation, registry, options.name, {"rules_set", "set the rules of", true},
                           [&](const registry::ClientName& client) {
                               return registry::RuleBook(registry).set(client, *rules, change_by_owner());
                           });
}

}  // namespace

void add_client_rules(CLI::App& client, Invocation& invocation) {
    auto options = std::make_shared<RuleOptions>();
    CLI::App* const command = add_registry_command(
        client, invocation, "rules", "Bound a client: where, when, how many, how fast",
        "  cotter client rules alice --from 10.0.0.0/8 --hours 'mon-fri 08:00-18:00'\n"
        "  cotter client rules alice --service db --max-streams 3 --rate 1M",
        [&invocation, options](registry::Registry& registry) { return rules(invocation, *options, registry); });
    command->add_option("NAME", options->name, "Without options: its rules are shown")->required();
    command->add_option("--service", options->texts.services, "It may use this one, by its name in --config")
        ->allow_extra_args(false)
        ->type_name("NAME");
    command->add_option("--from", options->texts.from, "It may come from this network")
        ->allow_extra_args(false)
        ->type_name("CIDR");
    command->add_option("--hours", options->texts.hours, "It may come then: DAYS HH:MM-HH:MM [±HH:MM]")
        ->allow_extra_args(false)
        ->type_name("HOURS");
    command->add_option("--max-streams", options->texts.max_streams, "So many at once, on each server")->type_name("N");
    command->add_option("--rate", options->texts.rate, "Octets a second, each way, on each server: 64k, 1M")
        ->type_name("N");
    command->add_flag("--clear", options->clear, "No rules any more");

    auto name = std::make_shared<std::string>();
    CLI::App* const disconnecting = add_registry_command(
        client, invocation, "disconnect", "End a client's streams; it may come back",
        "  cotter client disconnect alice\n  cotter client disconnect alice --json",
        [&invocation, name](registry::Registry& registry) {
            return change_and_tell(invocation, registry, *name, {"disconnected", "disconnected", true},
                                   [&](const registry::ClientName& whom) {
                                       return registry::RuleBook(registry).disconnect(whom, change_by_owner());
                                   });
        });
    disconnecting->add_option("NAME", *name)->required();
}

}  // namespace cotter::cli
