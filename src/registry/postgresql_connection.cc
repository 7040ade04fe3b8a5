// libpq without its waiting calls.
#include "registry/postgresql_connection.h"

#include "registry/postgresql_url.h"
#include "text/escape.h"

#include <poll.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <vector>

namespace cotter::registry {
namespace {

/// libpq's words, in one line.
std::string escaped(const char* message) {
    std::string line;
    for (const char letter : std::string_view(message == nullptr ? "" : message)) {
        if (letter == '\n') {
            line += ' ';
        } else if (letter != '\t') {
            line += letter;
        }
    }
    while (line.ends_with(' ')) line.pop_back();
    return text::escape(line, 1000);
}

// libpq doesn't say apart why no connection came about.
constexpr std::string_view kNextAfterLoss =
    "see whether the server is up and reached, the database made (createdb), and this user let in (pg_hba.conf, "
    "password file)";

std::string next_after(std::string_view sqlstate) {
    if (sqlstate == "42501") return "have the rights granted: GRANT CREATE ON DATABASE … TO …, or the schema cotter's";
    return std::string(kNextAfterLoss);
}

StoreFault fault_of(const PGresult* result) {
    const char* field = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const std::string_view sqlstate = field == nullptr ? "" : field;
    const char* primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const std::string why = escaped(primary != nullptr ? primary : PQresultErrorMessage(result));
    // Serialization failure, deadlock; a lock or a statement that took too long; corrupted data or index.
    if (sqlstate == "40001" || sqlstate == "40P01") {
        return {"registry_busy", why, "try again", StoreFault::Again::kMaySucceed};
    }
    if (sqlstate == "55P03" || sqlstate == "57014") {
        return {"registry_busy", why, "another program has held it for seconds; try again"};
    }
    if (sqlstate == "XX001" || sqlstate == "XX002") return {"registry_corrupt", why, "bring it back from a backup"};
    return {"registry_unavailable", why, next_after(sqlstate)};
}

PostgresqlValues::Field field_of(std::monostate /*null*/) {
    return {};
}
PostgresqlValues::Field field_of(std::int64_t number) {
    return {std::to_string(number), false};
}
PostgresqlValues::Field field_of(std::string_view text) {
    return {std::string(text)};
}
PostgresqlValues::Field field_of(Bytes octets) {
    return {std::string(static_cast<const char*>(static_cast<const void*>(octets.data())), octets.size())};
}

}  // namespace

PostgresqlValues::PostgresqlValues(std::span<const Value> values) {
    for (const Value& value : values) {
        fields_.push_back(std::visit([](const auto& content) { return field_of(content); }, value.content()));
    }
}

PostgresqlConnection::PostgresqlConnection(const std::string& url) {
    connect(url);
    // Names are looked for in our schema and nowhere that others may write. The limits are the server's own: what we
    // have lost sight of doesn't hold up the other servers.
    run_script(
        "SET search_path = cotter, pg_temp; SET client_min_messages = warning; SET default_transaction_isolation = "
        "'read committed'; SET statement_timeout = '10s'; SET lock_timeout = '3s'; "
        "SET idle_in_transaction_session_timeout = '10s'; LISTEN cotter");
}

void PostgresqlConnection::connect(const std::string& url) {
    // The ones before the URL may be given otherwise in it, the ones after it not: GSSAPI would take TLS's place. Where
    // the URL names several machines, one that is away costs half of the patience.
    constexpr std::array kKeywords = {"application_name", "keepalives_idle",  "keepalives_interval",
                                      "keepalives_count", "tcp_user_timeout", "dbname",
                                      "gssencmode",       "client_encoding",  static_cast<const char*>(nullptr)};
    const std::array values = {
        "cotter", "5", "2", "3", "2000", url.c_str(), "disable", "UTF8", static_cast<const char*>(nullptr)};
    connection_.reset(PQconnectStartParams(kKeywords.data(), values.data(), 1));
    if (!connection_) throw StoreFault("registry_unavailable", "memory is out", {});
    // libpq would write the server's remarks to standard error, as they come.
    PQsetNoticeProcessor(connection_.get(), [](void*, const char*) {}, nullptr);
    if (auto proven = check_server_is_proven(*connection_, {}); !proven) {
        connection_.reset();
        const Error& error = proven.error();
        throw StoreFault(error.code, error.why, error.next);
    }
    if (PQstatus(connection_.get()) == CONNECTION_BAD) lose(escaped(PQerrorMessage(connection_.get())));
    const auto end = Clock::now() + kPatience;
    for (PostgresPollingStatusType state = PGRES_POLLING_WRITING; state != PGRES_POLLING_OK;
         state = PQconnectPoll(connection_.get())) {
        if (state == PGRES_POLLING_FAILED) lose(escaped(PQerrorMessage(connection_.get())));
        await(state == PGRES_POLLING_WRITING ? POLLOUT : POLLIN, end);
    }
    if (PQsetnonblocking(connection_.get(), 1) != 0) lose(escaped(PQerrorMessage(connection_.get())));
}

void PostgresqlConnection::lose(std::string why) {
    connection_.reset();
    throw StoreFault("registry_unavailable", std::move(why), std::string(kNextAfterLoss));
}

void PostgresqlConnection::await(short events, Clock::time_point end) {
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
        if (left.count() <= 0) lose("the database says nothing");
        pollfd socket{PQsocket(connection_.get()), events, 0};
        const int ready = ::poll(&socket, 1, static_cast<int>(left.count()));
        if (ready > 0) return;
        if (ready < 0 && errno != EINTR) lose(std::generic_category().message(errno));
    }
}

