// Statements and transactions over a PostgresqlConnection.
#include "registry/postgresql_store.h"

#include "registry/migrations.h"
#include "registry/postgresql_url.h"
#include "text/escape.h"

#include <algorithm>
#include <cstdlib>
#include <limits>

namespace cotter::registry {
namespace {

constexpr std::chrono::milliseconds kFirstBetweenAttempts{250};
constexpr std::chrono::milliseconds kMostBetweenAttempts{4000};
// For notifications that were lost (INVARIANT A198). With the time that acting on a change takes, under a second.
constexpr std::chrono::milliseconds kBetweenLooks{500};
constexpr const char* kFindSchema = "SELECT 1 FROM pg_namespace WHERE nspname = 'cotter'";
// A migration may rewrite a big table.
constexpr std::chrono::minutes kMigrationPatience{30};

class PostgresqlStatement final : public Statement {
  public:
    PostgresqlStatement(PostgresqlConnection& connection, const char* sql) : connection_(connection), sql_(sql) {}

    void bind(std::span<const Value> values) override {
        rows_.reset();
        values_ = PostgresqlValues(values);
    }
    bool next() override {
        if (!rows_) {
            execute();
            row_ = -1;
        }
        return ++row_ < PQntuples(rows_.get());
    }
    std::uint64_t run() override {
        execute();
        return std::strtoull(PQcmdTuples(rows_.get()), nullptr, 10);
    }

    bool is_null(int column) override { return PQgetisnull(rows_.get(), row_, column) != 0; }
    std::int64_t number(int column) override {
        std::int64_t value = 0;
        const Bytes found = octets(column);
        // Big-endian, of 2, 4 or 8 octets; nothing else is selected as a number.
        if (found.empty() || found.size() > sizeof value) {
            throw StoreFault("registry_corrupt", "a number can't be read", "bring it back from a backup");
        }
        const bool is_negative = (std::to_integer<unsigned>(found.front()) & 0x80U) != 0;
        std::uint64_t bits = is_negative ? std::numeric_limits<std::uint64_t>::max() : 0;
        for (const std::byte octet : found) bits = (bits << 8U) | std::to_integer<std::uint64_t>(octet);
        return static_cast<std::int64_t>(bits);
    }
    std::string_view text(int column) override {
        return {PQgetvalue(rows_.get(), row_, column),
                static_cast<std::size_t>(PQgetlength(rows_.get(), row_, column))};
    }
    Bytes octets(int column) override { return std::as_bytes(std::span(text(column))); }

  private:
    void execute() { rows_ = connection_.run(sql_, values_); }

    PostgresqlConnection& connection_;
    const char* sql_;
    PostgresqlValues values_;
    PostgresqlConnection::Rows rows_;
    int row_ = -1;
};

}  // namespace

PostgresqlStore::PostgresqlStore(std::string url) : url_(std::move(url)), name_(text::escape(url_, 256)) {}

Result<std::unique_ptr<Store>> PostgresqlStore::open(const std::string& url) {
    if (auto checked = check_postgresql_url(url); !checked) return unexpected(checked.error());
    std::unique_ptr<PostgresqlStore> store(new PostgresqlStore(url));
    const std::string what = "opening the registry " + store->name_;
    auto has_schema = store->read(what, [&]() -> Result<bool> { return Query(*store, kFindSchema).next(); });
    if (has_schema && !*has_schema) {
        has_schema = store->write(what, [&]() -> Result<bool> {
            if (!Query(*store, kFindSchema).next()) store->run_script("CREATE SCHEMA cotter");
            return true;
        });
    }
    if (!has_schema) return unexpected(has_schema.error());
    if (auto ready = bring_to_schema(*store); !ready) return unexpected(ready.error());
    return std::unique_ptr<Store>(std::move(store));
}

std::unique_ptr<Statement> PostgresqlStore::prepare(const char* sql) {
    if (!connection_) throw *last_fault_;
    return std::make_unique<PostgresqlStatement>(*connection_, sql);
}

void PostgresqlStore::run_script(const std::string& sql) {
    connection_->run_script("SET LOCAL statement_timeout = 0; " + sql, kMigrationPatience);
}

bool PostgresqlStore::has_table(std::string_view name) {
    return Query(*this, "SELECT 1 FROM pg_tables WHERE schemaname = 'cotter' AND tablename = $1", name).next();
}

bool PostgresqlStore::has_any_table() {
    return Query(*this, "SELECT 1 FROM pg_tables WHERE schemaname = 'cotter'").next();
}

void PostgresqlStore::announce_change() {
    // Sent at the commit, and not at all if there is none.
    connection_->run_script("NOTIFY cotter");
}

void PostgresqlStore::connect_if_lost() {
    if (connection_ && connection_->is_open()) return;
    connection_.reset();
    if (last_fault_ && Clock::now() < try_again_at_) throw *last_fault_;
    try {
        connection_.emplace(url_);
        last_fault_.reset();
        between_attempts_ = {};
        look_again_at_ = {};
    } catch (const StoreFault& fault) {
        last_fault_ = fault;
        between_attempts_ = std::clamp(2 * between_attempts_, kFirstBetweenAttempts, kMostBetweenAttempts);
        try_again_at_ = Clock::now() + between_attempts_;
        throw;
    }
}

bool PostgresqlStore::look_for_changes() {
    connect_if_lost();
    const bool is_told = connection_->take_notifications();
    const auto now = Clock::now();
    if (!is_told && now < look_again_at_) return false;
    look_again_at_ = now + kBetweenLooks;
    return true;
}

void PostgresqlStore::begin(Access access) {
    connect_if_lost();
    if (access == Access::kRead) return connection_->run_script("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY");
    // The only right to write is had from the beginning, or waited for: then no two changes are made from one state.
    // The number is "cotter" in ASCII; it locks nothing that others use.
    connection_->run_script("BEGIN; SELECT pg_advisory_xact_lock(109330346304882)");
}

void PostgresqlStore::commit() {
    connection_->run_script("COMMIT");
}

void PostgresqlStore::roll_back() noexcept {
    try {
        if (connection_ && connection_->is_open()) connection_->run_script("ROLLBACK");
    } catch (const StoreFault&) {
        // Its end undoes the transaction.
        connection_.reset();
    }
}

}  // namespace cotter::registry
