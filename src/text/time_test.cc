// Times and durations as people write them.
#include "text/time.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace cotter::text {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::sys_seconds;

sys_seconds at(std::int64_t count) {
    return sys_seconds(seconds(count));
}

struct Time {
    std::string_view text;
    std::optional<std::int64_t> seconds;  ///< since 1970 in UTC; nothing: refused
};

TEST(Time, A69_IsRfc3339WithAZoneFrom1970To9999) {
    constexpr Time kRows[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-11-24T10:30:34Z", 1795516234},
        {"2026-11-24t10:30:34z", 1795516234},
        {"2026-11-24 10:30:34Z", 1795516234},
        {"2026-11-24T10:30:34.999999999999Z", 1795516234},
        {"2026-11-24T12:30:34+02:00", 1795516234},
        {"2026-11-24T05:00:34-05:30", 1795516234},
        {"2026-11-24T10:30:34-00:00", 1795516234},
        {"1970-01-01T01:00:00+01:00", 0},
        {"2000-02-29T00:00:00Z", 951782400},
        {"2038-01-19T03:14:08Z", 2147483648},
        {"9999-12-31T23:59:59Z", 253402300799},
        {"9999-12-31T23:59:59-00:01", std::nullopt},  // beyond 9999 in UTC
        {"1970-01-01T00:00:00+00:01", std::nullopt},  // before 1970 in UTC
        {"1969-12-31T23:59:59Z", std::nullopt},
        {"0000-01-01T00:00:00Z", std::nullopt},
        {"10000-01-01T00:00:00Z", std::nullopt},
        {"-2026-11-24T10:30:34Z", std::nullopt},
        {"2026-11-24T10:30:34", std::nullopt},
        {"2026-11-24T10:30:34+0200", std::nullopt},
        {"2026-11-24T10:30:34+02", std::nullopt},
        {"2026-11-24T10:30:34+24:00", std::nullopt},
        {"2026-11-24T10:30:34+02:60", std::nullopt},
        {"2026-11-24T10:30:34 Z", std::nullopt},
        {"2026-11-24T10:30:34UTC", std::nullopt},
        {"2026-11-24T10:30:34Zx", std::nullopt},
        {"2026-11-24T10:30:34Z ", std::nullopt},
        {" 2026-11-24T10:30:34Z", std::nullopt},
        {"2026-11-24T10:30Z", std::nullopt},
        {"2026-11-24", std::nullopt},
        {"2026-11-24T", std::nullopt},
        {"2026-11-24T10:30:34.Z", std::nullopt},
        {"2026-11-24T10:30:34,5Z", std::nullopt},
        {"2026-11-24T10:30:60Z", std::nullopt},
        {"2026-11-24T10:60:34Z", std::nullopt},
        {"2026-11-24T24:00:00Z", std::nullopt},
        {"2026-02-29T00:00:00Z", std::nullopt},
        {"2100-02-29T00:00:00Z", std::nullopt},
        {"2026-04-31T00:00:00Z", std::nullopt},
        {"2026-13-01T00:00:00Z", std::nullopt},
        {"2026-00-01T00:00:00Z", std::nullopt},
        {"2026-01-00T00:00:00Z", std::nullopt},
        {"2026-1-01T00:00:00Z", std::nullopt},
        {"26-11-24T10:30:34Z", std::nullopt},
        {"2026/11/24T10:30:34Z", std::nullopt},
        {"20261124T103034Z", std::nullopt},
        {"2026-11-24T1a:30:34Z", std::nullopt},
        {"2026-11-24T+1:30:34Z", std::nullopt},
        {"1795516234", std::nullopt},
        {"tomorrow", std::nullopt},
        {"", std::nullopt},
        {std::string_view("2026-11-24T10:30:34Z\0", 21), std::nullopt},
    };
    for (const Time& row : kRows) {
        const auto time = parse_rfc3339(row.text);
        ASSERT_EQ(time.has_value(), row.seconds.has_value()) << row.text;
        if (time) {
            EXPECT_EQ(*time, at(*row.seconds)) << row.text;
            EXPECT_EQ(*parse_rfc3339(rfc3339(*time)), *time) << row.text;
        } else {
            EXPECT_EQ(time.error().code, "bad_time");
            EXPECT_EQ(time.error().kind, ErrorKind::kMalformedInput);
        }
    }
}

