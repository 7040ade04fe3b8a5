// The archive's tables.
#include "observatory/archive.h"

#include "pin/digest.h"
#include "text/encoding.h"
#include "text/escape.h"
#include "x509/weak_rsa.h"

#include <array>

namespace cotter::observatory {
namespace {

constexpr registry::SqliteUse kUse{"archive", "the archive"};
constexpr int kApplication = 0x636f7472;  // "cotr", as PRAGMA application_id has it

// Times are seconds since 1970. Texts of peers are escaped before they come here. Each entry leads from one schema to
// the next; entries are only added.
constexpr std::array<const char*, 1> kSchema{R"sql(
CREATE TABLE certificates (
    id INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
    der BLOB NOT NULL,
    spki BLOB NOT NULL CHECK (length(spki) = 32),
    canonical BLOB NOT NULL CHECK (length(canonical) = 32),
    key TEXT NOT NULL,
    subject TEXT NOT NULL,
    issuer TEXT NOT NULL,
    serial TEXT NOT NULL,
    not_before INTEGER NOT NULL,
    not_after INTEGER NOT NULL,
    is_ca INTEGER NOT NULL CHECK (is_ca IN (0, 1)),
    weakness TEXT NOT NULL
) STRICT;
CREATE INDEX certificates_by_key ON certificates (canonical);
CREATE INDEX certificates_by_spki ON certificates (spki);

CREATE TABLE chains (
    id INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE CHECK (length(digest) = 32)
) STRICT;
CREATE TABLE chain_certificates (
    chain INTEGER NOT NULL REFERENCES chains (id),
    position INTEGER NOT NULL CHECK (position >= 0),
    certificate INTEGER NOT NULL REFERENCES certificates (id),
    PRIMARY KEY (chain, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX chains_by_certificate ON chain_certificates (certificate);

CREATE TABLE servers (
    id INTEGER PRIMARY KEY,
    host TEXT NOT NULL,
    port INTEGER NOT NULL CHECK (port BETWEEN 1 AND 65535),
    start_tls TEXT NOT NULL,
    name TEXT NOT NULL AS (CASE WHEN instr(host, ':') THEN '[' || host || ']' ELSE host END || ':' || port ||
                           CASE start_tls WHEN '' THEN '' ELSE ' ' || start_tls END),
    UNIQUE (host, port, start_tls)
) STRICT;

CREATE TABLE surveys (
    id INTEGER PRIMARY KEY,
    list BLOB NOT NULL CHECK (length(list) = 32),
    total INTEGER NOT NULL,
    started INTEGER NOT NULL,
    finished INTEGER NOT NULL
) STRICT;
CREATE TABLE survey_results (
    survey INTEGER NOT NULL REFERENCES surveys (id) ON DELETE CASCADE,
    server INTEGER NOT NULL REFERENCES servers (id),
    at INTEGER NOT NULL,
    took_ms INTEGER NOT NULL,
    address TEXT NOT NULL,
    chain INTEGER REFERENCES chains (id),
    versions TEXT NOT NULL,
    suite TEXT NOT NULL,
    failure_code TEXT NOT NULL,
    failure TEXT NOT NULL,
    roots_verdict TEXT NOT NULL,
    roots_reasons TEXT NOT NULL,
    policy_trust TEXT NOT NULL,
    policy_verdict TEXT NOT NULL,
    policy_reasons TEXT NOT NULL,
    PRIMARY KEY (survey, server)
) STRICT, WITHOUT ROWID;
CREATE INDEX results_by_chain ON survey_results (chain);
CREATE TABLE survey_pins (
    survey INTEGER NOT NULL,
    server INTEGER NOT NULL,
    pin TEXT NOT NULL,
    is_needed INTEGER NOT NULL CHECK (is_needed IN (0, 1)),
    PRIMARY KEY (survey, server, pin),
    FOREIGN KEY (survey, server) REFERENCES survey_results (survey, server) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE sightings (
    server INTEGER NOT NULL REFERENCES servers (id),
    address TEXT NOT NULL,
    chain INTEGER NOT NULL REFERENCES chains (id),
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    last_round INTEGER NOT NULL,
    times INTEGER NOT NULL,
    PRIMARY KEY (server, address, chain)
) STRICT, WITHOUT ROWID;
CREATE TABLE changes (
    id INTEGER PRIMARY KEY,
    server INTEGER NOT NULL REFERENCES servers (id),
    at INTEGER NOT NULL,
    grade TEXT NOT NULL,
    why TEXT NOT NULL,
    addresses TEXT NOT NULL,
    old_chain INTEGER REFERENCES chains (id),
    new_chain INTEGER REFERENCES chains (id)
) STRICT;
CREATE INDEX changes_by_server ON changes (server);
)sql"};

std::string opening_archive(const std::filesystem::path& path) {
    return "opening the archive " + text::escape(path.string());
}

std::string key_of(char kind, Bytes digest) {
    return kind + text::of_octets(digest);
}

ByteVector digest_of(const x509::Certificate& certificate) {
    return digest(PinForm::kSha256, certificate.der());
}

std::string weakness_of(const x509::Certificate& certificate) {
    if (auto weakness = x509::weakness_on_inspection(certificate.public_key())) return *weakness;
    // What an anchor signs itself with, nobody relies on.
    if (certificate.is_self_issued()) return {};
    return certificate.signature_weakness().value_or("");
}

}  // namespace

void bind_octets(SQLite::Statement& statement, int index, Bytes octets) {
    statement.bind(index, octets.data(), static_cast<int>(octets.size()));
}

ByteVector octets_of(const SQLite::Column& column) {
    const auto* const begin = static_cast<const std::byte*>(column.getBlob());
    return {begin, begin + column.getBytes()};
}

Error Archive::fault_of(const SQLite::Exception& exception, const std::string& what) {
    return registry::fault_of(exception, kUse).error(what);
}

Result<std::unique_ptr<Archive>> Archive::open(const std::filesystem::path& path) {
    auto file = registry::open_sqlite_file(path, kUse);
    if (!file) return unexpected(file.error());
    if (auto written = registry::write_ahead(file->database, kUse); !written) return unexpected(written.error());
    std::unique_ptr<Archive> archive(new Archive(std::move(file->database)));
    if (auto made = archive->bring_to_schema(opening_archive(path)); !made) return unexpected(made.error());
    return archive;
}

Result<std::unique_ptr<Archive>> Archive::open_existing(const std::filesystem::path& path) {
    if (!files::is_there(path))
        return failed("archive_unavailable", opening_archive(path), "it is not there",
                      "make it with cotter survey FILE, or say where it is with --archive");
    return open(path);
}

Result<void> Archive::bring_to_schema(const std::string& what) {
    try {
        SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
        const int application = database_.execAndGet("PRAGMA application_id").getInt();
        const bool is_empty = database_.execAndGet("SELECT count(*) FROM sqlite_master").getInt() == 0;
        const int version = database_.execAndGet("PRAGMA user_version").getInt();
        if (!is_empty && application != kApplication)
            return failed("archive_foreign", what, "it is a database of something else", "give another path");
        if (version < 0 || version > static_cast<int>(kSchema.size()))
            return failed("archive_newer", what, "a newer cotter has made it", "use that version of cotter");
        for (std::size_t step = static_cast<std::size_t>(version); step < kSchema.size(); ++step)
            database_.exec(kSchema.at(step));
        database_.exec("PRAGMA application_id = " + std::to_string(kApplication));
        database_.exec("PRAGMA user_version = " + std::to_string(kSchema.size()));
        transaction.commit();
        return {};
    } catch (const SQLite::Exception& exception) {
        return unexpected(fault_of(exception, what));
    }
}

std::optional<std::int64_t> Archive::find_server(const Target& target) {
    SQLite::Statement find(database_, "SELECT id FROM servers WHERE host = ? AND port = ? AND start_tls = ?");
    SQLite::bind(find, target.server.host.to_string(), static_cast<int>(target.server.port), target.start_tls_text());
    return find.executeStep() ? std::optional(find.getColumn(0).getInt64()) : std::nullopt;
}

std::int64_t Archive::server(const Target& target) {
    if (const auto known = find_server(target)) return *known;
    SQLite::Statement add(database_, "INSERT INTO servers (host, port, start_tls) VALUES (?, ?, ?)");
    SQLite::bind(add, target.server.host.to_string(), static_cast<int>(target.server.port), target.start_tls_text());
    add.exec();
    return database_.getLastInsertRowid();
}

std::int64_t Archive::certificate(const x509::Certificate& certificate) {
    const ByteVector digest = digest_of(certificate);
    const std::string key = key_of('c', digest);
    if (const auto known = ids_.find(key); known != ids_.end()) return known->second;
    SQLite::Statement find(database_, "SELECT id FROM certificates WHERE digest = ?");
    bind_octets(find, 1, digest);
    if (find.executeStep()) return ids_[key] = find.getColumn(0).getInt64();
    SQLite::Statement add(database_,
                          "INSERT INTO certificates (digest, der, spki, canonical, key, subject, issuer, serial, "
                          "not_before, not_after, is_ca, weakness) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    bind_octets(add, 1, digest);
    bind_octets(add, 2, certificate.der());
    bind_octets(add, 3, sha256(certificate.public_key().subject_public_key_info()));
    bind_octets(add, 4, certificate.public_key().canonical().digest);
    add.bind(5, certificate.public_key().description());
    add.bind(6, certificate.subject_text());
    add.bind(7, certificate.issuer_text());
    add.bind(8, certificate.serial_text());
    add.bind(9, static_cast<std::int64_t>(certificate.not_before().time_since_epoch().count()));
    add.bind(10, static_cast<std::int64_t>(certificate.not_after().time_since_epoch().count()));
    add.bind(11, certificate.is_ca() ? 1 : 0);
    add.bind(12, weakness_of(certificate));
    add.exec();
    return ids_[key] = database_.getLastInsertRowid();
}

std::int64_t Archive::chain(const std::vector<x509::Certificate>& presented) {
    ByteVector digests;
    for (const x509::Certificate& certificate : presented) {
        const ByteVector one = digest_of(certificate);
        digests.insert(digests.end(), one.begin(), one.end());
    }
    const auto digest = sha256(digests);
    const std::string key = key_of('h', digest);
    if (const auto known = ids_.find(key); known != ids_.end()) return known->second;
    SQLite::Statement find(database_, "SELECT id FROM chains WHERE digest = ?");
    bind_octets(find, 1, digest);
    if (find.executeStep()) return ids_[key] = find.getColumn(0).getInt64();
    SQLite::Statement add(database_, "INSERT INTO chains (digest) VALUES (?)");
    bind_octets(add, 1, digest);
    add.exec();
    const std::int64_t id = database_.getLastInsertRowid();
    for (std::size_t position = 0; position < presented.size(); ++position) {
        SQLite::Statement link(database_,
                               "INSERT INTO chain_certificates (chain, position, certificate) VALUES (?, ?, ?)");
        SQLite::bind(link, id, static_cast<std::int64_t>(position), certificate(presented[position]));
        link.exec();
    }
    return ids_[key] = id;
}

Result<std::vector<x509::Certificate>> Archive::chain_of(std::int64_t id) {
    const std::string what = "reading a chain of the archive";
    try {
        SQLite::Statement rows(database_,
                               "SELECT der FROM chain_certificates JOIN certificates ON certificates.id = certificate "
                               "WHERE chain = ? ORDER BY position");
        rows.bind(1, id);
        std::vector<x509::Certificate> chain;
        while (rows.executeStep()) {
            auto certificate = x509::Certificate::parse(octets_of(rows.getColumn(0)));
            if (!certificate) return failed("archive_corrupt", what, certificate.error().why, "begin a new archive");
            chain.push_back(std::move(*certificate));
        }
        return chain;
    } catch (const SQLite::Exception& exception) {
        return unexpected(fault_of(exception, what));
    }
}

}  // namespace cotter::observatory
