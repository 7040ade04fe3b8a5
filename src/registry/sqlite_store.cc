// Statements and transactions by SQLiteCpp.
#include "registry/sqlite_store.h"

#include "registry/migrations.h"
#include "text/escape.h"

#include <sqlite3.h>

#include <type_traits>

namespace cotter::registry {
namespace {

/// Runs what may throw SQLite::Exception, and throws a StoreFault instead.
template <class Work>
auto translated(const Work& work) -> std::invoke_result_t<Work> {
    try {
        return work();
    } catch (const SQLite::Exception& exception) {
        throw fault_of(exception);
    }
}

class SqliteStatement final : public Statement {
  public:
    SqliteStatement(const SQLite::Database& database, const char* sql) : statement_(database, sql) {}

    void bind(std::span<const Value> values) override {
        translated([&] {
            statement_.reset();
            for (std::size_t i = 0; i < values.size(); ++i) {
                const int index = statement_.getIndex(("$" + std::to_string(i + 1)).c_str());
                std::visit([&](const auto& content) { put(index, content); }, values[i].content());
            }
        });
    }
    bool next() override {
        return translated([&] { return statement_.executeStep(); });
    }
    std::uint64_t run() override {
        return translated([&] { return static_cast<std::uint64_t>(statement_.exec()); });
    }

    bool is_null(int column) override { return cell(column).isNull(); }
    std::int64_t number(int column) override { return cell(column).getInt64(); }
    std::string_view text(int column) override {
        const SQLite::Column found = cell(column);
        const char* text = found.getText();
        return {text, static_cast<std::size_t>(found.getBytes())};
    }
    Bytes octets(int column) override {
        const SQLite::Column found = cell(column);
        const auto* data = static_cast<const std::byte*>(found.getBlob());
        return data == nullptr ? Bytes() : Bytes(data, static_cast<std::size_t>(found.getBytes()));
    }

  private:
    [[nodiscard]] SQLite::Column cell(int column) {
        return translated([&] { return statement_.getColumn(column); });
    }
    void put(int index, std::monostate /*null*/) { statement_.bind(index); }
    void put(int index, std::int64_t number) { statement_.bind(index, number); }
    void put(int index, std::string_view text) { statement_.bind(index, std::string(text)); }
    void put(int index, Bytes octets) {
        // To SQLite, no address is NULL, not no octets.
        const void* data = octets.empty() ? "" : static_cast<const void*>(octets.data());
        statement_.bind(index, data, static_cast<int>(octets.size()));
    }

    SQLite::Statement statement_;
};

}  // namespace

SqliteStore::SqliteStore(SQLite::Database database, FileIdentity identity)
    : database_(std::move(database)), identity_(identity), name_(text::escape(database_.getFilename())) {}

Result<std::unique_ptr<Store>> SqliteStore::open(const std::filesystem::path& path) {
    auto file = open_sqlite_file(path);
    if (!file) return unexpected(file.error());
    const auto identity = identity_of(file->database.getFilename());
    if (!identity) return unexpected(identity.error());
    std::unique_ptr<SqliteStore> store(new SqliteStore(std::move(file->database), *identity));
    // The schema first, so that nothing is changed of a database that is refused.
    if (auto ready = bring_to_schema(*store); !ready) return unexpected(ready.error());
    if (auto logged = write_ahead(store->database_); !logged) return unexpected(logged.error());
    return std::unique_ptr<Store>(std::move(store));
}

std::unique_ptr<Statement> SqliteStore::prepare(const char* sql) {
    return translated([&] { return std::make_unique<SqliteStatement>(database_, sql); });
}

void SqliteStore::run_script(const std::string& sql) {
    translated([&] { database_.exec(sql); });
}

bool SqliteStore::has_table(std::string_view name) {
    return Query(*this, "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1", name).next();
}

bool SqliteStore::has_any_table() {
    return Query(*this, "SELECT 1 FROM sqlite_master").next();
}

bool SqliteStore::look_for_changes() {
    const auto identity = identity_of(database_.getFilename());
    if (!identity) {
        const Error& error = identity.error();
        throw StoreFault(error.code, error.why, error.next);
    }
    if (*identity != identity_) {
        throw StoreFault("registry_replaced", "another file is in its place", "start this server again");
    }
    // It moves with the commits of others, also with those that only report.
    Query data_version(*this, "PRAGMA data_version");
    if (!data_version.next()) throw StoreFault("registry_corrupt", "it has no data version", {});
    const std::int64_t before = std::exchange(seen_data_version_, data_version.number(0));
    return before != seen_data_version_;
}

void SqliteStore::begin(Access access) {
    // The only right to write is had from the beginning, or waited for: two that read first could both be refused.
    run_script(access == Access::kWrite ? "BEGIN IMMEDIATE" : "BEGIN DEFERRED");
}

void SqliteStore::commit() {
    run_script("COMMIT");
}

void SqliteStore::roll_back() noexcept {
    // Some faults have ended the transaction already.
    if (sqlite3_get_autocommit(database_.getHandle()) == 0) database_.tryExec("ROLLBACK");
}

}  // namespace cotter::registry
