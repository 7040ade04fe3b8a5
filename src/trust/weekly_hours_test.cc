// Hours of the week: what is read, and what is in them to the second.
#include "trust/weekly_hours.h"

#include "text/time.h"

#include <gtest/gtest.h>

namespace cotter::trust {
namespace {

Time at(std::string_view text) {
    return *text::parse_rfc3339(text);
}

TEST(WeeklyHours, ReadsAndWritesOneTextForOneMeaning) {
    struct Row {
        std::string_view text;
        std::string_view canonical;  ///< empty: refused
    };
    const Row rows[] = {
        {"mon-fri 08:00-18:00", "mon-fri 08:00-18:00 UTC"},
        {"mon-fri 08:00-18:00 UTC", "mon-fri 08:00-18:00 UTC"},
        {"mon-fri 08:00-18:00 Z", "mon-fri 08:00-18:00 UTC"},
        {"mon-fri 08:00-18:00 +00:00", "mon-fri 08:00-18:00 UTC"},
        {"mon-fri 08:00-18:00 +01:00", "mon-fri 08:00-18:00 +01:00"},
        {"sat,sun 00:00-24:00 -03:30", "sat,sun 00:00-24:00 -03:30"},
        {"mon,tue,wed 22:00-06:00", "mon-wed 22:00-06:00 UTC"},
        {"sat-mon 10:00-11:00", "mon,sat,sun 10:00-11:00 UTC"},
        {"mon-sun 10:00-11:00", "daily 10:00-11:00 UTC"},
        {"daily 00:00-24:00", "daily 00:00-24:00 UTC"},
        {"fri 10:00-11:00", "fri 10:00-11:00 UTC"},
        {"mon-fri", ""},
        {"08:00-18:00", ""},
        {"Mon 08:00-18:00", ""},
        {"monday 08:00-18:00", ""},
        {"mon, 08:00-18:00", ""},
        {",mon 08:00-18:00", ""},
        {"mon- 08:00-18:00", ""},
        {"mon-tue-wed 08:00-18:00", ""},
        {"mon 8:00-18:00", ""},
        {"mon 08:00", ""},
        {"mon 08:00-18:60", ""},
        {"mon 08:00-24:01", ""},
        {"mon 24:00-08:00", ""},
        {"mon 08:00-08:00", ""},
        {"mon 08:00-18:00 CET", ""},
        {"mon 08:00-18:00 01:00", ""},
        {"mon 08:00-18:00 +1", ""},
        {"mon 08:00-18:00 +15:00", ""},
        {"mon 08:00-18:00 +01:00 ", ""},
        {"mon 08:00-18:00 ", ""},
        {"mon  08:00-18:00", ""},
        {" mon 08:00-18:00", ""},
        {"mon 08:00-18:00 UTC x", ""},
        {"mon -8:00-18:00", ""},
        {"", ""},
    };
    for (const Row& row : rows) {
        const auto hours = WeeklyHours::parse(row.text);
        ASSERT_EQ(hours.has_value(), !row.canonical.empty()) << row.text;
        EXPECT_EQ(hours ? hours->text() : "", row.canonical);
    }
}

// 2026-05-04 is a Monday.
TEST(WeeklyHours, HoldTheFirstSecondAndNotTheLast) {
    struct Row {
        std::string_view hours;
        std::string_view time;
        std::string_view end;  ///< empty: not in it
    };
    const Row rows[] = {
        {"mon-fri 08:00-18:00", "2026-05-04T07:59:59Z", ""},
        {"mon-fri 08:00-18:00", "2026-05-04T08:00:00Z", "2026-05-04T18:00:00Z"},
        {"mon-fri 08:00-18:00", "2026-05-04T17:59:59Z", "2026-05-04T18:00:00Z"},
        {"mon-fri 08:00-18:00", "2026-05-04T18:00:00Z", ""},
        {"mon-fri 08:00-18:00", "2026-05-08T12:00:00Z", "2026-05-08T18:00:00Z"},
        {"mon-fri 08:00-18:00", "2026-05-09T12:00:00Z", ""},
        {"mon-fri 08:00-18:00 +02:00", "2026-05-04T06:00:00Z", "2026-05-04T16:00:00Z"},
        {"mon-fri 08:00-18:00 +02:00", "2026-05-04T16:00:00Z", ""},
        {"mon 00:00-02:00 +03:00", "2026-05-03T21:00:00Z", "2026-05-03T23:00:00Z"},
        {"sun 22:00-24:00 -03:00", "2026-05-04T02:59:59Z", "2026-05-04T03:00:00Z"},
        {"sun 22:00-24:00 -03:00", "2026-05-04T00:59:59Z", ""},
        {"daily 22:00-06:00", "2026-05-04T05:59:59Z", "2026-05-04T06:00:00Z"},
        {"daily 22:00-06:00", "2026-05-04T06:00:00Z", ""},
        {"sun 22:00-06:00", "2026-05-04T05:00:00Z", "2026-05-04T06:00:00Z"},
        {"sun 22:00-06:00", "2026-05-05T05:00:00Z", ""},
        {"mon 00:00-24:00", "2026-05-04T23:59:59Z", "2026-05-05T00:00:00Z"},
        {"mon 00:00-24:00", "2026-05-05T00:00:00Z", ""},
        {"thu 00:00-01:00", "1970-01-01T00:00:00Z", "1970-01-01T01:00:00Z"},
    };
    for (const Row& row : rows) {
        const auto hours = *WeeklyHours::parse(row.hours);
        const auto end = hours.end_of(at(row.time));
        EXPECT_EQ(hours.contains(at(row.time)), !row.end.empty()) << row.hours << " at " << row.time;
        EXPECT_EQ(end ? text::rfc3339(*end) : "", row.end) << row.hours << " at " << row.time;
    }
}

TEST(WeeklyHours, SeveralEndWhereNoneGoesOn) {
    const auto last = [](std::initializer_list<std::string_view> texts, std::string_view time) {
        std::vector<WeeklyHours> hours;
        for (const std::string_view text : texts) hours.push_back(*WeeklyHours::parse(text));
        const auto second = last_second_of(hours, at(time));
        return second ? text::rfc3339(*second) : "never";
    };
    EXPECT_EQ(last({"mon 08:00-12:00"}, "2026-05-04T09:00:00Z"), "2026-05-04T11:59:59Z");
    EXPECT_EQ(last({"mon 08:00-12:00", "mon 12:00-13:00"}, "2026-05-04T09:00:00Z"), "2026-05-04T12:59:59Z");
    EXPECT_EQ(last({"mon 08:00-12:00", "mon 12:01-13:00"}, "2026-05-04T09:00:00Z"), "2026-05-04T11:59:59Z");
    EXPECT_EQ(last({"mon 11:00-14:00", "mon 08:00-12:00"}, "2026-05-04T09:00:00Z"), "2026-05-04T13:59:59Z");
    EXPECT_EQ(last({"sun 12:00-24:00", "mon 00:00-01:00"}, "2026-05-03T13:00:00Z"), "2026-05-04T00:59:59Z");
    EXPECT_EQ(last({"mon-wed 00:00-24:00", "thu-sun 00:00-24:00"}, "2026-05-04T09:00:00Z"), "never");
    EXPECT_EQ(last({"daily 00:00-24:00"}, "2026-05-04T09:00:00Z"), "never");
}

}  // namespace
}  // namespace cotter::trust
