// Questions: clients, audit, versions, and everything that a snapshot is built from.
#include "registry/registry.h"
#include "registry/rule_book.h"

#include "registry/audit_log.h"

#include <algorithm>

namespace cotter::registry {
namespace {

unexpected<Error> corrupt(const std::string& what, std::string why) {
    return failed("registry_corrupt", what, std::move(why), "bring it back from a backup");
}

/// The key whose target, form and octets stand at that column and the next two. Octets that are no such pin, and a
/// target or form that there isn't, give nothing.
std::optional<Pin> pin_at(Query& row, int column) {
    constexpr std::array kTargets = {PinTarget::kSubjectPublicKeyInfo, PinTarget::kCertificate, PinTarget::kKey};
    constexpr std::array kForms = {PinForm::kSha256, PinForm::kSha384, PinForm::kSha512, PinForm::kDer};
    const auto target = row.count(column);
    const auto form = row.count(column + 1);
    if (target >= kTargets.size() || form >= kForms.size()) return std::nullopt;
    auto pin = Pin::from_octets(kTargets[target], kForms[form], row.octets(column + 2));
    return pin ? std::optional(std::move(*pin)) : std::nullopt;
}

std::optional<x509::CanonicalKey> canonical_at(Query& row, int column) {
    const ByteVector octets = row.octets(column);
    x509::CanonicalKey key;
    if (octets.size() != key.digest.size()) return std::nullopt;
    std::ranges::copy(octets, key.digest.begin());
    return key;
}

/// Columns: target, form, octets, canonical, issuer, serial, added, from `first` on.
std::optional<ClientKey> key_at(Query& row, int first) {
    auto pin = pin_at(row, first);
    if (!pin) return std::nullopt;
    ClientKey key{std::move(*pin), std::nullopt, std::nullopt, row.time(first + 6)};
    if (!row.is_null(first + 3)) {
        key.canonical = canonical_at(row, first + 3);
        if (!key.canonical) return std::nullopt;
    }
    if (!row.is_null(first + 4)) key.certificate = x509::IssuerAndSerial{row.octets(first + 4), row.octets(first + 5)};
    return key;
}

// Both in the order of names, which the stores and std::string compare alike: octet by octet.
constexpr const char* kAllClients =
    "SELECT name, state, state_reason, state_since, state_actor, expires, note, added FROM clients ORDER BY name";
constexpr const char* kOneClient =
    "SELECT name, state, state_reason, state_since, state_actor, expires, note, added FROM clients WHERE name = $1";
constexpr const char* kAllKeys =
    "SELECT client, target, form, octets, canonical, issuer, serial, added FROM keys ORDER BY client, added, target, "
    "form, octets";
constexpr const char* kKeysOfOne =
    "SELECT client, target, form, octets, canonical, issuer, serial, added FROM keys WHERE client = $1 "
    "ORDER BY added, target, form, octets";

Result<void> read_keys(const std::string& what, Query& rows, std::vector<Client>& clients) {
    auto client = clients.begin();
    while (rows.next()) {
        const std::string owner = rows.text(0);
        while (client != clients.end() && client->name.text() < owner) ++client;
        if (client == clients.end() || client->name.text() != owner) return corrupt(what, "a key has no client");
        auto key = key_at(rows, 1);
        if (!key) return corrupt(what, "a key of " + owner + " can't be read");
        client->keys.push_back(std::move(*key));
    }
    return {};
}

}  // namespace

Result<std::vector<Client>> Registry::list() {
    const std::string what = "listing the clients";
    return store_->read(what, [&] { return read_clients(what, std::nullopt); });
}

Result<Client> Registry::find(const ClientName& name) {
    const std::string what = "looking for the client " + name.text();
    return store_->read(what, [&]() -> Result<Client> {
        auto found = read_clients(what, name);
        if (!found) return unexpected(found.error());
        if (found->empty()) return no_such_client(what, name);
        return std::move(found->front());
    });
}

Result<std::vector<audit::Entry>> Registry::audit(std::string_view client, std::size_t most) {
    return AuditLog(*store_).newest({.client = std::string(client), .decisions_only = true}, most);
}

Result<bool> Registry::changed() {
    const std::string what = "asking the registry for changes";
    // Asked before the version is read, so that a commit between the two shows again next time; a fault after it shows
    // again, too.
    auto may_have = store_->may_have_changed(what);
    if (!may_have) return may_have;
    if (*may_have) may_have_moved_ = true;
    if (!may_have_moved_) return false;
    return store_->read(what, [&]() -> Result<bool> {
        const std::uint64_t version = current_version();
        may_have_moved_ = false;
        const std::uint64_t before = std::exchange(seen_version_, version);
        return version != before;
    });
}

Result<std::uint64_t> Registry::version() {
    return store_->read("asking the registry for its version",
                        [&]() -> Result<std::uint64_t> { return current_version(); });
}

Result<std::shared_ptr<const Snapshot>> Registry::snapshot() {
    const std::string what = "reading the registry";
    return store_->read(what, [&]() -> Result<std::shared_ptr<const Snapshot>> {
        SnapshotRows rows;
        rows.version = current_version();
        auto clients = read_clients(what, std::nullopt);
        if (!clients) return unexpected(clients.error());
        rows.clients = std::move(*clients);
        if (auto done = read_tombstones(what, rows); !done) return unexpected(done.error());
        return std::make_shared<const Snapshot>(std::move(rows));
    });
}

std::uint64_t Registry::current_version() {
    Query meta(*store_, "SELECT version FROM meta WHERE id = 1");
    if (!meta.next()) throw StoreFault("registry_corrupt", "it has lost its version", "bring it back from a backup");
    return meta.count(0);
}

Result<std::vector<Client>> Registry::read_clients(const std::string& what, const std::optional<ClientName>& only) {
    Query row = only ? Query(*store_, kOneClient, only->text()) : Query(*store_, kAllClients);
    std::vector<Client> clients;
    while (row.next()) {
        auto name = ClientName::parse(row.text(0));
        const auto state = client_state_of(row.text(1));
        if (!name || !state) return corrupt(what, "a client's name or state can't be read");
        clients.push_back({.name = std::move(*name),
                           .state = *state,
                           .state_reason = row.text(2),
                           .state_since = row.time(3),
                           .state_actor = row.text(4),
                           .expires = row.time_or_never(5),
                           .note = row.text(6),
                           .added = row.time(7),
                           .keys = {}});
    }
    Query keys = only ? Query(*store_, kKeysOfOne, only->text()) : Query(*store_, kAllKeys);
    if (auto done = read_keys(what, keys, clients); !done) return unexpected(done.error());
    if (auto done = read_rule_book(*store_, what, only, clients); !done) return unexpected(done.error());
    return clients;
}

Result<void> Registry::read_tombstones(const std::string& what, SnapshotRows& rows) {
    Query keys(*store_, "SELECT digest FROM denied_keys");
    while (keys.next()) {
        const auto key = canonical_at(keys, 0);
        if (!key) return corrupt(what, "a denied key can't be read");
        rows.denied_keys.push_back(*key);
    }
    Query pins(*store_, "SELECT target, form, octets FROM denied_pins");
    while (pins.next()) {
        auto pin = pin_at(pins, 0);
        if (!pin) return corrupt(what, "a denied pin can't be read");
        rows.denied_pins.push_back(std::move(*pin));
    }
    Query certificates(*store_, "SELECT issuer, serial FROM denied_certificates");
    while (certificates.next()) rows.denied_certificates.push_back({certificates.octets(0), certificates.octets(1)});
    return {};
}

}  // namespace cotter::registry
