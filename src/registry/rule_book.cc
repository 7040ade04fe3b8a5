// Rules and disconnections in the store.
#include "registry/rule_book.h"

#include "text/escape.h"

#include <algorithm>

namespace cotter::registry {
namespace {

/// The client of that name among those that are in the order of their names.
Client* find_client(std::vector<Client>& clients, std::string_view name) {
    const auto found = std::ranges::lower_bound(clients, name, {},
                                                [](const Client& one) -> std::string_view { return one.name.text(); });
    return found == clients.end() || found->name.text() != name ? nullptr : &*found;
}

unexpected<Error> corrupt(const std::string& what, std::string why) {
    return failed("registry_corrupt", what, std::move(why), "bring it back from a backup");
}

/// In one line.
std::string told(const trust::ClientRules& rules) {
    std::string text = rules.to_text();
    if (!text.empty()) text.pop_back();
    for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 2) text.replace(at, 1, "; ");
    return text.empty() ? "none" : text;
}

}  // namespace

Result<std::uint64_t> RuleBook::set(const ClientName& name, const trust::ClientRules& rules, const Change& change) {
    const std::string what = "giving rules to the client " + name.text();
    Store& store = registry_.store();
    return store.write(what, [&]() -> Result<std::uint64_t> {
        if (auto client = registry_.find(name); !client) return unexpected(client.error());
        if (rules.is_empty()) {
            Query(store, "DELETE FROM client_rules WHERE client = $1", name.text()).run();
        } else {
            Query(store,
                  "INSERT INTO client_rules (client, rules) VALUES ($1, $2) "
                  "ON CONFLICT (client) DO UPDATE SET rules = excluded.rules",
                  name.text(), rules.to_text())
                .run();
        }
        registry_.record(change, {.action = audit::Action::kRules, .client = name.text(), .detail = told(rules)});
        return registry_.touch(name);
    });
}

Result<std::uint64_t> RuleBook::disconnect(const ClientName& name, const Change& change) {
    const std::string what = "disconnecting the client " + name.text();
    Store& store = registry_.store();
    return store.write(what, [&]() -> Result<std::uint64_t> {
        if (auto client = registry_.find(name); !client) return unexpected(client.error());
        Query(store,
              "INSERT INTO disconnects (client, times) VALUES ($1, 1) "
              "ON CONFLICT (client) DO UPDATE SET times = disconnects.times + 1",
              name.text())
            .run();
        registry_.record(change, {.action = audit::Action::kDisconnect, .client = name.text()});
        return registry_.touch(name);
    });
}

Result<std::uint64_t> RuleBook::revoke(const ClientName& name, std::string_view reason, std::string_view farewell,
                                       const Change& change) {
    const std::string what = "revoking the client " + name.text() + " with a message";
    // Printable is what no terminal must be shielded from; a backslash alone would be doubled.
    if (farewell.empty() || farewell.size() > kMostFarewell ||
        text::escape_remaining(farewell, kMostFarewell) != farewell) {
        return malformed(
            "bad_farewell", what,
            "a message is one line of printable text, of 1 to " + std::to_string(kMostFarewell) + " octets",
            "say in a sentence what the client is to do");
    }
    Store& store = registry_.store();
    return store.write(what, [&]() -> Result<std::uint64_t> {
        auto revoked = registry_.revoke(name, reason, change);
        if (!revoked) return revoked;
        Query(store,
              "INSERT INTO farewells (client, message) VALUES ($1, $2) "
              "ON CONFLICT (client) DO UPDATE SET message = excluded.message",
              name.text(), farewell)
            .run();
        return revoked;
    });
}

Result<void> read_rule_book(Store& store, const std::string& what, const std::optional<ClientName>& only,
                            std::vector<Client>& clients) {
    Query rules = only ? Query(store, "SELECT client, rules FROM client_rules WHERE client = $1", only->text())
                       : Query(store, "SELECT client, rules FROM client_rules");
    while (rules.next()) {
        Client* const client = find_client(clients, rules.text(0));
        if (client == nullptr) return corrupt(what, "rules have no client");
        auto parsed = trust::ClientRules::parse_text(rules.text(1));
        if (!parsed) {
            return failed(
                "registry_rules", what,
                "the rules of " + client->name.text() + ": " + parsed.error().what + ": " + parsed.error().why,
                parsed.error().next);
        }
        client->rules = std::make_shared<const trust::ClientRules>(std::move(*parsed));
    }
    Query disconnects = only ? Query(store, "SELECT client, times FROM disconnects WHERE client = $1", only->text())
                             : Query(store, "SELECT client, times FROM disconnects");
    while (disconnects.next()) {
        Client* const client = find_client(clients, disconnects.text(0));
        if (client == nullptr) return corrupt(what, "a disconnection has no client");
        client->disconnects = disconnects.count(1);
    }
    Query farewells = only ? Query(store, "SELECT client, message FROM farewells WHERE client = $1", only->text())
                           : Query(store, "SELECT client, message FROM farewells");
    while (farewells.next()) {
        Client* const client = find_client(clients, farewells.text(0));
        if (client == nullptr) return corrupt(what, "a message has no client");
        client->farewell = farewells.text(1);
    }
    return {};
}

}  // namespace cotter::registry
