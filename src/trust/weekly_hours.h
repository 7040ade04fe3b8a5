// WeeklyHours: a part of every week, as rules say when a client may come: days, hours and a fixed offset from UTC. No
// time zones with summer time: what an hour means then never depends on a table of this machine.
#pragma once

#include "x509/certificate.h"

#include <cotter/error.h>

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cotter::trust {

using x509::Time;

class WeeklyHours {
  public:
    /// DAYS HH:MM-HH:MM [OFFSET], as in "mon-fri 08:00-18:00 +01:00". DAYS: mon, tue, … sun, ranges and lists of them
    /// ("mon-wed,fri", "sat-mon"), or "daily". What begins at or after it ends runs into the next day ("22:00-06:00");
    /// 24:00 is a day's end. OFFSET from UTC: ±HH:MM, or UTC, which is meant where there is none. The first minute is
    /// in it, the last is not.
    [[nodiscard]] static Result<WeeklyHours> parse(std::string_view text);

    [[nodiscard]] bool contains(Time time) const;
    /// Where it contains `time`: the second after which it doesn't any more.
    [[nodiscard]] std::optional<Time> end_of(Time time) const;
    /// As it is written down: one text for one meaning, with the offset.
    [[nodiscard]] const std::string& text() const { return text_; }

    bool operator==(const WeeklyHours& other) const { return text_ == other.text_; }

  private:
    /// In minutes of the week from Monday 00:00 UTC on; `end` may be past the week's, and is not in it.
    struct Interval {
        std::chrono::minutes begin;
        std::chrono::minutes end;
    };
    std::string text_;
    std::vector<Interval> intervals_;
};

/// The last second of what some of them cover together from `time` on, if one covers that; nothing where there is no
/// end.
[[nodiscard]] std::optional<Time> last_second_of(std::span<const WeeklyHours> hours, Time time);

}  // namespace cotter::trust
