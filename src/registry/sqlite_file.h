// The SQLite file of a registry, or of what else is kept privately in one: who may read it, and how it is opened.
#pragma once

#include "files/files.h"
#include "registry/store.h"

#include <cotter/error.h>

#include <SQLiteCpp/SQLiteCpp.h>

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <string_view>

namespace cotter::registry {

/// What a file is for: the beginning of its Errors' codes, and what people call it.
struct SqliteUse {
    std::string_view code = "registry";
    std::string_view noun = "the registry";
};

struct SqliteFile {
    SQLite::Database database;
    files::Lock making;  ///< held until the file has its schema: two that make it would be in each other's way
};
/// Opens the file, makes it (mode 0600) if it isn't there. Refused: a link, a file of another user or open to others,
/// also as -wal and -shm (INVARIANTS A190, A201).
[[nodiscard]] Result<SqliteFile> open_sqlite_file(const std::filesystem::path& path, const SqliteUse& use = {});

/// Has changes written to a log beside the file, so that readers never wait for a writer.
[[nodiscard]] Result<void> write_ahead(SQLite::Database& database, const SqliteUse& use = {});

/// Which file a path leads to. A database that was moved or restored is another file under the old name: who has the
/// first one open never hears of a revocation in the second (INVARIANTS A118, A201).
struct FileIdentity {
    dev_t device{};
    ino_t inode{};
    bool operator==(const FileIdentity&) const = default;
};
[[nodiscard]] Result<FileIdentity> identity_of(const std::filesystem::path& path);

/// What SQLite says, in our terms.
[[nodiscard]] StoreFault fault_of(const SQLite::Exception& exception, const SqliteUse& use = {});

}  // namespace cotter::registry