TEST(Time, A124_IsPrintedInUtcUpToItsEnd) {
    EXPECT_EQ(rfc3339(at(0)), "1970-01-01T00:00:00Z");
    EXPECT_EQ(rfc3339(at(-631152000)), "1950-01-01T00:00:00Z");  // the first that a UTCTime can say
    EXPECT_EQ(rfc3339(at(2147483648)), "2038-01-19T03:14:08Z");
    EXPECT_EQ(rfc3339(at(253402300799)), "9999-12-31T23:59:59Z");
    EXPECT_EQ(rfc3339(at(-1)), "1969-12-31T23:59:59Z");
}

struct Duration {
    std::string_view text;
    std::optional<std::int64_t> milliseconds;
};

TEST(Duration, A69_HasAUnitAndDoesNotOverflow) {
    constexpr Duration kRows[] = {
        {"1ms", 1},
        {"250ms", 250},
        {"10s", 10000},
        {"5m", 300000},
        {"2h", 7200000},
        {"30d", 2592000000},
        {"007s", 7000},
        {"off", milliseconds::max().count()},
        {"106751991167d", 106751991167LL * 86400000LL},
        {"106751991168d", std::nullopt},
        {"9223372036854775807ms", 9223372036854775807LL},
        {"9223372036854775807s", std::nullopt},
        {"9223372036854775808ms", std::nullopt},
        {"99999999999999999999d", std::nullopt},
        {"0", std::nullopt},
        {"0s", std::nullopt},
        {"-1s", std::nullopt},
        {"+1s", std::nullopt},
        {"10", std::nullopt},
        {"s", std::nullopt},
        {"", std::nullopt},
        {"1.5s", std::nullopt},
        {"1 s", std::nullopt},
        {" 1s", std::nullopt},
        {"1s ", std::nullopt},
        {"1S", std::nullopt},
        {"1min", std::nullopt},
        {"1h30m", std::nullopt},
        {"1w", std::nullopt},
        {"0x1s", std::nullopt},
        {"OFF", std::nullopt},
        {"none", std::nullopt},
        {std::string_view("1s\0", 3), std::nullopt},
    };
    for (const Duration& row : kRows) {
        const auto duration = parse_duration(row.text);
        ASSERT_EQ(duration.has_value(), row.milliseconds.has_value()) << row.text;
        if (duration) {
            EXPECT_EQ(duration->count(), *row.milliseconds) << row.text;
        } else {
            EXPECT_EQ(duration.error().code, "bad_duration");
        }
    }
}

TEST(When, A69_IsATimeOrADurationFromNow) {
    const sys_seconds now = at(1795516234);
    EXPECT_EQ(*parse_when("2027-06-01T00:00:00Z", now), at(1811808000));
    EXPECT_EQ(*parse_when("1h", now), now + hours(1));
    EXPECT_EQ(*parse_when("1ms", now), now + seconds(1)) << "never earlier than was asked for";
    EXPECT_EQ(*parse_when("365000d", now), now + std::chrono::days(365000));
    for (const std::string_view text :
         {"365001d", "off", "0s", "-1h", "yesterday", "", "2027-06-01", "9223372036854775807ms"}) {
        const auto when = parse_when(text, now);
        ASSERT_FALSE(when) << text;
        EXPECT_EQ(when.error().code, "bad_time") << text;
    }
    EXPECT_EQ(parse_when("\x1b[31m", now).error().what.find('\x1b'), std::string::npos);
}

TEST(Times, OfWhatHasBeenAreADateOrADurationBeforeNow) {
    const auto now = at(1811808000);
    EXPECT_EQ(*parse_since("2027-06-01T00:00:00Z", now), now);
    EXPECT_EQ(*parse_since("1h", now), now - hours(1));
    EXPECT_EQ(*parse_since("400d", now), now - std::chrono::days(400));
    for (const char* wrong : {"", "yesterday", "-1h", "0s", "off", "2027-06-01"}) {
        const auto since = parse_since(wrong, now);
        ASSERT_FALSE(since) << wrong;
        EXPECT_EQ(since.error().code, "bad_time");
    }
}

TEST(Relative, IsSaidInTheUnitThatPeopleUse) {
    const sys_seconds now = at(1795516234);
    constexpr std::pair<std::int64_t, std::string_view> kRows[] = {
        {0, "now"},           {1, "in 1 s"},      {-1, "1 s ago"},     {119, "in 119 s"},  {120, "in 2 min"},
        {7199, "in 119 min"}, {-7200, "2 h ago"}, {172799, "in 47 h"}, {172800, "in 2 d"}, {-864000, "10 d ago"},
    };
    for (const auto& [distance, text] : kRows) EXPECT_EQ(relative(now + seconds(distance), now), text);
}

}  // namespace
}  // namespace cotter::text
