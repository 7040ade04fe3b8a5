// Opening a registry's file, with every doubt about it refused.
#include "registry/sqlite_file.h"

#include "files/files.h"
#include "registry/sqlite_query.h"
#include "registry/sqlite_schema.h"
#include "text/escape.h"

#include <sqlite3.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace cotter::registry {
namespace {

constexpr int kBusyMilliseconds = 5000;

std::string opening(const std::filesystem::path& path) {
    return "opening the registry " + text::escape(path.string());
}

/// An error number's text, or nothing if the file is ours alone or not there.
Result<void> check_private(const std::filesystem::path& path) {
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0) {
        if (errno == ENOENT) return {};
        return failed("registry_unavailable", opening(path), std::generic_category().message(errno));
    }
    if (S_ISLNK(status.st_mode)) {
        return failed("registry_link", opening(path), "it is a link", "give the path of the file itself");
    }
    if (!S_ISREG(status.st_mode)) return failed("registry_not_a_file", opening(path), "it is not a regular file");
    if (status.st_uid != ::geteuid()) {
        return failed("registry_owner", opening(path), "it belongs to another user", "run this as its owner");
    }
    if ((status.st_mode & 077U) != 0) {
        return failed("registry_mode", opening(path), "others may read or write it",
                      "chmod 600 " + text::escape(path.string()));
    }
    return {};
}

// An existing file is never opened here: closing it again would drop the locks of this process's other connections.
Result<void> make_if_missing(const std::filesystem::path& path) {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (descriptor < 0) {
        if (errno == EEXIST) return {};
        return failed("registry_unavailable", opening(path), std::generic_category().message(errno));
    }
    ::close(descriptor);
    return {};
}

bool has_table(const SQLite::Database& database, std::string_view name) {
    return Query(database, "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", name).next();
}

/// Whether the tables are there; false for an empty database, an Error for any other.
Result<bool> has_our_schema(const SQLite::Database& database, const std::filesystem::path& path) {
    if (has_table(database, "meta")) {
        Query meta(database, "SELECT schema FROM meta WHERE id = 1");
        if (!meta.next()) return failed("registry_corrupt", opening(path), "it doesn't say which schema it has");
        if (meta.number(0) != kSchemaVersion) {
            return failed("registry_newer", opening(path),
                          "its schema is " + std::to_string(meta.number(0)) + ", and this program knows " +
                              std::to_string(kSchemaVersion),
                          "use the cotter that last wrote it, or a newer one");
        }
        return true;
    }
    if (Query(database, "SELECT 1 FROM sqlite_master").next()) {
        return failed("registry_foreign", opening(path), "it is a database, but not cotter's", "give another path");
    }
    return false;
}

Result<void> bring_to_schema(SQLite::Database& database, const std::filesystem::path& path) {
    // Looked at first without the right to write, so that a list can be read while another program changes it.
    auto is_ours = has_our_schema(database, path);
    if (!is_ours) return unexpected(is_ours.error());
    if (*is_ours) return {};
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    is_ours = has_our_schema(database, path);
    if (!is_ours) return unexpected(is_ours.error());
    if (*is_ours) return {};
    database.exec(kSchema);
    Query(database, "INSERT INTO meta (id, schema, version) VALUES (1, ?, 0)", kSchemaVersion).run();
    transaction.commit();
    return {};
}

Result<SQLite::Database> open_and_prepare(const std::filesystem::path& path) {
    try {
        SQLite::Database database(path.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_NOFOLLOW, kBusyMilliseconds);
        database.exec("PRAGMA trusted_schema = OFF; PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL");
        // First, so that nothing is changed of a database that is refused.
        if (auto ready = bring_to_schema(database, path); !ready) return unexpected(ready.error());
        if (database.execAndGet("PRAGMA journal_mode = WAL").getString() != "wal") {
            return failed("registry_unavailable", opening(path), "its file system allows no write-ahead log",
                          "put it on a local file system");
        }
        return database;
    } catch (const SQLite::Exception& exception) {
        return unexpected(store_error(opening(path), exception));
    }
}

}  // namespace

Result<SQLite::Database> open_sqlite_file(const std::filesystem::path& given) {
    // SQLite refuses every link on the way, but only the last one is suspicious.
    std::error_code fault;
    const auto folder = std::filesystem::canonical(given.has_parent_path() ? given.parent_path() : ".", fault);
    if (fault || !given.has_filename()) {
        return failed("registry_unavailable", opening(given),
                      fault ? "its folder: " + fault.message() : "the path names no file",
                      "make the folder first, or give the path of the file");
    }
    const auto path = folder / given.filename();
    auto checked = check_private(path);
    if (!checked) return unexpected(checked.error());
    // One at a time: two that make the same file would be in each other's way.
    const auto lock = files::Lock::take(path.string() + ".lock");
    if (!lock) return unexpected(lock.error());
    if (auto made = make_if_missing(path); !made) return unexpected(made.error());
    for (const char* suffix : {"", "-wal", "-shm"}) {
        checked = check_private(path.string() + suffix);
        if (!checked) return unexpected(checked.error());
    }
    return open_and_prepare(path);
}

Result<FileIdentity> identity_of(const std::filesystem::path& path) {
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0) {
        return failed("registry_unavailable", "looking at the registry " + text::escape(path.string()),
                      std::generic_category().message(errno), "put the file back, or start this server again");
    }
    return FileIdentity{status.st_dev, status.st_ino};
}

Error store_error(std::string what, const SQLite::Exception& exception) {
    Error error{ErrorKind::kFailed, "registry_unavailable", std::move(what), text::escape(exception.what()), {}, {}};
    switch (exception.getErrorCode()) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            error.code = "registry_busy";
            error.next = "another program has held it for seconds; try again";
            break;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            error.code = "registry_corrupt";
            error.next = "bring it back from a backup";
            break;
        default: break;
    }
    return error;
}

}  // namespace cotter::registry
