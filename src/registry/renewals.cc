// Statements about renewals.
#include "registry/renewals.h"

#include <algorithm>

namespace cotter::registry {

Result<void> Renewals::begin(const ClientName& name, const Pin& former, const NewKey& next, const Change& change) {
    const std::string what = "renewing the key of the client " + name.text();
    Store& store = registry_.store();
    return store.write(what, [&]() -> Result<void> {
        if (!next.canonical) return malformed("no_key", what, "only a whole key can be registered so");
        std::vector<std::string> abandoned;
        {
            Query earlier(store, "SELECT next FROM renewals WHERE client = $1 AND former = $2 AND canonical <> $3",
                          name.text(), former.to_string(), *next.canonical);
            while (earlier.next()) abandoned.push_back(earlier.text(0));
        }
        for (const std::string& pin : abandoned) {
            if (auto dropped = drop(name, pin, change); !dropped) return dropped;
        }
        const auto client = registry_.find(name);
        if (!client) return unexpected(client.error());
        if (client->state != ClientState::kActive)
            return failed("client_" + std::string(text_of(client->state)), what, "it is not active any more");
        const bool is_its_own =
            std::ranges::any_of(client->keys, [&](const ClientKey& key) { return key.pin == next.pin; });
        if (std::ranges::none_of(client->keys, [&](const ClientKey& key) { return key.pin == former; }))
            return failed("no_such_key", what, "the key that asks for it is not one of its keys any more");
        if (!is_its_own && client->keys.size() >= kMostKeys) {
            return failed("too_many_keys", what, "it has " + std::to_string(client->keys.size()) + " keys",
                          "drop those that are not used: cotter client show " + name.text());
        }
        if (!is_its_own) {
            if (auto added = registry_.add_key(name, next, change); !added) return unexpected(added.error());
        }
        Query(store,
              "INSERT INTO renewals (canonical, next, former, client, at) VALUES ($1, $2, $3, $4, $5) "
              "ON CONFLICT (canonical) DO UPDATE SET former = excluded.former, at = excluded.at",
              *next.canonical, next.pin.to_string(), former.to_string(), name.text(), change.now)
            .run();
        take_over_answers(former, next, name);
        return {};
    });
}

void Renewals::take_over_answers(const Pin& former, const NewKey& next, const ClientName& name) {
    Store& store = registry_.store();
    struct Answer {
        ByteVector server_key;
        std::int64_t answer;
        Time at;
    };
    std::vector<Answer> answers;
    Query of_former(store,
                    "SELECT rotation_answers.next, answer, at FROM rotation_answers JOIN keys ON "
                    "keys.canonical = rotation_answers.canonical "
                    "WHERE keys.target = $1 AND keys.form = $2 AND keys.octets = $3",
                    former.target(), former.form(), former.octets());
    while (of_former.next()) answers.push_back({of_former.octets(0), of_former.number(1), of_former.time(2)});
    for (const Answer& one : answers) {
        Query(store,
              "INSERT INTO rotation_answers (next, canonical, client, answer, at) VALUES ($1, $2, $3, $4, $5) "
              "ON CONFLICT (next, canonical) DO NOTHING",
              one.server_key, *next.canonical, name.text(), one.answer, one.at)
            .run();
    }
}

Result<void> Renewals::finish(const ClientName& name, const x509::CanonicalKey& present, const Change& change) {
    Store& store = registry_.store();
    return store.write("finishing the renewal of the client " + name.text(), [&]() -> Result<void> {
        std::string former;
        {
            Query renewal(store, "SELECT former FROM renewals WHERE canonical = $1 AND client = $2", present,
                          name.text());
            if (!renewal.next()) return {};
            former = renewal.text(0);
        }
        if (auto dropped = drop(name, former, change); !dropped) return dropped;
        Query(store, "DELETE FROM renewals WHERE canonical = $1", present).run();
        return {};
    });
}

/// A key that is gone already is no Error.
Result<void> Renewals::drop(const ClientName& name, const std::string& pin, const Change& change) {
    const auto parsed = Pin::parse(pin);
    if (!parsed) return failed("registry_corrupt", "dropping a key of the client " + name.text(), parsed.error().why);
    const auto dropped = registry_.drop_key(name, *parsed, change);
    if (!dropped && dropped.error().code != "no_such_key") return unexpected(dropped.error());
    return {};
}

}  // namespace cotter::registry
