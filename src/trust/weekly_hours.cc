// Reading hours of the week, and asking them.
#include "trust/weekly_hours.h"

#include "text/escape.h"

#include <algorithm>
#include <array>

namespace cotter::trust {
namespace {

using std::chrono::days;
using std::chrono::minutes;

constexpr std::array<std::string_view, 7> kDays = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
constexpr minutes kDay = days(1);
constexpr minutes kWeek = days(7);
// 1970-01-01 was a Thursday.
constexpr minutes kWeekOfEpoch = days(3);
constexpr minutes kMostOffset = std::chrono::hours(14);

using DaySet = std::array<bool, kDays.size()>;

std::optional<std::size_t> day_of(std::string_view text) {
    const auto* const found = std::ranges::find(kDays, text);
    if (found == kDays.end()) return std::nullopt;
    return static_cast<std::size_t>(found - kDays.begin());
}

/// What stands before the mark; `text` keeps what is behind it.
std::string_view cut(std::string_view& text, char mark) {
    const std::size_t at = text.find(mark);
    const std::string_view before = text.substr(0, at);
    text = at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
    return before;
}

std::optional<DaySet> read_days(std::string_view text) {
    DaySet set{};
    if (text == "daily") {
        set.fill(true);
        return set;
    }
    if (text.empty() || text.ends_with(',')) return std::nullopt;
    while (!text.empty()) {
        std::string_view range = cut(text, ',');
        const bool is_range = range.find('-') != std::string_view::npos;
        const auto first = day_of(cut(range, '-'));
        const auto last = is_range ? day_of(range) : first;
        if (!first || !last) return std::nullopt;
        for (std::size_t day = *first;; day = (day + 1) % kDays.size()) {
            set.at(day) = true;
            if (day == *last) break;
        }
    }
    return set;
}

/// Exactly HH:MM.
std::optional<minutes> read_clock(std::string_view text) {
    const auto digit = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '9' ? text[at] - '0' : -100; };
    if (text.size() != 5 || text[2] != ':') return std::nullopt;
    const int hour = digit(0) * 10 + digit(1);
    const int minute = digit(3) * 10 + digit(4);
    if (hour < 0 || hour > 24 || minute < 0 || minute > 59 || (hour == 24 && minute != 0)) return std::nullopt;
    return std::chrono::hours(hour) + minutes(minute);
}

std::optional<minutes> read_offset(std::string_view text) {
    if (text.empty() || text == "UTC" || text == "Z") return minutes(0);
    const auto clock = read_clock(text.substr(1));
    if (!clock || *clock > kMostOffset || (text.front() != '+' && text.front() != '-')) return std::nullopt;
    return text.front() == '-' ? -*clock : *clock;
}

std::string clock_text(minutes clock) {
    const auto two = [](std::int64_t number) { return (number < 10 ? "0" : "") + std::to_string(number); };
    return two(clock.count() / 60) + ":" + two(clock.count() % 60);
}

std::string offset_text(minutes offset) {
    if (offset == minutes(0)) return "UTC";
    return (offset < minutes(0) ? "-" : "+") + clock_text(std::chrono::abs(offset));
}

std::string days_text(const DaySet& set) {
    if (std::ranges::all_of(set, [](bool is_in) { return is_in; })) return "daily";
    std::string text;
    for (std::size_t day = 0; day < set.size(); ++day) {
        if (!set.at(day)) continue;
        std::size_t last = day;
        while (last + 1 < set.size() && set.at(last + 1)) ++last;
        text.append(text.empty() ? "" : ",").append(kDays.at(day));
        if (last != day) text.append(last == day + 1 ? "," : "-").append(kDays.at(last));
        day = last;
    }
    return text;
}

unexpected<Error> bad_hours(std::string_view text, std::string why) {
    return malformed("bad_hours", "reading the hours \"" + text::escape(text, 100) + "\"", std::move(why),
                     "write for instance 'mon-fri 08:00-18:00', or 'daily 22:00-06:00 +01:00'");
}

/// Since Monday 00:00 UTC.
std::chrono::seconds of_week(Time time) {
    const auto since = (time.time_since_epoch() + kWeekOfEpoch) % kWeek;
    return since < std::chrono::seconds(0) ? since + kWeek : since;
}

}  // namespace

Result<WeeklyHours> WeeklyHours::parse(std::string_view text) {
    std::string_view rest = text;
    const auto set = read_days(cut(rest, ' '));
    if (!set) return bad_hours(text, "it does not begin with days: mon, tue, wed, thu, fri, sat, sun, or daily");
    std::string_view clocks = cut(rest, ' ');
    const auto begin = read_clock(cut(clocks, '-'));
    const auto end = read_clock(clocks);
    if (!begin || !end || *begin == kDay) return bad_hours(text, "after the days HH:MM-HH:MM is needed");
    if (*begin == *end) return bad_hours(text, "it begins when it ends: a whole day is 00:00-24:00");
    const auto offset = read_offset(rest);
    if (!offset || text.ends_with(' ')) return bad_hours(text, "the offset from UTC is ±HH:MM, or UTC");

    WeeklyHours hours;
    hours.text_ = days_text(*set) + " " + clock_text(*begin) + "-" + clock_text(*end) + " " + offset_text(*offset);
    for (std::size_t day = 0; day < set->size(); ++day) {
        if (!set->at(day)) continue;
        const minutes from = ((static_cast<int>(day) * kDay + *begin - *offset) % kWeek + kWeek) % kWeek;
        hours.intervals_.push_back({from, from + (*end > *begin ? *end - *begin : *end + kDay - *begin)});
    }
    return hours;
}

std::optional<Time> WeeklyHours::end_of(Time time) const {
    const auto now = of_week(time);
    for (const Interval& interval : intervals_) {
        for (const std::chrono::seconds at : {now, now + std::chrono::seconds(kWeek)}) {
            if (at >= interval.begin && at < interval.end) return time + (interval.end - at);
        }
    }
    return std::nullopt;
}

bool WeeklyHours::contains(Time time) const {
    return end_of(time).has_value();
}

std::optional<Time> last_second_of(std::span<const WeeklyHours> hours, Time time) {
    Time end = time;
    while (end - time <= kWeek) {
        const auto next = std::ranges::find_if(hours, [&](const WeeklyHours& one) { return one.contains(end); });
        if (next == hours.end()) return end - std::chrono::seconds(1);
        end = *next->end_of(end);
    }
    return std::nullopt;
}

}  // namespace cotter::trust
