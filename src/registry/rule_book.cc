// Rules and disconnections in the store.
#include "registry/rule_book.h"

#include "text/escape.h"

namespace cotter::registry {
namespace {

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

}  // namespace cotter::registry
