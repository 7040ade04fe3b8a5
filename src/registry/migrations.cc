// The tables of a registry, as the changes that led to them. What must be true of them is a constraint here, not a
// habit of the code: one name for one key, one of three states, nothing missing (INVARIANTS A197, A199, A210).
#include "registry/migrations.h"

#include "registry/audit_log.h"
#include "registry/store.h"

#include <array>

namespace cotter::registry {
namespace {

// Times are seconds since 1970; "never" is the largest number there is. `target` and `form` number PinTarget and
// PinForm. The denied_ tables are tombstones: they refer to no client, so that they outlive it (INVARIANT A116).
constexpr const char* kClients = R"sql(
CREATE TABLE meta (
    id {integer} PRIMARY KEY CHECK (id = 1),
    schema {integer} NOT NULL CHECK (schema > 0),
    version {integer} NOT NULL CHECK (version >= 0)
) {strict};

CREATE TABLE clients (
    name {text} PRIMARY KEY NOT NULL CHECK (length(name) BETWEEN 1 AND 64 AND name {name_letters}),
    state {text} NOT NULL CHECK (state IN ('active', 'suspended', 'revoked')),
    state_reason {text} NOT NULL,
    state_since {integer} NOT NULL,
    state_actor {text} NOT NULL,
    expires {integer} NOT NULL,
    note {text} NOT NULL,
    added {integer} NOT NULL
) {strict};

CREATE TABLE canonical_keys (
    digest {octets} PRIMARY KEY NOT NULL CHECK (length(digest) = 32),
    client {text} NOT NULL REFERENCES clients (name) ON DELETE CASCADE,
    UNIQUE (digest, client)
) {strict};

CREATE TABLE keys (
    target {integer} NOT NULL CHECK (target BETWEEN 0 AND 2),
    form {integer} NOT NULL CHECK (form BETWEEN 0 AND 3),
    octets {octets} NOT NULL CHECK (length(octets) > 0),
    client {text} NOT NULL REFERENCES clients (name) ON DELETE CASCADE,
    canonical {octets},
    issuer {octets},
    serial {octets},
    added {integer} NOT NULL,
    PRIMARY KEY (target, form, octets),
    FOREIGN KEY (canonical, client) REFERENCES canonical_keys (digest, client),
    CHECK ((issuer IS NULL) = (serial IS NULL))
) {strict};
CREATE INDEX keys_by_client ON keys (client);
CREATE INDEX keys_by_canonical ON keys (canonical);
CREATE INDEX canonical_keys_by_client ON canonical_keys (client);

CREATE TABLE denied_keys (
    digest {octets} PRIMARY KEY NOT NULL CHECK (length(digest) = 32),
    client {text} NOT NULL
) {strict};
CREATE TABLE denied_pins (
    target {integer} NOT NULL CHECK (target BETWEEN 0 AND 2),
    form {integer} NOT NULL CHECK (form BETWEEN 0 AND 3),
    octets {octets} NOT NULL CHECK (length(octets) > 0),
    client {text} NOT NULL,
    PRIMARY KEY (target, form, octets)
) {strict};
CREATE TABLE denied_certificates (
    issuer {octets} NOT NULL,
    serial {octets} NOT NULL,
    client {text} NOT NULL,
    PRIMARY KEY (issuer, serial)
) {strict};

CREATE TABLE audit (
    sequence {counter},
    at {integer} NOT NULL,
    actor {text} NOT NULL,
    action {text} NOT NULL,
    client {text} NOT NULL,
    detail {text} NOT NULL
) {strict};
CREATE INDEX audit_by_client ON audit (client, sequence);

CREATE TABLE invitations (
    hash {octets} PRIMARY KEY NOT NULL CHECK (length(hash) = 32),
    id {text} NOT NULL UNIQUE CHECK (length(id) = 8),
    name {text} NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
    created {integer} NOT NULL,
    expires {integer} NOT NULL CHECK (expires > created),
    client_expires {integer} NOT NULL
) {strict};

CREATE TABLE servers (
    id {text} PRIMARY KEY NOT NULL,
    heartbeat {integer} NOT NULL,
    applied_version {integer} NOT NULL
) {strict};
CREATE TABLE open_streams (
    server {text} NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
    client {text} NOT NULL REFERENCES clients (name) ON DELETE CASCADE,
    streams {integer} NOT NULL CHECK (streams >= 0),
    PRIMARY KEY (server, client)
) {strict};
CREATE INDEX open_streams_by_client ON open_streams (client);
CREATE TABLE activity (
    client {text} PRIMARY KEY NOT NULL REFERENCES clients (name) ON DELETE CASCADE,
    last_seen {integer} NOT NULL,
    last_address {text} NOT NULL,
    bytes_in {integer} NOT NULL,
    bytes_out {integer} NOT NULL,
    refused {integer} NOT NULL
) {strict};
CREATE TABLE closures (
    client {text} NOT NULL,
    version {integer} NOT NULL,
    streams {integer} NOT NULL,
    at {integer} NOT NULL,
    PRIMARY KEY (client, version)
) {strict};

INSERT INTO meta (id, schema, version) VALUES (1, 1, 0);
)sql";

// Which client each version changed, so that a server reads no more than that. The token is random: two histories that
// have a version's number in common, as before and after a backup was brought back, don't have its token.
constexpr const char* kChanges = R"sql(
CREATE TABLE changes (
    version {integer} PRIMARY KEY CHECK (version >= 0),
    client {text} NOT NULL,
    token {text} NOT NULL
) {strict};
INSERT INTO changes (version, client, token) SELECT version, '', '' FROM meta;
CREATE INDEX denied_keys_by_client ON denied_keys (client);
CREATE INDEX denied_pins_by_client ON denied_pins (client);
CREATE INDEX denied_certificates_by_client ON denied_certificates (client);
)sql";

