// The server's own metrics.
#include "service/server_metrics.h"

#include "metrics/exposition.h"
#include "service/server_thread.h"
#include "service/wall_clock.h"

namespace cotter::service {
namespace {

constexpr std::chrono::seconds kCensusEvery{1};

}  // namespace

Result<std::unique_ptr<ServerMetrics>> ServerMetrics::open(const metrics::ListenerSettings& settings,
                                                           const ServerShared& shared) {
    auto listener = metrics::MetricsListener::open(settings);
    if (!listener) return unexpected(listener.error());
    return std::unique_ptr<ServerMetrics>(new ServerMetrics(std::move(*listener), shared));
}

ServerMetrics::ServerMetrics(std::unique_ptr<metrics::MetricsListener> listener, const ServerShared& shared)
    : DaemonMetrics(std::move(listener), "serve", shared.counts),
      shared_(shared),
      snapshot_(shared.watch.first_snapshot()) {}

void ServerMetrics::publish(std::shared_ptr<const registry::Snapshot> snapshot) {
    const std::scoped_lock lock(mutex_);
    snapshot_ = std::move(snapshot);
}

std::chrono::duration<double> ServerMetrics::snapshot_age() const {
    return std::chrono::steady_clock::now() - shared_.watch.freshness().load(std::memory_order_relaxed);
}

std::optional<std::string> ServerMetrics::why_not_admitting() const {
    const auto age = snapshot_age();
    if (age <= shared_.settings.registry_grace) return std::nullopt;
    return "the list of clients was last read " + std::to_string(static_cast<std::uint64_t>(age.count())) +
           " s ago, so nobody new is admitted";
}

void ServerMetrics::add_own(metrics::Exposition& exposition, std::vector<Expiry>& dates) {
    exposition.gauge("cotter_open_connections", "Connections that are open, whatever has come of them.",
                     static_cast<double>(shared_.connections.load(std::memory_order_relaxed)));
    exposition.gauge("cotter_connections_limit", "How many may be open at once.",
                     static_cast<double>(shared_.most_connections));
    add_registry(exposition);
    add_backends(exposition);
    if (census_.first_expiry) dates.push_back({{}, *census_.first_expiry, ExpiryKind::kClient});
}

void ServerMetrics::add_registry(metrics::Exposition& exposition) {
    const auto snapshot = [this] {
        const std::scoped_lock lock(mutex_);
        return snapshot_;
    }();
    if (const auto now = std::chrono::steady_clock::now(); now >= next_census_) {
        next_census_ = now + kCensusEvery;
        census_ = census_of(*snapshot, wall_clock_now());
    }
    exposition.gauge("cotter_registry_snapshot_age_seconds", "Since the registry was last read without a fault.",
                     snapshot_age().count());
    exposition.gauge("cotter_registry_reachable", "1 if the last look at the registry met no fault, else 0.",
                     shared_.watch.is_reachable() ? 1 : 0);
    exposition.gauge("cotter_registry_version", "The version of the list of clients that was read last.",
                     static_cast<double>(snapshot->version()));
    const auto add = [&](std::string_view state, std::size_t count) {
        exposition.gauge("cotter_clients", "Registered clients, by state.", static_cast<double>(count),
                         {{"state", state}});
    };
    add("active", census_.active);
    add("suspended", census_.suspended);
    add("revoked", census_.revoked);
    add("expired", census_.expired);
}

void ServerMetrics::add_backends(metrics::Exposition& exposition) const {
    for (std::size_t i = 0; i < shared_.backends.size(); ++i) {
        std::size_t up = 0;
        const auto states = shared_.backends[i]->states();
        for (const Backends::State& backend : states) up += backend.is_up ? 1U : 0U;
        const metrics::Labels labels{{"service", shared_.counts.services()[i]}};
        exposition.gauge("cotter_backends", "Backends that the service has.", static_cast<double>(states.size()),
                         labels);
        exposition.gauge("cotter_backends_up", "Those of them that are not passed over after a failure.",
                         static_cast<double>(up), labels);
    }
}

}  // namespace cotter::service
