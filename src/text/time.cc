// Times and durations as text.
#include "text/time.h"

#include "text/escape.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>

namespace cotter::text {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_seconds;

/// Exactly `digits` decimal digits off the front.
std::optional<unsigned> take_number(std::string_view& text, std::size_t digits) {
    if (text.size() < digits) return std::nullopt;
    unsigned value = 0;
    for (const char c : text.substr(0, digits)) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + static_cast<unsigned>(c - '0');
    }
    text.remove_prefix(digits);
    return value;
}

bool take(std::string_view& text, std::string_view any_of) {
    if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
    text.remove_prefix(1);
    return true;
}

std::optional<minutes> take_zone(std::string_view& text) {
    if (take(text, "Zz")) return minutes(0);
    if (text.empty() || (text.front() != '+' && text.front() != '-')) return std::nullopt;
    const int sign = text.front() == '-' ? -1 : 1;
    text.remove_prefix(1);
    const auto hour = take_number(text, 2);
    if (!hour || !take(text, ":")) return std::nullopt;
    const auto minute = take_number(text, 2);
    if (!minute || *hour > 23 || *minute > 59) return std::nullopt;
    return sign * (hours(*hour) + minutes(*minute));
}

std::optional<sys_seconds> read_rfc3339(std::string_view text) {
    const auto year = take_number(text, 4);
    if (!year || !take(text, "-")) return std::nullopt;
    const auto month = take_number(text, 2);
    if (!month || !take(text, "-")) return std::nullopt;
    const auto day = take_number(text, 2);
    if (!day || !take(text, "Tt ")) return std::nullopt;
    const auto hour = take_number(text, 2);
    if (!hour || !take(text, ":")) return std::nullopt;
    const auto minute = take_number(text, 2);
    if (!minute || !take(text, ":")) return std::nullopt;
    const auto second = take_number(text, 2);
    if (!second) return std::nullopt;
    if (take(text, ".")) {
        if (!take_number(text, 1)) return std::nullopt;
        while (take_number(text, 1)) {
        }
    }
    const auto zone = take_zone(text);
    const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)), std::chrono::month(*month),
                                           std::chrono::day(*day)};
    if (!zone || !text.empty() || !date.ok() || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
    return std::chrono::sys_days(date) + hours(*hour) + minutes(*minute) + seconds(*second) - *zone;
}

struct Unit {
    std::string_view name;
    milliseconds size;
};
constexpr std::array<Unit, 5> kUnits{
    {{"ms", milliseconds(1)}, {"s", seconds(1)}, {"m", minutes(1)}, {"h", hours(1)}, {"d", days(1)}}};

std::string padded(unsigned value, std::size_t digits) {
    std::string text = std::to_string(value);
    return std::string(digits > text.size() ? digits - text.size() : 0, '0') + text;
}

/// How far from now a time is that isn't said by a date. `example`: for the Error.
Result<seconds> parse_span(std::string_view text, const std::string& example) {
    const auto duration = parse_duration(text);
    constexpr milliseconds kMost = days(365) * 1000;
    if (!duration || *duration > kMost) {
        return malformed("bad_time", "reading the time \"" + escape(text, 64) + "\"",
                         "it is neither RFC 3339 with a zone nor a duration up to 1000 years",
                         "write 2027-06-01T00:00:00Z, or " + example);
    }
    return std::chrono::ceil<seconds>(*duration);
}

}  // namespace

Result<sys_seconds> parse_rfc3339(std::string_view text) {
    const auto time = read_rfc3339(text);
    const sys_seconds least{};
    const sys_seconds most = std::chrono::sys_days(std::chrono::year(9999) / 12 / 31) + hours(24) - seconds(1);
    if (!time || *time < least || *time > most) {
        return malformed("bad_time", "reading the time \"" + escape(text, 64) + "\"",
                         "it is not RFC 3339 with a zone, between 1970 and 9999", "write it as 2027-06-01T00:00:00Z");
    }
    return *time;
}

std::string rfc3339(sys_seconds time) {
    const auto day = std::chrono::floor<days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    return padded(static_cast<unsigned>(static_cast<int>(date.year())), 4) + "-" +
           padded(static_cast<unsigned>(date.month()), 2) + "-" + padded(static_cast<unsigned>(date.day()), 2) + "T" +
           padded(static_cast<unsigned>(clock.hours().count()), 2) + ":" +
           padded(static_cast<unsigned>(clock.minutes().count()), 2) + ":" +
           padded(static_cast<unsigned>(clock.seconds().count()), 2) + "Z";
}

Result<milliseconds> parse_duration(std::string_view text) {
    if (text == "off") return milliseconds::max();
    std::int64_t number = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (fault == std::errc{} && number > 0) {
        const std::string_view name(end, static_cast<std::size_t>(text.data() + text.size() - end));
        for (const Unit& unit : kUnits) {
            if (unit.name == name && number <= std::numeric_limits<std::int64_t>::max() / unit.size.count()) {
                return number * unit.size;
            }
        }
    }
    return malformed("bad_duration", "reading the duration \"" + escape(text, 64) + "\"",
                     "it is not a positive whole number with ms, s, m, h or d, nor off", "write 10s, 5m, 2h or 30d");
}

Result<sys_seconds> parse_when(std::string_view text, sys_seconds now) {
    if (auto time = parse_rfc3339(text)) return time;
    const auto duration = parse_span(text, "30d for thirty days from now");
    if (!duration) return unexpected(duration.error());
    return now + *duration;
}

Result<sys_seconds> parse_since(std::string_view text, sys_seconds now) {
    if (auto time = parse_rfc3339(text)) return time;
    const auto duration = parse_span(text, "30d for thirty days ago");
    if (!duration) return unexpected(duration.error());
    return now - *duration;
}

std::string relative(sys_seconds time, sys_seconds now) {
    const bool is_past = time <= now;
    const auto distance = (is_past ? now - time : time - now).count();
    if (distance < 1) return "now";
    std::string amount = std::to_string(distance) + " s";
    if (distance >= 2 * 86400) {
        amount = std::to_string(distance / 86400) + " d";
    } else if (distance >= 2 * 3600) {
        amount = std::to_string(distance / 3600) + " h";
    } else if (distance >= 120) {
        amount = std::to_string(distance / 60) + " min";
    }
    return is_past ? amount + " ago" : "in " + amount;
}

}  // namespace cotter::text
