// The tables of a registry in SQLite. What must be true of them is a constraint here, not a habit of the code: one name
// for one key, one of three states, nothing missing (INVARIANTS A197, A199, A210).
#pragma once

#include <cstdint>

namespace cotter::registry {

inline constexpr std::int64_t kSchemaVersion = 1;

// Times are seconds since 1970; "never" is the largest number there is. `target` and `form` number PinTarget and
// PinForm. The denied_ tables are tombstones: they refer to no client, so that they outlive it (INVARIANT A116).
inline constexpr const char* kSchema = R"sql(
CREATE TABLE meta (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    schema INTEGER NOT NULL CHECK (schema > 0),
    version INTEGER NOT NULL CHECK (version >= 0)
) STRICT;

CREATE TABLE clients (
    name TEXT PRIMARY KEY NOT NULL CHECK (length(name) BETWEEN 1 AND 64 AND name NOT GLOB '*[^a-z0-9._-]*'),
    state TEXT NOT NULL CHECK (state IN ('active', 'suspended', 'revoked')),
    state_reason TEXT NOT NULL,
    state_since INTEGER NOT NULL,
    state_actor TEXT NOT NULL,
    expires INTEGER NOT NULL,
    note TEXT NOT NULL,
    added INTEGER NOT NULL
) STRICT;

CREATE TABLE canonical_keys (
    digest BLOB PRIMARY KEY NOT NULL CHECK (length(digest) = 32),
    client TEXT NOT NULL REFERENCES clients (name) ON DELETE CASCADE,
    UNIQUE (digest, client)
) STRICT;

CREATE TABLE keys (
    target INTEGER NOT NULL CHECK (target BETWEEN 0 AND 2),
    form INTEGER NOT NULL CHECK (form BETWEEN 0 AND 3),
    octets BLOB NOT NULL CHECK (length(octets) > 0),
    client TEXT NOT NULL REFERENCES clients (name) ON DELETE CASCADE,
    canonical BLOB,
    issuer BLOB,
    serial BLOB,
    added INTEGER NOT NULL,
    PRIMARY KEY (target, form, octets),
    FOREIGN KEY (canonical, client) REFERENCES canonical_keys (digest, client),
    CHECK ((issuer IS NULL) = (serial IS NULL))
) STRICT;
CREATE INDEX keys_by_client ON keys (client);
CREATE INDEX keys_by_canonical ON keys (canonical);
CREATE INDEX canonical_keys_by_client ON canonical_keys (client);

CREATE TABLE denied_keys (
    digest BLOB PRIMARY KEY NOT NULL CHECK (length(digest) = 32),
    client TEXT NOT NULL
) STRICT;
CREATE TABLE denied_pins (
    target INTEGER NOT NULL CHECK (target BETWEEN 0 AND 2),
    form INTEGER NOT NULL CHECK (form BETWEEN 0 AND 3),
    octets BLOB NOT NULL CHECK (length(octets) > 0),
    client TEXT NOT NULL,
    PRIMARY KEY (target, form, octets)
) STRICT;
CREATE TABLE denied_certificates (
    issuer BLOB NOT NULL,
    serial BLOB NOT NULL,
    client TEXT NOT NULL,
    PRIMARY KEY (issuer, serial)
) STRICT;

CREATE TABLE audit (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    client TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX audit_by_client ON audit (client, sequence);

CREATE TABLE invitations (
    hash BLOB PRIMARY KEY NOT NULL CHECK (length(hash) = 32),
    id TEXT NOT NULL UNIQUE CHECK (length(id) = 8),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL CHECK (expires > created),
    client_expires INTEGER NOT NULL
) STRICT;

CREATE TABLE servers (
    id TEXT PRIMARY KEY NOT NULL,
    heartbeat INTEGER NOT NULL,
    applied_version INTEGER NOT NULL
) STRICT;
CREATE TABLE open_streams (
    server TEXT NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
    client TEXT NOT NULL REFERENCES clients (name) ON DELETE CASCADE,
    streams INTEGER NOT NULL CHECK (streams >= 0),
    PRIMARY KEY (server, client)
) STRICT;
CREATE INDEX open_streams_by_client ON open_streams (client);
CREATE TABLE activity (
    client TEXT PRIMARY KEY NOT NULL REFERENCES clients (name) ON DELETE CASCADE,
    last_seen INTEGER NOT NULL,
    last_address TEXT NOT NULL,
    bytes_in INTEGER NOT NULL,
    bytes_out INTEGER NOT NULL,
    refused INTEGER NOT NULL
) STRICT;
CREATE TABLE closures (
    client TEXT NOT NULL,
    version INTEGER NOT NULL,
    streams INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (client, version)
) STRICT;
)sql";

}  // namespace cotter::registry
