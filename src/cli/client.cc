// cotter client: the list of those who are admitted.
#include "cli/client.h"
#include "cli/client_options.h"
#include "cli/owner.h"
#include "cli/report.h"
#include "registry/rule_book.h"
#include "service/wall_clock.h"
#include "text/escape.h"
#include "text/time.h"
#include "x509/pem.h"
#include "x509/weak_rsa.h"

#include <CLI/Option.hpp>

#include <filesystem>
#include <iostream>

namespace cotter::cli {
namespace {

struct ClientOptions {
    std::string name;
    std::vector<std::string> keys;
    std::string expires;
    std::string note;
    std::string reason;
    std::string message;
};

/// What one command does with the registry it was given.
using Action = std::function<int(const Invocation&, const ClientOptions&, registry::Registry&)>;

std::optional<Error> weakness_error(const x509::PublicKey& key) {
    const auto weakness = x509::weakness_on_inspection(key);
    if (!weakness) return std::nullopt;
    return Error{ErrorKind::kMalformedInput,
                 "weak_key",
                 "registering a key",
                 *weakness,
                 "have the client make a key of P-256, Ed25519 or RSA 3072 (cotter id)",
                 {}};
}

/// The key of a file: a certificate brings its issuer and serial with it. A chain is refused, since its issuers' keys
/// are nobody's to come in by.
Result<registry::NewKey> key_of_file(const std::string& path) {
    auto objects = x509::read_pinnable(path);
    if (!objects) return unexpected(objects.error());
    if (objects->size() != 1) {
        return malformed("many_objects", "reading " + text::escape(path),
                         "it holds " + std::to_string(objects->size()) + " objects, and a client's key is one",
                         "give a file with the client's own certificate alone");
    }
    const auto* certificate = std::get_if<x509::Certificate>(&objects->front());
    const x509::PublicKey& key =
        certificate != nullptr ? certificate->public_key() : std::get<x509::PublicKey>(objects->front());
    if (auto weak = weakness_error(key)) return unexpected(std::move(*weak));
    return certificate != nullptr ? registry::new_key_of(*certificate) : registry::new_key_of(key);
}

Result<std::vector<registry::NewKey>> keys_of(const std::vector<std::string>& arguments) {
    std::vector<registry::NewKey> keys;
    for (const std::string& argument : arguments) {
        std::error_code fault;
        const bool is_named_file = argument.starts_with("file:");
        const std::string path = is_named_file ? argument.substr(5) : argument;
        if (is_named_file || std::filesystem::exists(path, fault)) {
            auto of_file = key_of_file(path);
            if (!of_file) return unexpected(of_file.error());
            keys.push_back(std::move(*of_file));
            continue;
        }
        auto pins = parse_pins({argument});
        if (!pins) {
            Error error = pins.error();
            if (error.code == "pin_unknown_form") error.why += ", and there is no file of this name";
            return unexpected(std::move(error));
        }
        for (Pin& pin : *pins) keys.push_back({std::move(pin), std::nullopt, std::nullopt});
    }
    return keys;
}

int add(const Invocation& invocation, const ClientOptions& options, registry::Registry& registry) {
    const auto name = registry::ClientName::parse(options.name);
    if (!name) return report(invocation, name.error());
    auto keys = keys_of(options.keys);
    if (!keys) return report(invocation, keys.error());
    const registry::Change change = change_by_owner();
    std::optional<x509::Time> expires;
    if (!options.expires.empty()) {
        const auto parsed = text::parse_when(options.expires, change.now);
        if (!parsed) return report(invocation, parsed.error());
        expires = *parsed;
    }
    const auto added = registry.add(*name, *keys, expires, options.note, change);
    if (!added) return report(invocation, added.error());
    const auto enforcement = await_enforcement(registry, name->text(), *added);
    if (!enforcement) return report(invocation, enforcement.error());
    print_added(invocation, *name, *keys, expires, *enforcement);
    return kDone;
}

int list(const Invocation& invocation, const ClientOptions& /*options*/, registry::Registry& registry) {
    const auto clients = registry.list();
    if (!clients) return report(invocation, clients.error());
    print_list(invocation, *clients, service::wall_clock_now());
    return kDone;
}

int show(const Invocation& invocation, const ClientOptions& options, registry::Registry& registry) {
    const auto name = registry::ClientName::parse(options.name);
    if (!name) return report(invocation, name.error());
    const auto client = registry.find(*name);
    if (!client) return report(invocation, client.error());
    const auto now = service::wall_clock_now();
    const auto activity = registry.activity_of(*name, now);
    if (!activity) return report(invocation, activity.error());
    constexpr std::size_t kMostShown = 20;
    const auto audit = registry.audit(name->text(), kMostShown);
    if (!audit) return report(invocation, audit.error());
    print_client(invocation, *client, *activity, *audit, now);
    return kDone;
}

int suspend(const Invocation& invocation, const ClientOptions& options, registry::Registry& registry) {
    return change_and_tell(
        invocation, registry, options.name, {"suspended", "suspended", true},
        [&](const registry::ClientName& name) { return registry.suspend(name, options.reason, change_by_owner()); });
}

int restore(const Invocation& invocation, const ClientOptions& options, registry::Registry& registry) {
    return change_and_tell(invocation, registry, options.name, {"restored", "restored", false},
                           [&](const registry::ClientName& name) { return registry.restore(name, change_by_owner()); });
}

int revoke(const Invocation& invocation, const ClientOptions& options, registry::Registry& registry) {
    return change_and_tell(
        invocation, registry, options.name, {"revoked", "revoked", true}, [&](const registry::ClientName& name) {
            return options.message.empty()
                       ? registry.revoke(name, options.reason, change_by_owner())
                       : registry::RuleBook(registry).revoke(name, options.reason, options.message, change_by_owner());
        });
}

int remove(const Invocation& invocation, const ClientOptions& options, registry::Registry& registry) {
    return change_and_tell(invocation, registry, options.name, {"removed", "removed", true},
                           [&](const registry::ClientName& name) { return registry.remove(name, change_by_owner()); });
}

int add_key(const Invocation& invocation, const ClientOptions& options, registry::Registry& registry) {
    auto keys = keys_of(options.keys);
    if (!keys) return report(invocation, keys.error());
    if (keys->size() != 1) {
        return report(invocation, Error{ErrorKind::kMalformedInput,
                                        "one_key",
                                        "adding a key",
                                        "exactly one key is added at a time",
                                        "give them one by one",
                                        {}});
    }
    return change_and_tell(
        invocation, registry, options.name, {"key_added", "added a key of", false},
        [&](const registry::ClientName& name) { return registry.add_key(name, keys->front(), change_by_owner()); });
}

int drop_key(const Invocation& invocation, const ClientOptions& options, registry::Registry& registry) {
    const auto pins = parse_pins(options.keys);
    if (!pins) return report(invocation, pins.error());
    if (pins->size() != 1) {
        return report(invocation, Error{ErrorKind::kMalformedInput,
                                        "one_key",
                                        "dropping a key",
                                        "exactly one pin names the key",
                                        "\"cotter client show\" lists the pins",
                                        {}});
    }
    return change_and_tell(
        invocation, registry, options.name, {"key_dropped", "dropped a key of", true},
        [&](const registry::ClientName& name) { return registry.drop_key(name, pins->front(), change_by_owner()); });
}

}  // namespace

int change_and_tell(const Invocation& invocation, registry::Registry& registry, const std::string& name,
                    const Done& done, const std::function<Result<std::uint64_t>(const registry::ClientName&)>& change) {
    const auto client = registry::ClientName::parse(name);
    if (!client) return report(invocation, client.error());
    const auto version = change(*client);
    if (!version) return report(invocation, version.error());
    const auto enforcement = await_enforcement(registry, client->text(), *version);
    if (!enforcement) return report(invocation, enforcement.error());
    print_enforced(invocation, done, *client, *enforcement);
    return kDone;
}

CLI::App* add_registry_command(CLI::App& parent, Invocation& invocation, const std::string& name,
                               const std::string& description, const std::string& examples,
                               std::function<int(registry::Registry&)> action) {
    CLI::App* const command = parent.add_subcommand(name, description);
    command->footer("Examples:\n" + examples);
    auto url = std::make_shared<std::string>();
    command->add_option("--registry", *url, kRegistryOption)->type_name("URL");
    command->callback([&invocation, url, action = std::move(action)] {
        invocation.run = [&invocation, url, action] {
            auto registry = open_owners_registry(invocation, *url);
            if (!registry) return report(invocation, registry.error());
            return action(**registry);
        };
    });
    return command;
}

void add_client(CLI::App& app, Invocation& invocation) {
    auto options = std::make_shared<ClientOptions>();
    CLI::App* const command = app.add_subcommand("client", "The list of clients");
    command->footer(
        "Without a command: the list.\nExamples:\n"
        "  cotter client list\n"
        "  cotter client revoke alice --reason 'laptop stolen'");
    const auto subcommand = [&](const std::string& name, const std::string& description, const std::string& examples,
                                const Action& action) {
        return add_registry_command(*command, invocation, name, description, examples,
                                    [&invocation, options, action](registry::Registry& registry) {
                                        return action(invocation, *options, registry);
                                    });
    };
    const auto named = [&](const std::string& name, const std::string& description, const std::string& examples,
                           const Action& action) {
        CLI::App* const one = subcommand(name, description, examples, action);
        one->add_option("NAME", options->name)->required();
        return one;
    };
    subcommand("list", "All clients", "  cotter client list\n  cotter client list --json", list);
    named("show", "One client: keys, activity, history",
          "  cotter client show alice\n  cotter client show alice --json", show);
    CLI::App* const adding = named("add", "Admit a client by its key",
                                   "  cotter client add bob \"$(cotter --state /tmp/bob id)\"\n"
                                   "  cotter client add ca file:/etc/ssl/certs/ssl-cert-snakeoil.pem --expires 30d",
                                   add);
    adding->add_option("KEY", options->keys, "PIN, or a file with the certificate or key")
        ->required()
        ->type_name("FILE");
    adding->add_option("--expires", options->expires, "When it ends: 30d, or RFC 3339; else never")->type_name("TIME");
    adding->add_option("--note", options->note, "A note for yourself")->type_name("TEXT");
    CLI::App* const suspending =
        named("suspend", "Refuse a client for now; its streams are closed",
              "  cotter client suspend alice\n  cotter client suspend alice --reason 'on holiday'", suspend);
    named("restore", "Admit a suspended client again",
          "  cotter client restore alice\n  cotter client restore alice --json", restore);
    CLI::App* const revoking =
        named("revoke", "Refuse a client for good; its streams are closed",
              "  cotter client revoke alice\n  cotter client revoke alice --reason 'laptop stolen'", revoke);
    for (CLI::App* const one : {suspending, revoking})
        one->add_option("--reason", options->reason, "Why, for the record")->type_name("TEXT");
    revoking->add_option("--message", options->message, "What the client is told when it comes again")
        ->type_name("TEXT");
    named("remove", "Take one off the list; revoked keys stay refused",
          "  cotter client remove alice\n  cotter client remove alice --json", remove);
    named("add-key", "Give a client one more key",
          "  cotter client add-key alice \"$(cotter --state /tmp/alice2 id)\"\n"
          "  cotter client add-key alice file:/etc/ssl/certs/ssl-cert-snakeoil.pem",
          add_key)
        ->add_option("KEY", options->keys, "PIN, or a file with the certificate or key")
        ->required()
        ->expected(1)
        ->type_name("FILE");
    named("drop-key", "Take one of a client's keys away",
          "  cotter client drop-key alice \"$(cotter --state /tmp/alice2 id)\"\n"
          "  cotter client drop-key alice file:/etc/ssl/certs/ssl-cert-snakeoil.pem",
          drop_key)
        ->add_option("PIN", options->keys, "The key's pin, as cotter client show prints it")
        ->required()
        ->expected(1);
    add_client_rules(*command, invocation);
    add_client_pending(*command, invocation);
    command->require_subcommand(0, 1);
    command->callback([&invocation, options, command] {
        if (!command->get_subcommands().empty()) return;
        invocation.run = [&invocation, options] {
            auto registry = open_owners_registry(invocation, {});
            if (!registry) return report(invocation, registry.error());
            return list(invocation, *options, **registry);
        };
    });
}

}  // namespace cotter::cli
