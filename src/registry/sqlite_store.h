// SqliteStore: the registry's tables in one SQLite file.
#pragma once

#include "registry/sqlite_file.h"
#include "registry/store.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include <filesystem>

namespace cotter::registry {

class SqliteStore final : public Store {
  public:
    /// Opens the file, makes it (mode 0600) if it isn't there, and gives it the schema. Refused: what
    /// open_sqlite_file() and bring_to_schema() refuse.
    [[nodiscard]] static Result<std::unique_ptr<Store>> open(const std::filesystem::path& path);

    std::unique_ptr<Statement> prepare(const char* sql) override;
    void run_script(const std::string& sql) override;
    const Dialect& dialect() const override { return kSqliteDialect; }
    bool has_table(std::string_view name) override;
    bool has_any_table() override;
    const std::string& name() const override { return name_; }

  private:
    SqliteStore(SQLite::Database database, FileIdentity identity);
    bool look_for_changes() override;
    void begin(Access access) override;
    void commit() override;
    void roll_back() noexcept override;

    SQLite::Database database_;
    FileIdentity identity_;               ///< of the file that database_ has open
    std::int64_t seen_data_version_ = 0;  ///< of other connections' commits, at the last call of look_for_changes()
    std::string name_;
};

}  // namespace cotter::registry
