// Statements about rotations.
#include "registry/rotations.h"

#include "text/escape.h"

#include <algorithm>
#include <chrono>

namespace cotter::registry {
namespace {

/// As in registry_servers.cc: a server that hasn't been heard of for longer counts as dead.
constexpr std::chrono::seconds kServerSilence{3};

Pin spki_pin(const ByteVector& digest) {
    // 32 octets by a constraint of the table.
    return *Pin::from_octets(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256, digest);
}

Rotation rotation_of(Query& row) {
    return {spki_pin(row.octets(0)), spki_pin(row.octets(1)),
            row.text(2) == "committed" ? Rotation::State::kCommitted : Rotation::State::kPrepared, row.time(3)};
}

}  // namespace

std::string_view text_of(KeyAnswer answer) {
    switch (answer) {
        case KeyAnswer::kNone: return "none";
        case KeyAnswer::kReady: return "ready";
        case KeyAnswer::kPinnedByHand: return "pinned-by-hand";
        case KeyAnswer::kOtherTrust: return "other-trust";
        case KeyAnswer::kRefused: return "refused";
    }
    return "";
}

std::optional<KeyAnswer> key_answer_of(std::uint64_t number) {
    if (number > std::to_underlying(KeyAnswer::kRefused)) return std::nullopt;
    return static_cast<KeyAnswer>(number);
}

std::size_t RotationStatus::ready() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(holders, [](const KeyHolder& one) { return one.answer == KeyAnswer::kReady; }));
}

std::size_t RotationStatus::servers_holding() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        servers, [&](const RotatingServer& one) { return one.present == rotation.next || one.next == rotation.next; }));
}

Result<std::optional<Rotation>> Rotations::from(const Pin& present) {
    return registry_.store().read("asking for a rotation", [&]() -> Result<std::optional<Rotation>> {
        Query row(registry_.store(),
                  "SELECT present, next, state, prepared FROM rotations WHERE present = $1 AND state <> 'aborted'",
                  present.octets());
        if (!row.next()) return std::nullopt;
        return rotation_of(row);
    });
}

Result<std::optional<Rotation>> Rotations::to(const Pin& next) {
    return registry_.store().read("asking for a rotation", [&]() -> Result<std::optional<Rotation>> {
        Query row(registry_.store(),
                  "SELECT present, next, state, prepared FROM rotations WHERE next = $1 AND state <> 'aborted'",
                  next.octets());
        if (!row.next()) return std::nullopt;
        return rotation_of(row);
    });
}

Result<bool> Rotations::was_aborted(const Pin& next) {
    return registry_.store().read("asking for a rotation", [&]() -> Result<bool> {
        return Query(registry_.store(), "SELECT 1 FROM rotations WHERE next = $1 AND state = 'aborted'", next.octets())
            .next();
    });
}

Result<RotationStatus> Rotations::status(const Rotation& rotation, Time now) {
    const std::string what = "reading how far the rotation is";
    return registry_.store().read(what, [&] { return read_status(what, rotation, now); });
}

Result<RotationStatus> Rotations::read_status(const std::string& what, const Rotation& rotation, Time now) {
    Store& store = registry_.store();
    RotationStatus status{rotation, {}, {}, {}, 0};
    Query holder(store,
                 "SELECT clients.name, keys.target, keys.form, keys.octets, coalesce(answer, 0), coalesce(at, $1), "
                 "coalesce(last_seen, $1) FROM clients JOIN keys ON keys.client = clients.name "
                 "LEFT JOIN rotation_answers ON rotation_answers.canonical = keys.canonical AND "
                 "rotation_answers.next = $2 LEFT JOIN activity ON activity.client = clients.name "
                 "WHERE clients.state = 'active' AND clients.expires > $3 "
                 "ORDER BY clients.name, keys.added, keys.octets",
                 kNever, rotation.next.octets(), now);
    while (holder.next()) {
        auto pin = Pin::from_octets(static_cast<PinTarget>(holder.number(1)), static_cast<PinForm>(holder.number(2)),
                                    holder.octets(3));
        const auto answer = key_answer_of(holder.count(4));
        if (!pin || !answer) return failed("registry_corrupt", what, "a key or an answer in it can't be read");
        status.holders.push_back(
            {holder.text(0), std::move(*pin), *answer, holder.time_or_never(5), holder.time_or_never(6)});
    }
    Query uncounted(store,
                    "SELECT client, answer, at FROM rotation_answers WHERE next = $1 AND canonical NOT IN "
                    "(SELECT digest FROM canonical_keys) ORDER BY client, at",
                    rotation.next.octets());
    while (uncounted.next()) {
        const auto answer = key_answer_of(uncounted.count(1));
        if (!answer) return failed("registry_corrupt", what, "an answer in it can't be read");
        status.uncounted.push_back({uncounted.text(0), *answer, uncounted.time(2)});
    }
    Query server(store,
                 "SELECT host, present, server_keys.next FROM server_keys JOIN servers ON servers.id = server "
                 "WHERE heartbeat >= $1 AND (present = $2 OR present = $3) ORDER BY host, server",
                 now - kServerSilence, rotation.present.octets(), rotation.next.octets());
    while (server.next()) {
        const ByteVector next = server.octets(2);
        status.servers.push_back(
            {server.text(0), spki_pin(server.octets(1)), next.empty() ? std::nullopt : std::optional(spki_pin(next))});
    }
    Query invitations(store, "SELECT count(*) FROM invitations WHERE expires > $1", now);
    if (invitations.next()) status.invitations = invitations.count(0);
    return status;
}