// A certificate whose `client` is empty is an intermediate authority's. Both tables outlive the clients whom they name:
// what is on a list stays there (INVARIANTS A116, A212).
constexpr const char* kIssuedCertificates = R"sql(
CREATE TABLE issued_certificates (
    serial {octets} PRIMARY KEY NOT NULL CHECK (length(serial) BETWEEN 1 AND 20),
    issuer_key {octets} NOT NULL CHECK (length(issuer_key) = 32),
    client {text} NOT NULL,
    canonical {octets} NOT NULL CHECK (length(canonical) = 32),
    not_after {integer} NOT NULL,
    der {octets} NOT NULL,
    issued {integer} NOT NULL,
    actor {text} NOT NULL,
    revoked {integer} NOT NULL,
    reason {integer} NOT NULL CHECK (reason BETWEEN 0 AND 10)
) {strict};
CREATE INDEX issued_certificates_by_client ON issued_certificates (client);
CREATE TABLE issued_lists (
    issuer_key {octets} PRIMARY KEY NOT NULL CHECK (length(issuer_key) = 32),
    number {integer} NOT NULL CHECK (number > 0),
    this_update {integer} NOT NULL
) {strict};
)sql";

// What bounds clients, ends their streams and is said to them at the end (rule_book.h), and who waits to be one
// (pending_clients.h): `octets` is the SHA-256 of a SubjectPublicKeyInfo.
constexpr const char* kRules = R"sql(
CREATE TABLE client_rules (
    client {text} PRIMARY KEY NOT NULL REFERENCES clients (name) ON DELETE CASCADE,
    rules {text} NOT NULL CHECK (length(rules) > 0)
) {strict};
CREATE TABLE disconnects (
    client {text} PRIMARY KEY NOT NULL REFERENCES clients (name) ON DELETE CASCADE,
    times {integer} NOT NULL CHECK (times > 0)
) {strict};
CREATE TABLE farewells (
    client {text} PRIMARY KEY NOT NULL REFERENCES clients (name) ON DELETE CASCADE,
    message {text} NOT NULL CHECK (length(message) > 0)
) {strict};
CREATE TABLE pending_clients (
    octets {octets} PRIMARY KEY NOT NULL CHECK (length(octets) = 32),
    source {text} NOT NULL,
    network {text} NOT NULL,
    first_seen {integer} NOT NULL,
    last_seen {integer} NOT NULL,
    times {integer} NOT NULL CHECK (times > 0)
) {strict};
)sql";