void PostgresqlConnection::flush(Clock::time_point end) {
    for (;;) {
        const int left = PQflush(connection_.get());
        if (left == 0) return;
        if (left < 0) lose(escaped(PQerrorMessage(connection_.get())));
        await(POLLIN | POLLOUT, end);
        if (PQconsumeInput(connection_.get()) == 0) lose(escaped(PQerrorMessage(connection_.get())));
    }
}

PostgresqlConnection::Rows PostgresqlConnection::take_result(std::chrono::milliseconds patience) {
    flush(Clock::now() + patience);
    Rows last;
    Rows failure;
    for (;;) {
        while (PQisBusy(connection_.get()) != 0) {
            await(POLLIN, Clock::now() + patience);
            if (PQconsumeInput(connection_.get()) == 0) lose(escaped(PQerrorMessage(connection_.get())));
        }
        Rows result(PQgetResult(connection_.get()));
        if (!result) break;
        const ExecStatusType status = PQresultStatus(result.get());
        const bool is_done = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY;
        (is_done ? last : failure) = std::move(result);
    }
    if (failure) throw fault_of(failure.get());
    if (!last) lose(escaped(PQerrorMessage(connection_.get())));
    return last;
}

PostgresqlConnection::Rows PostgresqlConnection::run(const char* sql, const PostgresqlValues& values) {
    if (!is_open()) lose("the connection was lost");
    std::vector<const char*> contents;
    std::vector<int> lengths;
    std::vector<int> formats;
    for (const auto& [content, is_binary] : values.fields()) {
        contents.push_back(content ? content->c_str() : nullptr);
        lengths.push_back(content ? static_cast<int>(content->size()) : 0);
        formats.push_back(is_binary ? 1 : 0);
    }
    if (PQsendQueryParams(connection_.get(), sql, static_cast<int>(contents.size()), nullptr, contents.data(),
                          lengths.data(), formats.data(), 1) == 0) {
        lose(escaped(PQerrorMessage(connection_.get())));
    }
    return take_result(kPatience);
}

void PostgresqlConnection::run_script(const std::string& sql, std::chrono::milliseconds patience) {
    if (!is_open()) lose("the connection was lost");
    if (PQsendQuery(connection_.get(), sql.c_str()) == 0) lose(escaped(PQerrorMessage(connection_.get())));
    static_cast<void>(take_result(patience));
}

bool PostgresqlConnection::take_notifications() {
    if (!is_open()) lose("the connection was lost");
    if (PQconsumeInput(connection_.get()) == 0) lose(escaped(PQerrorMessage(connection_.get())));
    bool has_any = false;
    while (PGnotify* notification = PQnotifies(connection_.get())) {
        PQfreemem(notification);
        has_any = true;
    }
    return has_any;
}

}  // namespace cotter::registry
