// What an entry that was read must tell, put together from its parts.
#pragma once

#include "formats/testing/entries.h"

#include <string>
#include <vector>

namespace cotter::formats::testing {

/// As `told` of an entry with primary pins: where it is, how it is judged ("chain+pins, any"), and with which pins.
/// `rules` are those between: mode and end.
[[nodiscard]] inline std::string told_entry(const std::string& host, const std::string& judged,
                                            const std::vector<std::string>& pins,
                                            const std::string& rules = "mode 0, ends never then 0") {
    std::string result = host + "; " + judged + ", " + rules + ";";
    for (const std::string& pin : pins) result += " " + pin + " 0 '' never '',";
    return result;
}

/// The rules of an entry that is left alone after a day; `mode` 1 is a report.
[[nodiscard]] inline std::string until(const std::string& day, int mode = 0) {
    return "mode " + std::to_string(mode) + ", ends " + day + "T00:00:00Z then 1";
}

/// An entry for which pins don't count.
[[nodiscard]] inline std::string told_off(const std::string& host) {
    return host + "; chain, leaf, mode 2, ends never then 0;";
}

}  // namespace cotter::formats::testing
