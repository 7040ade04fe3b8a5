// Tables of reports as people, programs and spreadsheets read them.
#pragma once

#include "observatory/table.h"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace cotter::cli {

enum class TableFormat : std::uint8_t { kTable, kJsonLines, kCsv };
/// "table", "json-lines", "csv".
[[nodiscard]] std::optional<TableFormat> table_format_from(std::string_view text);

/// On standard output.
void print_table(const observatory::Table& table, TableFormat format);

/// Each row as an object, keys as the columns are called.
[[nodiscard]] nlohmann::ordered_json rows_json(const observatory::Table& table);

}  // namespace cotter::cli
