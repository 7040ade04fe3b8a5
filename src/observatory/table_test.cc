#include "observatory/table.h"

#include <gtest/gtest.h>

namespace cotter::observatory {
namespace {

TEST(Table, A155_NoCellOfCsvIsAFormula) {
    const struct {
        const char* cell;
        const char* csv;
    } cases[] = {
        {"", ""},
        {"plain", "plain"},
        {"=1+1", "'=1+1"},
        {"+1", "'+1"},
        {"-1", "'-1"},
        {"@SUM(A1)", "'@SUM(A1)"},
        {"\t=1", "'\t=1"},
        {"a,b", "\"a,b\""},
        {"say \"a\"", "\"say \"\"a\"\"\""},
        {"=\"a\",b", "\"'=\"\"a\"\",b\""},
        {"two\nlines", "\"two\nlines\""},
    };
    for (const auto& [cell, csv] : cases) {
        const Table table{.name = "t", .columns = {{"first"}, {"second"}}, .rows = {{cell, "x"}}};
        EXPECT_EQ(csv_of(table), "first,second\r\n" + std::string(csv) + ",x\r\n");
    }
}

}  // namespace
}  // namespace cotter::observatory
