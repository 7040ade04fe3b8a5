// Query: one SQL statement with its values bound, never pasted in (INVARIANT A152), and its rows read by column.
#pragma once

#include "registry/client.h"

#include <cotter/bytes.h>

#include <SQLiteCpp/SQLiteCpp.h>

#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace cotter::registry {

/// How "never" is kept: a number, so that no column may be NULL where a time is missing (INVARIANT A197).
inline constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

/// Throws SQLite::Exception, as SQLiteCpp does; SqliteRegistry turns that into an Error.
class Query {
  public:
    /// `sql` has one `?` for each value.
    template <class... Values>
    Query(const SQLite::Database& database, const char* sql, const Values&... values) : statement_(database, sql) {
        bind(values...);
    }

    /// The same statement once more, with other values.
    template <class... Values>
    Query& again(const Values&... values) {
        statement_.reset();
        bind(values...);
        return *this;
    }

    /// Whether there is a row (more); its columns are read with the functions below.
    bool next() { return statement_.executeStep(); }
    /// Runs a statement without rows; gives how many rows it changed.
    int run() { return statement_.exec(); }

    [[nodiscard]] std::string text(int column) { return statement_.getColumn(column).getString(); }
    [[nodiscard]] std::int64_t number(int column) { return statement_.getColumn(column).getInt64(); }
    [[nodiscard]] std::uint64_t count(int column) { return static_cast<std::uint64_t>(number(column)); }
    [[nodiscard]] Time time(int column) { return Time(std::chrono::seconds(number(column))); }
    [[nodiscard]] std::optional<Time> time_or_never(int column) {
        return number(column) == kNever ? std::nullopt : std::optional(time(column));
    }
    [[nodiscard]] bool is_null(int column) { return statement_.getColumn(column).isNull(); }
    [[nodiscard]] ByteVector octets(int column) {
        const SQLite::Column cell = statement_.getColumn(column);
        const auto* data = static_cast<const std::byte*>(cell.getBlob());
        return data == nullptr ? ByteVector() : ByteVector(data, data + cell.getBytes());
    }

  private:
    template <class... Values>
    void bind(const Values&... values) {
        int index = 0;
        (put(++index, values), ...);
    }

    template <std::integral Number>
    void put(int index, Number number) {
        statement_.bind(index, static_cast<std::int64_t>(number));
    }
    void put(int index, std::string_view text) { statement_.bind(index, std::string(text)); }
    void put(int index, Bytes octets) { statement_.bind(index, octets.data(), static_cast<int>(octets.size())); }
    void put(int index, const ByteVector& octets) { put(index, Bytes(octets)); }
    void put(int index, PinTarget target) { put(index, std::to_underlying(target)); }
    void put(int index, PinForm form) { put(index, std::to_underlying(form)); }
    void put(int index, Time time) { put(index, time.time_since_epoch().count()); }
    void put(int index, const std::optional<Time>& time) { time ? put(index, *time) : put(index, kNever); }
    void put(int index, const x509::CanonicalKey& key) { put(index, Bytes(key.digest)); }
    void put(int index, const std::optional<x509::CanonicalKey>& key) {
        key ? put(index, *key) : statement_.bind(index);
    }
    void put(int index, const std::optional<ByteVector>& octets) {
        octets ? put(index, Bytes(*octets)) : statement_.bind(index);
    }

    SQLite::Statement statement_;
};

}  // namespace cotter::registry
