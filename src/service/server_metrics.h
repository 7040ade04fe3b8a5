// ServerMetrics: what a server has to show besides what every daemon has: its registry, its backends, its limit.
#pragma once

#include "service/client_census.h"
#include "service/daemon_metrics.h"

#include <cotter/error.h>

#include <chrono>
#include <memory>
#include <mutex>

namespace cotter::service {

struct ServerShared;

class ServerMetrics final : public DaemonMetrics {
  public:
    /// Takes the address; nobody is answered yet. `shared` must outlive it.
    [[nodiscard]] static Result<std::unique_ptr<ServerMetrics>> open(const metrics::ListenerSettings& settings,
                                                                     const ServerShared& shared);
    ~ServerMetrics() { stop(); }

    /// From the thread that watches the registry.
    void publish(std::shared_ptr<const registry::Snapshot> snapshot);

  private:
    ServerMetrics(std::unique_ptr<metrics::MetricsListener> listener, const ServerShared& shared);
    void add_own(metrics::Exposition& exposition, std::vector<Expiry>& dates) override;
    [[nodiscard]] std::optional<std::string> why_not_admitting() const override;
    [[nodiscard]] std::chrono::duration<double> snapshot_age() const;
    void add_registry(metrics::Exposition& exposition);
    void add_backends(metrics::Exposition& exposition) const;

    const ServerShared& shared_;
    std::mutex mutex_;  ///< of snapshot_
    std::shared_ptr<const registry::Snapshot> snapshot_;
    // The listener's thread's own. The list is read whole, so not more often than once a second.
    ClientCensus census_;
    std::chrono::steady_clock::time_point next_census_{};
};

}  // namespace cotter::service
