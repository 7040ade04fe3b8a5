// The client's own metrics.
#include "service/client_metrics.h"

#include "metrics/exposition.h"
#include "service/report_counts.h"

namespace cotter::service {

Result<std::unique_ptr<ClientMetrics>> ClientMetrics::open(const metrics::ListenerSettings& settings,
                                                           const metrics::CountTable& counts,
                                                           const ReportCounts* reports) {
    auto listener = metrics::MetricsListener::open(settings);
    if (!listener) return unexpected(listener.error());
    return std::unique_ptr<ClientMetrics>(new ClientMetrics(std::move(*listener), counts, reports));
}

ClientMetrics::ClientMetrics(std::unique_ptr<metrics::MetricsListener> listener, const metrics::CountTable& counts,
                             const ReportCounts* reports)
    : DaemonMetrics(std::move(listener), "connect", counts), reports_(reports) {}

void ClientMetrics::add_own(metrics::Exposition& exposition, std::vector<Expiry>& /*dates*/) {
    const auto count = [&](const std::atomic<std::uint64_t> ReportCounts::* which) {
        return reports_ == nullptr ? 0.0 : static_cast<double>((reports_->*which).load(std::memory_order_relaxed));
    };
    exposition.counter("cotter_reports_delivered_total", "Failure reports that have arrived.",
                       count(&ReportCounts::delivered));
    exposition.counter("cotter_report_attempts_failed_total", "Deliveries of a report that failed.",
                       count(&ReportCounts::failed));
    exposition.counter("cotter_reports_dropped_total", "Failure reports that will never be delivered.",
                       count(&ReportCounts::dropped));
}

}  // namespace cotter::service
