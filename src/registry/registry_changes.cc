// Changes of clients and keys: each one transaction with its audit row and the next version.
#include "registry/registry.h"

#include "registry/audit_log.h"
#include "text/encoding.h"
#include "text/escape.h"
#include "x509/openssl.h"

#include <openssl/rand.h>

#include <algorithm>
#include <array>

namespace cotter::registry {

unexpected<Error> no_such_client(const std::string& what, const ClientName& name) {
    return failed("no_such_client", what, "no client is called " + name.text(), "\"cotter client list\" shows all");
}

namespace {

// A server that is further behind reads everything.
constexpr std::uint64_t kMostChanges = 100'000;

std::string random_token() {
    std::array<std::byte, 8> octets{};
    if (RAND_bytes(x509::octets(std::span<std::byte>(octets)), static_cast<int>(octets.size())) != 1) {
        throw StoreFault("registry_unavailable", "there are no random numbers", {});
    }
    return text::hex(octets);
}

unexpected<Error> key_revoked(const std::string& what, const std::string& owner) {
    return failed("key_revoked", what, "the key was revoked with the client " + owner,
                  "make a new key; a revoked one stays refused for good");
}

unexpected<Error> key_taken(const std::string& what, const Pin& pin, const std::string& owner,
                            const ClientName& wanted_by) {
    if (owner == wanted_by.text()) {
        return failed("key_known", what, "the key " + pin.abbreviated() + " is one of its keys already",
                      "nothing is left to do: \"cotter client show " + owner + "\" lists them");
    }
    return failed("key_taken", what, "the key " + pin.abbreviated() + " belongs to the client " + owner,
                  "one key has one name: use another key, or drop it there first");
}

unexpected<Error> wrong_state(const std::string& what, const ClientName& name, ClientState state, std::string next) {
    const std::string word(text_of(state));
    return failed("client_" + word, what, name.text() + " is " + word, std::move(next));
}

}  // namespace

Result<std::uint64_t> Registry::add(const ClientName& name, const std::vector<NewKey>& keys,
                                    std::optional<Time> expires, std::string_view note, const Change& change) {
    const std::string what = "adding the client " + name.text();
    if (expires && *expires <= change.now) {
        return malformed("expires_past", what, "its admission would have ended already",
                         "give a time to come: 30d, or RFC 3339");
    }
    return store_->write(what, [&]() -> Result<std::uint64_t> {
        if (auto done = insert_client(what, name, keys, expires, note, change); !done) return unexpected(done.error());
        record(change, {.action = audit::Action::kAdd, .client = name.text(), .pin = keys.front().pin.to_string()});
        return touch(name);
    });
}

Result<std::uint64_t> Registry::suspend(const ClientName& name, std::string_view reason, const Change& change) {
    const std::string what = "suspending the client " + name.text();
    return store_->write(what, [&]() -> Result<std::uint64_t> {
        const auto state = state_of(what, name);
        if (!state) return unexpected(state.error());
        if (*state != ClientState::kActive) {
            return wrong_state(what, name, *state,
                               *state == ClientState::kRevoked
                                   ? "nothing is left to do: its keys stay refused for good"
                                   : "\"cotter client restore " + name.text() + "\" admits it again");
        }
        set_state(name, ClientState::kSuspended, reason, change);
        record(change, {.action = audit::Action::kSuspend, .client = name.text(), .detail = text::escape(reason)});
        return touch(name);
    });
}

Result<std::uint64_t> Registry::restore(const ClientName& name, const Change& change) {
    const std::string what = "restoring the client " + name.text();
    return store_->write(what, [&]() -> Result<std::uint64_t> {
        const auto state = state_of(what, name);
        if (!state) return unexpected(state.error());
        if (*state != ClientState::kSuspended) {
            return wrong_state(what, name, *state,
                               *state == ClientState::kRevoked
                                   ? "revocation is for good: remove the client, and invite it anew with another key"
                                   : "nothing is left to do: only a suspended client is restored");
        }
        set_state(name, ClientState::kActive, {}, change);
        record(change, {.action = audit::Action::kRestore, .client = name.text()});
        return touch(name);
    });
}

Result<std::uint64_t> Registry::revoke(const ClientName& name, std::string_view reason, const Change& change) {
    const std::string what = "revoking the client " + name.text();
    return store_->write(what, [&]() -> Result<std::uint64_t> {
        const auto state = state_of(what, name);
        if (!state) return unexpected(state.error());
        if (*state == ClientState::kRevoked) {
            return wrong_state(what, name, *state, "nothing is left to do: its keys stay refused for good");
        }
        set_state(name, ClientState::kRevoked, reason, change);
        leave_tombstones(name);
        record(change, {.action = audit::Action::kRevoke, .client = name.text(), .detail = text::escape(reason)});
        return touch(name);
    });
}

Result<std::uint64_t> Registry::remove(const ClientName& name, const Change& change) {
    const std::string what = "removing the client " + name.text();
    return store_->write(what, [&]() -> Result<std::uint64_t> {
        const auto state = state_of(what, name);
        if (!state) return unexpected(state.error());
        // Keys first: they refer to canonical keys, which refer to the client.
        Query(*store_, "DELETE FROM keys WHERE client = $1", name.text()).run();
        Query(*store_, "DELETE FROM clients WHERE name = $1", name.text()).run();
        record(change,
               {.action = audit::Action::kRemove, .client = name.text(), .detail = std::string(text_of(*state))});
        withdraw_all_of(name, change);
        return touch(name);
    });
}

Result<std::uint64_t> Registry::add_key(const ClientName& name, const NewKey& key, const Change& change) {
    const std::string what = "adding a key to the client " + name.text();
    return store_->write(what, [&]() -> Result<std::uint64_t> {
        const auto state = state_of(what, name);
        if (!state) return unexpected(state.error());
        if (*state == ClientState::kRevoked) {
            return wrong_state(what, name, *state,
                               "revocation is for good: remove the client, and add it anew with another key");
        }
        if (auto done = insert_key(what, name, key, change.now); !done) return unexpected(done.error());
        record(change, {.action = audit::Action::kAddKey, .client = name.text(), .pin = key.pin.to_string()});
        return touch(name);
    });
}

Result<std::uint64_t> Registry::drop_key(const ClientName& name, const Pin& pin, const Change& change) {
    const std::string what = "dropping a key of the client " + name.text();
    return store_->write(what, [&]() -> Result<std::uint64_t> {
        const auto state = state_of(what, name);
        if (!state) return unexpected(state.error());
        const std::uint64_t dropped =
            Query(*store_, "DELETE FROM keys WHERE client = $1 AND target = $2 AND form = $3 AND octets = $4",
                  name.text(), pin.target(), pin.form(), pin.octets())
                .run();
        if (dropped == 0) {
            return failed("no_such_key", what, name.text() + " has no key " + pin.abbreviated(),
                          "\"cotter client show " + name.text() + "\" lists them");
        }
        if (!Query(*store_, "SELECT 1 FROM keys WHERE client = $1", name.text()).next()) {
            return failed(
                "last_key", what, "it is the last one",
                "add the new key first, or remove the client with \"cotter client remove " + name.text() + "\"");
        }
        Query(*store_,
              "DELETE FROM canonical_keys WHERE client = $1 AND NOT EXISTS "
              "(SELECT 1 FROM keys WHERE keys.canonical = canonical_keys.digest)",
              name.text())
            .run();
        record(change, {.action = audit::Action::kDropKey, .client = name.text(), .pin = pin.to_string()});
        return touch(name);
    });
}

Result<void> Registry::learn(const Pin& pin, const x509::CanonicalKey& canonical, const Change& change) {
    const std::string what = "learning the key behind " + pin.abbreviated();
    return store_->write(what, [&]() -> Result<void> {
        Query found(*store_, "SELECT client, canonical FROM keys WHERE target = $1 AND form = $2 AND octets = $3",
                    pin.target(), pin.form(), pin.octets());
        if (!found.next()) {
            return failed("no_such_key", what, "no client has it", "it was dropped meanwhile; nothing is wrong");
        }
        const auto name = ClientName::parse(found.text(0));
        if (!name) return failed("registry_corrupt", what, name.error().why);
        const NewKey key{pin, canonical, std::nullopt};
        if (!found.is_null(1)) {
            if (std::ranges::equal(found.octets(1), canonical.digest)) return {};
            return failed("key_taken", what, "another key is recorded for it already");
        }
        Query denied(*store_, "SELECT client FROM denied_keys WHERE digest = $1", canonical);
        if (denied.next() && denied.text(0) != name->text()) return key_revoked(what, denied.text(0));
        if (auto free = check_not_taken(what, *name, key); !free) return free;
        Query(*store_, "INSERT INTO canonical_keys (digest, client) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING",
              canonical, name->text())
            .run();
        Query(*store_, "UPDATE keys SET canonical = $1 WHERE target = $2 AND form = $3 AND octets = $4", canonical,
              pin.target(), pin.form(), pin.octets())
            .run();
        const auto state = state_of(what, *name);
        if (!state) return unexpected(state.error());
        if (*state == ClientState::kRevoked) leave_tombstones(*name);
        record(change, {.action = audit::Action::kLearnKey, .client = name->text(), .pin = pin.to_string()});
        touch(*name);
        return {};
    });
}

std::uint64_t Registry::touch(const ClientName& name) {
    // An undone transaction leaves this set; that costs one look at the version, no more.
    may_have_moved_ = true;
    Query bumped(*store_, "UPDATE meta SET version = version + 1 WHERE id = 1 RETURNING version");
    if (!bumped.next()) throw StoreFault("registry_corrupt", "it has lost its version", "bring it back from a backup");
    const std::uint64_t version = bumped.count(0);
    Query(*store_, "INSERT INTO changes (version, client, token) VALUES ($1, $2, $3)", version, name.text(),
          random_token())
        .run();
    Query(*store_, "DELETE FROM changes WHERE version < $1", version > kMostChanges ? version - kMostChanges : 0).run();
    store_->announce_change();
    return version;
}

void Registry::record(const Change& change, const audit::Event& event) {
    AuditLog(*store_).append(change, event);
}

Result<void> Registry::insert_client(const std::string& what, const ClientName& name, const std::vector<NewKey>& keys,
                                     std::optional<Time> expires, std::string_view note, const Change& change) {
    if (keys.empty()) return malformed("no_key", what, "a client needs a key", "give its pin or its certificate");
    if (Query(*store_, "SELECT 1 FROM clients WHERE name = $1", name.text()).next()) {
        return failed("name_taken", what, "a client is called " + name.text() + " already",
                      "\"cotter client add-key " + name.text() + " PIN\" gives it one more key");
    }
    Query(*store_,
          "INSERT INTO clients (name, state, state_reason, state_since, state_actor, expires, note, added) "
          "VALUES ($1, 'active', '', $2, $3, $4, $5, $6)",
          name.text(), change.now, text::escape_remaining(change.actor), expires, text::escape(note), change.now)
        .run();
    for (const NewKey& key : keys) {
        if (auto done = insert_key(what, name, key, change.now); !done) return done;
    }
    return {};
}

Result<void> Registry::insert_key(const std::string& what, const ClientName& name, const NewKey& key, Time now) {
    if (auto free = check_not_denied(what, key); !free) return free;
    if (auto free = check_not_taken(what, name, key); !free) return free;
    Query pin(*store_, "SELECT client FROM keys WHERE target = $1 AND form = $2 AND octets = $3", key.pin.target(),
              key.pin.form(), key.pin.octets());
    if (pin.next()) return key_taken(what, key.pin, pin.text(0), name);
    if (key.canonical) {
        Query(*store_, "INSERT INTO canonical_keys (digest, client) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING",
              *key.canonical, name.text())
            .run();
    }
    std::optional<ByteVector> issuer;
    std::optional<ByteVector> serial;
    if (key.certificate) {
        issuer = key.certificate->issuer;
        serial = key.certificate->serial;
    }
    Query(*store_,
          "INSERT INTO keys (target, form, octets, client, canonical, issuer, serial, added) "
          "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
          key.pin.target(), key.pin.form(), key.pin.octets(), name.text(), key.canonical, issuer, serial, now)
        .run();
    return {};
}

Result<void> Registry::check_not_denied(const std::string& what, const NewKey& key) {
    if (key.canonical) {
        Query denied(*store_, "SELECT client FROM denied_keys WHERE digest = $1", *key.canonical);
        if (denied.next()) return key_revoked(what, denied.text(0));
    }
    Query denied(*store_, "SELECT client FROM denied_pins WHERE target = $1 AND form = $2 AND octets = $3",
                 key.pin.target(), key.pin.form(), key.pin.octets());
    if (denied.next()) return key_revoked(what, denied.text(0));
    if (key.certificate) {
        Query certificate(*store_, "SELECT client FROM denied_certificates WHERE issuer = $1 AND serial = $2",
                          key.certificate->issuer, key.certificate->serial);
        if (certificate.next()) return key_revoked(what, certificate.text(0));
    }
    return {};
}

Result<void> Registry::check_not_taken(const std::string& what, const ClientName& name, const NewKey& key) {
    if (!key.canonical) return {};
    Query owner(*store_, "SELECT client FROM canonical_keys WHERE digest = $1", *key.canonical);
    if (owner.next() && owner.text(0) != name.text()) return key_taken(what, key.pin, owner.text(0), name);
    return {};
}

void Registry::set_state(const ClientName& name, ClientState state, std::string_view reason, const Change& change) {
    Query(*store_,
          "UPDATE clients SET state = $1, state_reason = $2, state_since = $3, state_actor = $4 WHERE name = $5",
          text_of(state), text::escape(reason), change.now, text::escape_remaining(change.actor), name.text())
        .run();
}

Result<ClientState> Registry::state_of(const std::string& what, const ClientName& name) {
    Query found(*store_, "SELECT state FROM clients WHERE name = $1", name.text());
    if (!found.next()) return no_such_client(what, name);
    if (const auto state = client_state_of(found.text(0))) return *state;
    return failed("registry_corrupt", what, "the state of " + name.text() + " is none that there is");
}

void Registry::leave_tombstones(const ClientName& name) {
    Query(*store_,
          "INSERT INTO denied_keys (digest, client) SELECT digest, client FROM canonical_keys WHERE client = $1 "
          "ON CONFLICT DO NOTHING",
          name.text())
        .run();
    Query(*store_,
          "INSERT INTO denied_pins (target, form, octets, client) SELECT target, form, octets, client FROM keys "
          "WHERE client = $1 ON CONFLICT DO NOTHING",
          name.text())
        .run();
    Query(*store_,
          "INSERT INTO denied_certificates (issuer, serial, client) SELECT issuer, serial, client FROM keys "
          "WHERE client = $1 AND issuer IS NOT NULL ON CONFLICT DO NOTHING",
          name.text())
        .run();
}

}  // namespace cotter::registry
