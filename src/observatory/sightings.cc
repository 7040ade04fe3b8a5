// Sightings as rows.
#include "observatory/sightings.h"

namespace cotter::observatory {
namespace {

x509::Time time_at(const SQLite::Column& column) {
    return x509::Time(std::chrono::seconds(column.getInt64()));
}

std::int64_t seconds_since_epoch(x509::Time time) {
    return time.time_since_epoch().count();
}

}  // namespace

Result<std::vector<Sighting>> Sightings::of(const Target& target) {
    struct Row {
        Sighting sighting;
        std::int64_t chain;
    };
    const auto rows = archive_.transact<std::vector<Row>>(
        "reading what was seen of " + target.to_string(), [&]() -> Result<std::vector<Row>> {
            SQLite::Statement ask(
                archive_.database(),
                "SELECT address, chain, first_seen, last_seen, last_round, times FROM sightings WHERE "
                "server = ? ORDER BY last_round DESC, address");
            // Whoever only asks leaves nothing behind (INVARIANT A174).
            ask.bind(1, archive_.find_server(target).value_or(0));
            std::vector<Row> found;
            while (ask.executeStep()) {
                found.push_back({{ask.getColumn(0).getString(),
                                  {},
                                  time_at(ask.getColumn(2)),
                                  time_at(ask.getColumn(3)),
                                  ask.getColumn(4).getInt64(),
                                  ask.getColumn(5).getInt64()},
                                 ask.getColumn(1).getInt64()});
            }
            return found;
        });
    if (!rows) return unexpected(rows.error());
    std::vector<Sighting> sightings;
    for (const Row& row : *rows) {
        auto chain = archive_.chain_of(row.chain);
        if (!chain) return unexpected(chain.error());
        sightings.push_back(row.sighting);
        sightings.back().chain = std::move(*chain);
    }
    return sightings;
}

Result<std::int64_t> Sightings::begin_round() {
    return archive_.transact<std::int64_t>("beginning a round", [&]() -> Result<std::int64_t> {
        return archive_.database().execAndGet("SELECT coalesce(max(last_round), 0) + 1 FROM sightings").getInt64();
    });
}

Result<void> Sightings::note(const Target& target, const std::string& address,
                             const std::vector<x509::Certificate>& chain, x509::Time now, std::int64_t round) {
    return archive_.transact<void>("keeping what was seen of " + target.to_string(), [&]() -> Result<void> {
        SQLite::Statement add(
            archive_.database(),
            "INSERT INTO sightings (server, address, chain, first_seen, last_seen, last_round, times) "
            "VALUES (?1, ?2, ?3, ?4, ?4, ?5, 1) ON CONFLICT DO UPDATE SET last_seen = ?4, "
            "last_round = ?5, times = times + 1");
        SQLite::bind(add, archive_.server(target), address, archive_.chain(chain), seconds_since_epoch(now), round);
        add.exec();
        return {};
    });
}

Result<void> Sightings::note_change(const Target& target, const Graded& graded, const std::string& addresses,
                                    const std::vector<x509::Certificate>& before,
                                    const std::vector<x509::Certificate>& after, x509::Time now) {
    return archive_.transact<void>("keeping the change of " + target.to_string(), [&]() -> Result<void> {
        SQLite::Statement add(archive_.database(),
                              "INSERT INTO changes (server, at, grade, why, addresses, old_chain, new_chain) VALUES "
                              "(?, ?, ?, ?, ?, ?, ?)");
        SQLite::bind(add, archive_.server(target), seconds_since_epoch(now), std::string(text_of(graded.grade)),
                     graded.why, addresses);
        if (!before.empty()) add.bind(6, archive_.chain(before));
        if (!after.empty()) add.bind(7, archive_.chain(after));
        add.exec();
        return {};
    });
}

Result<std::vector<PastChange>> Sightings::changes(const std::optional<Target>& only) {
    struct Row {
        PastChange change;
        std::int64_t before;
        std::int64_t after;
    };
    const auto rows = archive_.transact<std::vector<Row>>("reading the history", [&]() -> Result<std::vector<Row>> {
        SQLite::Statement ask(archive_.database(),
                              "SELECT name, at, grade, why, addresses, coalesce(old_chain, 0), coalesce(new_chain, "
                              "0) FROM changes JOIN servers ON servers.id = server WHERE ?1 = 0 OR server = ?1 "
                              "ORDER BY changes.id DESC");
        ask.bind(1, only ? archive_.find_server(*only).value_or(-1) : 0);
        std::vector<Row> found;
        while (ask.executeStep()) {
            const auto grade = grade_from(ask.getColumn(2).getString());
            if (!grade) return failed("archive_corrupt", "reading the history", "it has a grade that nobody knows");
            found.push_back({{ask.getColumn(0).getString(),
                              time_at(ask.getColumn(1)),
                              *grade,
                              ask.getColumn(3).getString(),
                              ask.getColumn(4).getString(),
                              {},
                              {}},
                             ask.getColumn(5).getInt64(),
                             ask.getColumn(6).getInt64()});
        }
        return found;
    });
    if (!rows) return unexpected(rows.error());
    std::vector<PastChange> changes;
    for (const Row& row : *rows) {
        auto before = archive_.chain_of(row.before);
        if (!before) return unexpected(before.error());
        auto after = archive_.chain_of(row.after);
        if (!after) return unexpected(after.error());
        changes.push_back(row.change);
        changes.back().before = std::move(*before);
        changes.back().after = std::move(*after);
    }
    return changes;
}

Result<bool> Sightings::has_ever_shown(const Pin& pin) {
    return archive_.transact<bool>("looking for " + pin.abbreviated(), [&]() -> Result<bool> {
        SQLite::Statement ask(archive_.database(),
                              "SELECT DISTINCT c.der FROM sightings JOIN chain_certificates l ON l.chain = "
                              "sightings.chain JOIN certificates c ON c.id = l.certificate");
        while (ask.executeStep()) {
            const auto certificate = x509::Certificate::parse(octets_of(ask.getColumn(0)));
            if (certificate && certificate->matches(pin)) return true;
        }
        return false;
    });
}

}  // namespace cotter::observatory
