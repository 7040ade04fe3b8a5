// PostgresqlConnection: one connection to a PostgreSQL server by libpq, on which nothing waits for long: whoever says
// nothing for some seconds has lost us. libpq's calls that wait have no such limit; so these are the ones that don't.
#pragma once

#include "registry/store.h"

#include <libpq-fe.h>

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace cotter::registry {

/// The values of a statement, kept as libpq sends them: numbers as text, texts and octets as they are.
class PostgresqlValues {
  public:
    explicit PostgresqlValues(std::span<const Value> values);
    PostgresqlValues() = default;

    struct Field {
        std::optional<std::string> content;  ///< nothing: NULL
        bool is_binary = true;
    };
    [[nodiscard]] const std::vector<Field>& fields() const { return fields_; }

  private:
    std::vector<Field> fields_;
};

/// All throw StoreFault. After one of code "registry_unavailable" the connection may be over: is_open().
class PostgresqlConnection {
  public:
    struct ClearResult {
        void operator()(PGresult* result) const { PQclear(result); }
    };
    using Rows = std::unique_ptr<PGresult, ClearResult>;

    explicit PostgresqlConnection(const std::string& url);
    [[nodiscard]] bool is_open() const { return connection_ && PQstatus(connection_.get()) == CONNECTION_OK; }

    /// One statement with values for $1, $2 …; its rows are in binary form.
    [[nodiscard]] Rows run(const char* sql, const PostgresqlValues& values);
    /// Several statements; waits for each as long as it takes, up to `patience` without a word of the server.
    void run_script(const std::string& sql, std::chrono::milliseconds patience = kPatience);
    /// Takes the notifications that have come; whether there were any.
    [[nodiscard]] bool take_notifications();

    static constexpr std::chrono::milliseconds kPatience{4000};

  private:
    struct Finish {
        void operator()(PGconn* connection) const { PQfinish(connection); }
    };
    using Clock = std::chrono::steady_clock;

    void connect(const std::string& url);
    /// Waits for the socket; what it waits for: POLLIN, POLLOUT.
    void await(short events, Clock::time_point end);
    void flush(Clock::time_point end);
    /// The last of the results that a sent query gives, none of which is a failure.
    [[nodiscard]] Rows take_result(std::chrono::milliseconds patience);
    [[noreturn]] void lose(std::string why);

    std::unique_ptr<PGconn, Finish> connection_;
};

}  // namespace cotter::registry
