// DaemonMetrics: what a process that goes on shows of itself to Prometheus and to probes (docs/metrics.md), whichever
// end of the tunnel it is. Read from counts that its reactors keep anyway and from what it is handed: no reactor is
// asked, and none waits for it.
#pragma once

#include "metrics/listener.h"
#include "metrics/pulse.h"
#include "service/expiry.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cotter::metrics {
class CountTable;
class Exposition;
}  // namespace cotter::metrics

namespace cotter::service {

class DaemonMetrics {
  public:
    DaemonMetrics(const DaemonMetrics&) = delete;
    DaemonMetrics& operator=(const DaemonMetrics&) = delete;

    [[nodiscard]] const std::string& address() const { return listener_->address(); }

    /// Answers from now on. `pulses`, of each loop of the process, must live until stop().
    void start(std::vector<const metrics::Pulse*> pulses);
    void stop() { listener_->stop(); }

    // From the main thread, which no stream waits for: they take a lock.
    /// Those that come from files.
    void note_dates(std::vector<Expiry> dates);
    void note_reload(bool is_applied, x509::Time now);
    void begin_drain() { is_draining_.store(true); }

  protected:
    /// `role`: "serve" or "connect".
    DaemonMetrics(std::unique_ptr<metrics::MetricsListener> listener, std::string_view role,
                  const metrics::CountTable& counts);
    /// Who derives from this stops in its destructor: until then its own part is asked on another thread.
    ~DaemonMetrics() = default;

  private:
    /// Adds what this end alone has, and its dates to those of the files.
    virtual void add_own(metrics::Exposition& exposition, std::vector<Expiry>& dates) = 0;
    /// Nothing: who comes and may is let in.
    [[nodiscard]] virtual std::optional<std::string> why_not_admitting() const { return std::nullopt; }

    [[nodiscard]] std::string page();
    [[nodiscard]] std::optional<std::string> why_not_ready() const;

    std::unique_ptr<metrics::MetricsListener> listener_;
    const std::string_view role_;
    const metrics::CountTable& counts_;
    const x509::Time since_;
    std::vector<const metrics::Pulse*> pulses_;
    std::atomic<bool> is_draining_{false};

    std::mutex mutex_;  ///< of what follows
    std::vector<Expiry> dates_;
    std::uint64_t reloads_applied_ = 0;
    std::uint64_t reloads_kept_ = 0;
    bool is_last_reload_applied_ = true;
    x509::Time configured_;
};

}  // namespace cotter::service
