// Migrations: how a store gets its tables, from nothing and from what an older program made.
#pragma once

#include <cotter/error.h>

#include <cstddef>
#include <span>

namespace cotter::registry {

class Store;

/// SQL in the words of no dialect (dialect.h): the entry at place n leads from schema n to n + 1.
[[nodiscard]] std::span<const char* const> migrations();
/// The schema that this program knows.
[[nodiscard]] std::size_t schema_version();

/// Brings the store to that schema, one migration a transaction. Refused: a newer schema, and a database that isn't
/// cotter's (INVARIANT A200).
[[nodiscard]] Result<void> bring_to_schema(Store& store);

}  // namespace cotter::registry
