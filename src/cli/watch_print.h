// What cotter watch says of a round: events, as lines for people and as JSON for programs.
#pragma once

#include "observatory/watch.h"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace cotter::cli {

/// One thing that is said: the same in both forms.
struct WatchEvent {
    bool is_alarm = false;
    std::vector<HostPort> about;  ///< which server; it is never told itself
    std::string text;             ///< for people: some lines, the last without its end
    std::string json;             ///< one object
};

/// In the order of a person's interest. Changes of `alarm` and above are alarms, and so is whom the policy refuses.
[[nodiscard]] std::vector<WatchEvent> events_of(const observatory::Round& round, observatory::Grade alarm);

/// "12 servers: 10 the same, 1 seen for the first time, 1 changed (new-key)".
[[nodiscard]] std::string summary_text(const observatory::Round& round);
[[nodiscard]] nlohmann::ordered_json summary_json(const observatory::Round& round);

/// Old and new side by side, of changes in the archive.
[[nodiscard]] std::string history_text(const observatory::PastChange& change);
[[nodiscard]] nlohmann::ordered_json history_json(const observatory::PastChange& change);

}  // namespace cotter::cli