Result<void> Rotations::prepare(const Pin& present, const Pin& next, const Change& change) {
    const std::string what = "preparing the rotation to " + next.abbreviated();
    Store& store = registry_.store();
    return store.write(what, [&]() -> Result<void> {
        Query under_way(store, "SELECT next, state FROM rotations WHERE present = $1 AND state <> 'aborted'",
                        present.octets());
        if (under_way.next()) {
            const bool is_done = under_way.text(1) == "committed";
            return failed(is_done ? "rotation_done" : "rotation_under_way", what,
                          "the one to " + spki_pin(under_way.octets(0)).to_string() +
                              (is_done ? " was committed" : " is under way"),
                          "\"cotter rotate status\" shows it");
        }
        if (Query(store, "SELECT 1 FROM rotations WHERE next = $1", next.octets()).next()) {
            return failed("key_withdrawn", what, "it was announced once before, and withdrawn", "make another key");
        }
        Query(store,
              "INSERT INTO rotations (next, present, state, state_since, prepared) VALUES ($1, $2, 'prepared', $3, $3)",
              next.octets(), present.octets(), change.now)
            .run();
        registry_.record(change, {.action = audit::Action::kRotatePrepare, .pin = next.to_string()});
        return {};
    });
}

Result<void> Rotations::commit(const Rotation& rotation, Insist insist, const Change& change) {
    const std::string what = "committing the rotation to " + rotation.next.abbreviated();
    Store& store = registry_.store();
    return store.write(what, [&]() -> Result<void> {
        const auto status = read_status(what, rotation, change.now);
        if (!status) return unexpected(status.error());
        if (insist == Insist::kNo && !status->is_ready()) {
            return failed("rotation_not_ready", what,
                          std::to_string(status->holders.size() - status->ready()) + " of " +
                              std::to_string(status->holders.size()) + " client keys and " +
                              std::to_string(status->servers.size() - status->servers_holding()) + " of " +
                              std::to_string(status->servers.size()) + " servers are not ready for it",
                          "\"cotter rotate status\" names them; wait, or say --force to leave them behind");
        }
        const auto changed = Query(store,
                                   "UPDATE rotations SET state = 'committed', state_since = $1 WHERE next = $2 AND "
                                   "present = $3 AND state = 'prepared'",
                                   change.now, rotation.next.octets(), rotation.present.octets())
                                 .run();
        if (changed != 1) return failed("no_rotation", what, "it is not prepared any more", "cotter rotate status");
        registry_.record(change, {.action = audit::Action::kRotateCommit, .pin = rotation.next.to_string()});
        return {};
    });
}

Result<void> Rotations::abort(const Rotation& rotation, const Change& change) {
    const std::string what = "withdrawing the next key " + rotation.next.abbreviated();
    Store& store = registry_.store();
    return store.write(what, [&]() -> Result<void> {
        const auto changed = Query(store,
                                   "UPDATE rotations SET state = 'aborted', state_since = $1 WHERE next = $2 AND "
                                   "state = 'prepared'",
                                   change.now, rotation.next.octets())
                                 .run();
        if (changed != 1) {
            return failed("no_rotation", what, "it is not prepared any more",
                          "what was committed can't be taken back: prepare another rotation");
        }
        Query(store, "DELETE FROM rotation_answers WHERE next = $1", rotation.next.octets()).run();
        registry_.record(change, {.action = audit::Action::kRotateAbort, .pin = rotation.next.to_string()});
        return {};
    });
}

Result<void> Rotations::note_answer(const Pin& next, const x509::CanonicalKey& client_key, std::string_view client,
                                    KeyAnswer answer, Time now) {
    Store& store = registry_.store();
    return store.write("noting an answer to a next key", [&]() -> Result<void> {
        if (!Query(store, "SELECT 1 FROM rotations WHERE next = $1 AND state <> 'aborted'", next.octets()).next())
            return {};
        Query(store,
              "INSERT INTO rotation_answers (next, canonical, client, answer, at) VALUES ($1, $2, $3, $4, $5) "
              "ON CONFLICT (next, canonical) DO UPDATE SET client = excluded.client, answer = excluded.answer, "
              "at = excluded.at",
              next.octets(), client_key, text::escape(client), std::to_underlying(answer), now)
            .run();
        return {};
    });
}

Result<void> Rotations::note_server(std::string_view server_id, const RotatingServer& keys) {
    Store& store = registry_.store();
    return store.write("reporting the server's keys", [&]() -> Result<void> {
        // A server whose row is gone is not live; its next report brings both back.
        if (!Query(store, "SELECT 1 FROM servers WHERE id = $1", server_id).next()) return {};
        Query(store,
              "INSERT INTO server_keys (server, host, present, next) VALUES ($1, $2, $3, $4) "
              "ON CONFLICT (server) DO UPDATE SET host = excluded.host, present = excluded.present, "
              "next = excluded.next",
              server_id, text::escape(keys.host), keys.present.octets(), keys.next ? keys.next->octets() : Bytes())
            .run();
        return {};
    });
}

}  // namespace cotter::registry
