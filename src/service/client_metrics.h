// ClientMetrics: what a client that listens has to show besides what every daemon has: its failure reports.
#pragma once

#include "service/daemon_metrics.h"

#include <cotter/error.h>

#include <memory>

namespace cotter::service {

struct ReportCounts;

class ClientMetrics final : public DaemonMetrics {
  public:
    /// Takes the address; nobody is answered yet. `counts`, and `reports` if it isn't null, must outlive it.
    [[nodiscard]] static Result<std::unique_ptr<ClientMetrics>> open(const metrics::ListenerSettings& settings,
                                                                     const metrics::CountTable& counts,
                                                                     const ReportCounts* reports);
    ~ClientMetrics() { stop(); }

  private:
    ClientMetrics(std::unique_ptr<metrics::MetricsListener> listener, const metrics::CountTable& counts,
                  const ReportCounts* reports);
    void add_own(metrics::Exposition& exposition, std::vector<Expiry>& dates) override;

    const ReportCounts* reports_;
};

}  // namespace cotter::service
