// The SQLite file of a registry: who may read it, how it is opened, which schema it has.
#pragma once

#include <cotter/error.h>

#include <SQLiteCpp/SQLiteCpp.h>

#include <sys/types.h>

#include <filesystem>
#include <string>

namespace cotter::registry {

/// Opens the file, makes it (mode 0600) if it isn't there, and gives it the schema. Refused: a link, a file of another
/// user or open to others, also as -wal and -shm; a newer schema; somebody else's database (INVARIANTS A190, A200,
/// A201).
[[nodiscard]] Result<SQLite::Database> open_sqlite_file(const std::filesystem::path& path);

/// Which file a path leads to. A database that was moved or restored is another file under the old name: who has the
/// first one open never hears of a revocation in the second (INVARIANTS A118, A201).
struct FileIdentity {
    dev_t device{};
    ino_t inode{};
    bool operator==(const FileIdentity&) const = default;
};
[[nodiscard]] Result<FileIdentity> identity_of(const std::filesystem::path& path);

/// What SQLite says, as an Error: "registry_busy", "registry_corrupt" or "registry_unavailable".
[[nodiscard]] Error store_error(std::string what, const SQLite::Exception& exception);

}  // namespace cotter::registry
