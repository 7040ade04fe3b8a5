// Opening a registry's file, with every doubt about it refused.
#include "registry/sqlite_file.h"

#include "files/files.h"
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

std::string opening(const std::filesystem::path& path, const SqliteUse& use) {
    return "opening " + std::string(use.noun) + " " + text::escape(path.string());
}

std::string code_of(const SqliteUse& use, std::string_view fault) {
    return std::string(use.code) + "_" + std::string(fault);
}

/// An error number's text, or nothing if the file is ours alone or not there.
Result<void> check_private(const std::filesystem::path& path, const SqliteUse& use) {
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0) {
        if (errno == ENOENT) return {};
        return failed(code_of(use, "unavailable"), opening(path, use), std::generic_category().message(errno));
    }
    if (S_ISLNK(status.st_mode)) {
        return failed(code_of(use, "link"), opening(path, use), "it is a link", "give the path of the file itself");
    }
    if (!S_ISREG(status.st_mode))
        return failed(code_of(use, "not_a_file"), opening(path, use), "it is not a regular file");
    if (status.st_uid != ::geteuid()) {
        return failed(code_of(use, "owner"), opening(path, use), "it belongs to another user", "run this as its owner");
    }
    if ((status.st_mode & 077U) != 0) {
        return failed(code_of(use, "mode"), opening(path, use), "others may read or write it",
                      "chmod 600 " + text::escape(path.string()));
    }
    return {};
}

// An existing file is never opened here: closing it again would drop the locks of this process's other connections.
Result<void> make_if_missing(const std::filesystem::path& path, const SqliteUse& use) {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (descriptor < 0) {
        if (errno == EEXIST) return {};
        return failed(code_of(use, "unavailable"), opening(path, use), std::generic_category().message(errno));
    }
    ::close(descriptor);
    return {};
}

}  // namespace

Result<SqliteFile> open_sqlite_file(const std::filesystem::path& given, const SqliteUse& use) {
    // SQLite refuses every link on the way, but only the last one is suspicious.
    std::error_code fault;
    const auto folder = std::filesystem::canonical(given.has_parent_path() ? given.parent_path() : ".", fault);
    if (fault || !given.has_filename()) {
        return failed(code_of(use, "unavailable"), opening(given, use),
                      fault ? "its folder: " + fault.message() : "the path names no file",
                      "make the folder first, or give the path of the file");
    }
    const auto path = folder / given.filename();
    auto checked = check_private(path, use);
    if (!checked) return unexpected(checked.error());
    auto lock = files::Lock::take(path.string() + ".lock");
    if (!lock) return unexpected(lock.error());
    if (auto made = make_if_missing(path, use); !made) return unexpected(made.error());
    for (const char* suffix : {"", "-wal", "-shm"}) {
        checked = check_private(path.string() + suffix, use);
        if (!checked) return unexpected(checked.error());
    }
    try {
        SQLite::Database database(path.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_NOFOLLOW, kBusyMilliseconds);
        database.exec("PRAGMA trusted_schema = OFF; PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL");
        return SqliteFile{std::move(database), std::move(*lock)};
    } catch (const SQLite::Exception& exception) {
        return unexpected(fault_of(exception, use).error(opening(path, use)));
    }
}

Result<void> write_ahead(SQLite::Database& database, const SqliteUse& use) {
    const std::string what = opening(database.getFilename(), use);
    try {
        if (database.execAndGet("PRAGMA journal_mode = WAL").getString() == "wal") return {};
        return failed(code_of(use, "unavailable"), what, "its file system allows no write-ahead log",
                      "put it on a local file system");
    } catch (const SQLite::Exception& exception) {
        return unexpected(fault_of(exception, use).error(what));
    }
}

Result<FileIdentity> identity_of(const std::filesystem::path& path) {
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0) {
        return failed("registry_unavailable", "looking at the registry " + text::escape(path.string()),
                      std::generic_category().message(errno), "put the file back, or start this server again");
    }
    return FileIdentity{status.st_dev, status.st_ino};
}

StoreFault fault_of(const SQLite::Exception& exception, const SqliteUse& use) {
    const std::string why = text::escape(exception.what());
    switch (exception.getErrorCode()) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED: return {code_of(use, "busy"), why, "another program has held it for seconds; try again"};
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB: return {code_of(use, "corrupt"), why, "bring it back from a backup"};
        default: return {code_of(use, "unavailable"), why, {}};
    }
}

}  // namespace cotter::registry
