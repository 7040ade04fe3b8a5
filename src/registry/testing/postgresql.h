// PostgresqlCluster: a PostgreSQL server of the test program's own, in a temporary folder, on a UNIX socket alone. It
// ends with the program. Needs Debian's package postgresql.
#pragma once

#include "registry/testing/store.h"

#include <sys/types.h>

#include <string>

namespace cotter::registry::testing {

class PostgresqlCluster {
  public:
    /// Started at the first call; ends the test program if it can't be.
    [[nodiscard]] static PostgresqlCluster& shared();
    PostgresqlCluster(const PostgresqlCluster&) = delete;
    PostgresqlCluster& operator=(const PostgresqlCluster&) = delete;

    /// The URL of a new, empty database.
    [[nodiscard]] std::string new_database();
    /// The folder of its files, in which all is that was committed.
    [[nodiscard]] std::filesystem::path written_files() const;

  private:
    PostgresqlCluster();
    ~PostgresqlCluster();
    [[nodiscard]] std::string url(const std::string& database) const;

    Folder folder_;
    pid_t server_ = -1;
    int databases_ = 0;
};

/// Other hands in a store's tables: runs statements past the registry. Gives what the store says against them, or "".
[[nodiscard]] std::string tamper_with_postgresql(const std::string& url, const std::string& sql);

}  // namespace cotter::registry::testing
