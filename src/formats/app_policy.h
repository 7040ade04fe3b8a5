// What the configurations of apps (Android, TrustKit, Apple) and Chromium's list share: ends that are days, and names
// that stand once.
#pragma once

#include "formats/format.h"
#include "formats/losses.h"

#include <string>
#include <string_view>
#include <vector>

namespace cotter::formats {

/// The beginning, in UTC, of a day written as 2027-06-01; an Error for anything else and for years outside 1970–9999.
[[nodiscard]] Result<trust::Time> beginning_of_day(std::string_view text);

/// The first day that begins at that time or after it, in UTC; 9999-12-31 for what lies behind.
[[nodiscard]] std::string day_from(trust::Time time);

/// That an app's end is a day on the device's own clock.
[[nodiscard]] Loss local_midnight(std::string_view host, std::string_view day);

/// The entries that ask for pins, and those with mode = "off" that a format must write which has a way to say so:
/// since a wider entry of the others would pin their hosts. The rest of these is left out, with a Loss.
struct PartedByMode {
    std::vector<trust::PolicyEntry> pinned;
    std::vector<trust::PolicyEntry> off;
};
[[nodiscard]] PartedByMode parted_by_mode(const std::vector<trust::PolicyEntry>& entries, const Room& room,
                                          std::vector<Loss>& lost);

/// Whether one of the entries pins what stands below its name, that host too.
[[nodiscard]] bool is_covered(const trust::HostPattern& host, const std::vector<trust::PolicyEntry>& entries);

/// An Error if two entries, told apart by ports here, come out under one name.
[[nodiscard]] Result<void> names_stand_once(const std::vector<const trust::PolicyEntry*>& entries,
                                            std::string_view format);

}  // namespace cotter::formats
