// Tables as CSV.
#include "observatory/table.h"

#include <string_view>

namespace cotter::observatory {
namespace {

std::string csv_cell(const std::string& text) {
    constexpr std::string_view kFormulas = "=+-@\t\r";
    const bool is_formula = !text.empty() && kFormulas.find(text.front()) != std::string_view::npos;
    const std::string safe = (is_formula ? "'" : "") + text;
    if (safe.find_first_of(",\"\r\n") == std::string::npos) return safe;
    std::string quoted = "\"";
    for (const char c : safe) quoted.append(c == '"' ? 2 : 1, c);
    return quoted + "\"";
}

}  // namespace

std::string csv_of(const Table& table) {
    std::string csv;
    for (const Column& column : table.columns) csv += (csv.empty() ? "" : ",") + csv_cell(column.name);
    csv += "\r\n";
    for (const auto& row : table.rows) {
        for (std::size_t i = 0; i < row.size(); ++i) csv += (i == 0 ? "" : ",") + csv_cell(row[i]);
        csv += "\r\n";
    }
    return csv;
}

}  // namespace cotter::observatory
