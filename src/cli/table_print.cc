// Printing tables.
#include "cli/table_print.h"

#include "cli/print.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <iostream>
#include <string>

namespace cotter::cli {
namespace {

using observatory::Column;
using observatory::Table;

/// A heading or cell longer than this makes no other column wider.
constexpr std::size_t kMostWidth = 48;

/// UTF-8 characters, which is what a terminal counts.
std::size_t width_of(std::string_view text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

std::string heading_of(std::string column) {
    std::ranges::transform(column, column.begin(), [](char c) {
        if (c == '_') return ' ';
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    return column;
}

void print_for_people(const Table& table) {
    std::vector<std::vector<std::string>> lines(1);
    for (const Column& column : table.columns)
        if (column.kind != Column::Kind::kDetail) lines.front().push_back(heading_of(column.name));
    for (const auto& row : table.rows) {
        std::vector<std::string>& line = lines.emplace_back();
        for (std::size_t i = 0; i < row.size(); ++i)
            if (table.columns[i].kind != Column::Kind::kDetail) line.push_back(row[i].empty() ? "-" : row[i]);
    }
    std::vector<std::size_t> widths(lines.front().size());
    for (const auto& line : lines) {
        for (std::size_t i = 0; i < line.size(); ++i)
            widths[i] = std::max(widths[i], std::min(width_of(line[i]), kMostWidth));
    }
    for (const auto& line : lines) {
        std::string text;
        for (std::size_t i = 0; i < line.size(); ++i) {
            text += line[i];
            if (i + 1 == line.size()) break;
            const std::size_t width = width_of(line[i]);
            text.append((width < widths[i] ? widths[i] - width : 0) + 2, ' ');
        }
        std::cout << text << "\n";
    }
}

nlohmann::ordered_json row_object(const Table& table, const std::vector<std::string>& row) {
    nlohmann::ordered_json object = nlohmann::ordered_json::object();
    for (std::size_t i = 0; i < row.size(); ++i) {
        const Column& column = table.columns[i];
        object[column.name] = row[i];
        if (column.kind == Column::Kind::kNumber) object[column.name] = std::stoull("0" + row[i]);
    }
    return object;
}

}  // namespace

std::optional<TableFormat> table_format_from(std::string_view text) {
    if (text == "table") return TableFormat::kTable;
    if (text == "json-lines") return TableFormat::kJsonLines;
    if (text == "csv") return TableFormat::kCsv;
    return std::nullopt;
}

nlohmann::ordered_json rows_json(const Table& table) {
    nlohmann::ordered_json rows = nlohmann::ordered_json::array();
    for (const auto& row : table.rows) rows.push_back(row_object(table, row));
    return rows;
}

void print_table(const Table& table, TableFormat format) {
    switch (format) {
        case TableFormat::kTable: print_for_people(table); break;
        case TableFormat::kJsonLines:
            for (const auto& row : table.rows) print_document(row_object(table, row));
            break;
        case TableFormat::kCsv: std::cout << observatory::csv_of(table); break;
    }
    std::cout << std::flush;
}

}  // namespace cotter::cli