// Server keys that change (rotations.h) and client keys that do (renewals.h). `present` and `next` are SHA-256 over a
// SubjectPublicKeyInfo. Answers are by canonical key: also of clients that only a CA admits, which have no row.
constexpr const char* kSuccessions = R"sql(
CREATE TABLE rotations (
    next {octets} PRIMARY KEY NOT NULL CHECK (length(next) = 32),
    present {octets} NOT NULL CHECK (length(present) = 32 AND present <> next),
    state {text} NOT NULL CHECK (state IN ('prepared', 'committed', 'aborted')),
    state_since {integer} NOT NULL,
    prepared {integer} NOT NULL
) {strict};
CREATE INDEX rotations_by_present ON rotations (present);
CREATE TABLE rotation_answers (
    next {octets} NOT NULL REFERENCES rotations (next) ON DELETE CASCADE,
    canonical {octets} NOT NULL CHECK (length(canonical) = 32),
    client {text} NOT NULL,
    answer {integer} NOT NULL CHECK (answer BETWEEN 1 AND 4),
    at {integer} NOT NULL,
    PRIMARY KEY (next, canonical)
) {strict};
CREATE TABLE server_keys (
    server {text} PRIMARY KEY NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
    host {text} NOT NULL,
    present {octets} NOT NULL CHECK (length(present) = 32),
    next {octets} NOT NULL CHECK (length(next) IN (0, 32))
) {strict};
CREATE TABLE renewals (
    canonical {octets} PRIMARY KEY NOT NULL REFERENCES canonical_keys (digest) ON DELETE CASCADE,
    next {text} NOT NULL,
    former {text} NOT NULL,
    client {text} NOT NULL REFERENCES clients (name) ON DELETE CASCADE,
    at {integer} NOT NULL
) {strict};
CREATE INDEX renewals_by_client ON renewals (client);
)sql";

// The audit log (audit_log.h). What an older program has in the table audit is moved over by AuditLog::begin().
constexpr const char* kLog = R"sql(
CREATE TABLE log_head (
    id {integer} PRIMARY KEY CHECK (id = 1),
    origin {text} NOT NULL,
    size {integer} NOT NULL CHECK (size >= 0),
    root {octets} NOT NULL CHECK (length(root) = 32),
    pruned {integer} NOT NULL CHECK (pruned BETWEEN 0 AND size)
) {strict};
CREATE TABLE log_entries (
    sequence {integer} PRIMARY KEY CHECK (sequence >= 0),
    at {integer} NOT NULL,
    actor {text} NOT NULL,
    action {text} NOT NULL CHECK (length(action) > 0),
    client {text} NOT NULL,
    pin {text} NOT NULL,
    peer {text} NOT NULL,
    connection {text} NOT NULL,
    count {integer} NOT NULL CHECK (count >= 0),
    detail {text} NOT NULL
) {strict};
CREATE INDEX log_entries_by_client ON log_entries (client, sequence);
CREATE TABLE log_tiles (
    level {integer} NOT NULL CHECK (level BETWEEN 0 AND 7),
    place {integer} NOT NULL CHECK (place >= 0),
    hashes {octets} NOT NULL CHECK (length(hashes) BETWEEN 32 AND 8192),
    PRIMARY KEY (level, place)
) {strict};
{log_guard}
)sql";

// What stands here has been applied somewhere: it is never changed, only added to at the end.
constexpr std::array kMigrations = {kClients, kChanges, kIssuedCertificates, kRules, kSuccessions, kLog};

/// The schema that the store has; 0 for an empty one.
Result<std::size_t> schema_of(Store& store, const std::string& what) {
    if (store.has_table("meta")) {
        Query meta(store, "SELECT schema FROM meta WHERE id = 1");
        if (!meta.next()) return failed("registry_corrupt", what, "it doesn't say which schema it has");
        const auto schema = meta.count(0);
        if (schema > kMigrations.size()) {
            return failed("registry_newer", what,
                          "its schema is " + std::to_string(schema) + ", and this program knows " +
                              std::to_string(kMigrations.size()),
                          "use the cotter that last wrote it, or a newer one");
        }
        return schema;
    }
    if (store.has_any_table()) {
        return failed("registry_foreign", what, "it is a database, but not cotter's", "give another path or database");
    }
    return 0;
}

}  // namespace

std::span<const char* const> migrations() {
    return kMigrations;
}

std::size_t schema_version() {
    return kMigrations.size();
}

Result<void> bring_to_schema(Store& store) {
    const std::string what = "opening the registry " + store.name();
    // Looked at first without the right to write, so that a list can be read while another program changes it.
    auto schema = store.read(what, [&] { return schema_of(store, what); });
    while (schema && *schema < kMigrations.size()) {
        schema = store.write(what, [&]() -> Result<std::size_t> {
            // Again, since another program may have been here meanwhile.
            const auto present = schema_of(store, what);
            if (!present || *present == kMigrations.size()) return present;
            store.run_script(in_dialect(kMigrations.at(*present), store.dialect()));
            Query(store, "UPDATE meta SET schema = $1", *present + 1).run();
            return *present + 1;
        });
    }
    if (!schema) return unexpected(schema.error());
    return AuditLog(store).begin();
}

}  // namespace cotter::registry
