// ReportQueue: reports on disk until they are delivered: each failure once in a while, few, and small. Shared by every
// process of a state folder.
#pragma once

#include <cotter/error.h>
#include <cotter/host_name.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace cotter::service {

struct ReportLimits {
    std::chrono::seconds period = std::chrono::hours(1);  ///< the same failure is reported once in so long
    std::size_t most_in_period = 60;                      ///< new reports, whatever of
    std::size_t most_waiting = 200;
    std::size_t most_bytes = 4U << 20U;                          ///< of all that wait
    std::chrono::seconds first_delay = std::chrono::minutes(1);  ///< after a failed delivery; doubled each time
    std::chrono::seconds longest_delay = std::chrono::hours(6);
    std::chrono::seconds longest_wait = std::chrono::days(7);  ///< what is older is given up
};

/// What is to be delivered to whom.
struct WaitingReport {
    std::string name;  ///< of its file, without ending
    std::string target;
    std::vector<HostPort> servers;  ///< names of the server that failed: as judged, and as dialled
    std::chrono::sys_seconds made;
    std::chrono::sys_seconds due;
    unsigned attempts = 0;
    std::string body;
};

class ReportQueue {
  public:
    explicit ReportQueue(std::filesystem::path folder, ReportLimits limits = {})
        : folder_(std::move(folder)), limits_(limits) {}

    enum class Added : std::uint8_t {
        kQueued,
        kRepeated,  ///< the same failure was reported within the period, or waits
        kTooMany,   ///< a limit is reached; nothing is kept
    };

    /// `failure` says which failure it is: what has the same text for the same target is the same. Due at once.
    [[nodiscard]] Result<Added> add(std::string_view failure, const std::string& target, std::vector<HostPort> servers,
                                    std::string body, std::chrono::sys_seconds now) const;

    /// What is due for that target, the oldest first; it is the caller's for limits.first_delay. What has waited too
    /// long, and what can't be read, is thrown away.
    [[nodiscard]] Result<std::vector<WaitingReport>> due(const std::string& target, std::chrono::sys_seconds now) const;

    /// It was delivered, or never can be: it waits no more, and its failure isn't reported again within the period.
    [[nodiscard]] Result<void> finish(const WaitingReport& report, std::chrono::sys_seconds now) const;

    /// It could not be delivered now: it is due later, and later still each time.
    [[nodiscard]] Result<void> postpone(const WaitingReport& report, std::chrono::sys_seconds now) const;

  private:
    std::filesystem::path folder_;
    ReportLimits limits_;
};

}  // namespace cotter::service
