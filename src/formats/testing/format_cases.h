// Tables of one format: texts with what they must come to.
#pragma once

#include "formats/testing/entries.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cotter::formats::testing {

/// A text, the entry that it must become (as `told`), and the losses that are told.
struct Taken {
    std::string text;
    std::string told;
    std::vector<std::string> lost;
    std::string reason;
};

/// A text that must be refused whole: with which code, at which line (0: no place) and column (0: any).
struct Refused {
    std::string text;
    std::string code;
    std::size_t line;
    std::size_t column;
    std::string reason;
};

[[nodiscard]] inline ImportContext context_for(const std::string& host) {
    ImportContext context{.source = "input", .now = kNow};
    if (!host.empty()) context.host = *trust::HostPattern::parse(host, std::nullopt, false);
    return context;
}

inline void expect_taken(Format format, const ImportContext& context, const std::vector<Taken>& cases) {
    for (const Taken& test : cases) {
        const auto imported = import_policy(format, test.text, context);
        ASSERT_TRUE(imported) << test.reason << ": " << imported.error().why;
        std::string all;
        for (const trust::PolicyEntry& entry : imported->entries) all += (all.empty() ? "" : "\n") + told(entry);
        EXPECT_EQ(all, test.told) << test.reason;
        EXPECT_THAT(codes(imported->lost), ::testing::ElementsAreArray(test.lost)) << test.reason;
    }
}

inline void expect_refused(Format format, const ImportContext& context, const std::vector<Refused>& cases) {
    for (const Refused& test : cases) {
        const auto imported = import_policy(format, test.text, context);
        ASSERT_FALSE(imported) << test.reason;
        const Error& error = imported.error();
        EXPECT_EQ(error.code, test.code) << test.reason << ": " << error.why;
        EXPECT_EQ(error.kind, ErrorKind::kMalformedInput) << test.reason;
        EXPECT_FALSE(error.why.empty()) << test.reason;
        EXPECT_EQ(error.place && error.place->line ? *error.place->line : 0, test.line) << test.reason;
        if (test.column != 0) {
            ASSERT_TRUE(error.place) << test.reason;
            EXPECT_EQ(error.place->column, test.column) << test.reason;
        }
    }
}

/// Exports and gives the text; the losses must be these.
inline std::string exported(Format format, const std::vector<trust::PolicyEntry>& entries,
                            const std::vector<std::string>& lost) {
    const auto result = export_policy(format, entries, kNow);
    EXPECT_TRUE(result) << result.error().why;
    if (!result) return "";
    EXPECT_THAT(codes(result->lost), ::testing::UnorderedElementsAreArray(lost)) << result->text;
    EXPECT_TRUE(result->text.ends_with('\n'));
    return result->text;
}

inline std::string export_error(Format format, const std::vector<trust::PolicyEntry>& entries) {
    const auto result = export_policy(format, entries, kNow);
    EXPECT_FALSE(result) << result->text;
    return result ? "" : result.error().code;
}

}  // namespace cotter::formats::testing
