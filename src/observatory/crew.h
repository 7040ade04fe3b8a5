// Crew: looks at many servers at once, on some threads, at a bounded pace, and hands over each look where it was
// called.
#pragma once

#include "evidence/dane_resolver.h"
#include "observatory/assessment.h"
#include "observatory/look.h"

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

namespace cotter::observatory {

/// How hard a crew works. What it looks at is other people's.
struct Pace {
    std::size_t parallel = 64;  ///< looks at once
    double rate = 100;          ///< looks begun in a second; 0: as many as come
    std::size_t per_host = 2;   ///< looks at once at servers of one name or address
};

struct Assessed {
    Look look;
    std::optional<Assessment> assessment;  ///< none: nothing was shown
};

struct CrewSettings {
    LookSettings look{};
    Pace pace{};
    evidence::DnsSettings dns{};  ///< for entries whose trust is DANE
};

enum class CrewEnd : std::uint8_t { kDone, kInterrupted };

/// Looks at all of them and gives each to `on_look`, in the order in which they end, and calls `on_tick` some times a
/// second. SIGINT and SIGTERM end it: looks under way are dropped, what was handed over counts. An Error of `on_look`
/// ends it, too, and is given.
[[nodiscard]] Result<CrewEnd> look_at_all(const std::vector<Target>& targets, const Assessor& assessor,
                                          const CrewSettings& settings,
                                          const std::function<Result<void>(Assessed)>& on_look,
                                          const std::function<void()>& on_tick);

}  // namespace cotter::observatory
