// Table: rows of text under headings, as reports are made of.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cotter::observatory {

struct Column {
    std::string name;  ///< lower case with underscores, as JSON keys
    enum class Kind : std::uint8_t {
        kText,
        kNumber,  ///< decimal, without a sign
        kDetail,  ///< text that a person's table leaves out, so that it fits
    };
    Kind kind = Kind::kText;
};

struct Table {
    std::string name;  ///< "keys"
    std::vector<Column> columns;
    std::vector<std::vector<std::string>> rows;  ///< as many cells as columns; peer text escaped
};

/// RFC 4180. A cell that a spreadsheet would take for a formula gets an apostrophe before it (INVARIANT A155).
[[nodiscard]] std::string csv_of(const Table& table);

}  // namespace cotter::observatory
