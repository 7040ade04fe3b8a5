// Dialect: the few words in which the SQL of the stores differs. Everything else is written once, for both.
#pragma once

#include "registry/log_guard.h"

#include <string>
#include <string_view>

namespace cotter::registry {

/// What stands in a migration as `{integer}`, `{text}`, `{octets}`, `{counter}`, `{strict}`, `{name_letters}`,
/// `{log_guard}`.
struct Dialect {
    std::string_view integer;       ///< 64 bits, signed
    std::string_view text;          ///< compared octet by octet (INVARIANT A196)
    std::string_view octets;        ///< compared octet by octet
    std::string_view counter;       ///< a primary key that the store counts up
    std::string_view strict;        ///< after a table's columns: no value of another type
    std::string_view name_letters;  ///< after a column: it has none but a client name's letters
    /// Statements after which the audit log's tables (audit_log.h) take no change but more entries, and none of these
    /// is removed before log_head says that it was pruned.
    std::string_view log_guard;
};

inline constexpr Dialect kSqliteDialect{
    .integer = "INTEGER",
    .text = "TEXT",
    .octets = "BLOB",
    .counter = "INTEGER PRIMARY KEY AUTOINCREMENT",
    .strict = "STRICT",
    .name_letters = "NOT GLOB '*[^a-z0-9._-]*'",
    .log_guard = kSqliteLogGuard,
};

/// `sql` with each `{word}` replaced. A word that there isn't is a bug: std::logic_error.
[[nodiscard]] std::string in_dialect(std::string_view sql, const Dialect& dialect);

}  // namespace cotter::registry
