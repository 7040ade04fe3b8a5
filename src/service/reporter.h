// Reporter: takes incidents without ever holding up whoever has one, and sees to it on a thread of its own that they
// are written down, reported once, and delivered.
#pragma once

#include "service/incident.h"
#include "service/report_counts.h"
#include "service/report_queue.h"
#include "service/report_target.h"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace cotter::service {

/// The JSON of an incident, in one line: the keys of RFC 7469, section 3, with ours beside them (docs/reports.md).
[[nodiscard]] std::string report_of(const Incident& incident);

struct ReporterSettings {
    std::vector<ReportTarget> targets;
    std::vector<Pin> collector_pins{};
    std::filesystem::path queue;  ///< the state folder's `reports`
    ReportLimits limits{};
    /// Told, on the reporter's thread, of each report that is not delivered now: to whom, and why.
    std::function<void(const std::string& target, const std::string& why)> on_trouble{};
};

class Reporter {
  public:
    explicit Reporter(ReporterSettings settings);
    /// Writes down what it has taken, and delivers what can be delivered in kLastWait; the rest waits for another run.
    ~Reporter();
    Reporter(const Reporter&) = delete;
    Reporter& operator=(const Reporter&) = delete;

    /// From any thread; never waits. When too many are taken faster than they are written down, later ones are dropped.
    void take(Incident incident);

    /// From any thread, as long as this lives.
    [[nodiscard]] const ReportCounts& counts() const { return counts_; }

    static constexpr std::chrono::seconds kLastWait{5};

  private:
    void run();
    void keep(const Incident& incident);
    void deliver_due();
    void trouble(const std::string& target, const std::string& why) const;
    [[nodiscard]] std::chrono::milliseconds time_left();

    const ReporterSettings settings_;
    const ReportQueue queue_;
    ReportCounts counts_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Incident> taken_;
    bool ends_ = false;
    std::chrono::steady_clock::time_point ends_at_;
    std::thread thread_;
};

}  // namespace cotter::service
