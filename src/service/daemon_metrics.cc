// The page that both ends have, and their readiness.
#include "service/daemon_metrics.h"

#include "metrics/connection_counts.h"
#include "metrics/exposition.h"
#include "metrics/process_metrics.h"
#include "service/wall_clock.h"

#include <chrono>
#include <map>

namespace cotter::service {
namespace {

double unix_time(x509::Time time) {
    return std::chrono::duration<double>(time.time_since_epoch()).count();
}

/// The first of each kind.
void add_dates(metrics::Exposition& exposition, const std::vector<Expiry>& dates) {
    std::map<ExpiryKind, x509::Time> first;
    for (const Expiry& date : dates) {
        const auto [known, is_first] = first.emplace(date.kind, date.at);
        if (!is_first && date.at < known->second) known->second = date.at;
    }
    for (const auto& [kind, at] : first) {
        exposition.gauge("cotter_first_expiry_timestamp_seconds",
                         "When the first of its kind ends, and refuses somebody from then on, in Unix time.",
                         unix_time(at), {{"of", text_of(kind)}});
    }
}

}  // namespace

DaemonMetrics::DaemonMetrics(std::unique_ptr<metrics::MetricsListener> listener, std::string_view role,
                             const metrics::CountTable& counts)
    : listener_(std::move(listener)), role_(role), counts_(counts), since_(wall_clock_now()), configured_(since_) {}

void DaemonMetrics::start(std::vector<const metrics::Pulse*> pulses) {
    pulses_ = std::move(pulses);
    listener_->start(
        {.metrics = [this] { return page(); },
         .why_stuck =
             [this] { return metrics::why_stuck(metrics::last_turns(pulses_), std::chrono::steady_clock::now()); },
         .why_not_ready = [this] { return why_not_ready(); }});
}

void DaemonMetrics::note_dates(std::vector<Expiry> dates) {
    const std::scoped_lock lock(mutex_);
    dates_ = std::move(dates);
}

void DaemonMetrics::note_reload(bool is_applied, x509::Time now) {
    const std::scoped_lock lock(mutex_);
    ++(is_applied ? reloads_applied_ : reloads_kept_);
    is_last_reload_applied_ = is_applied;
    if (is_applied) configured_ = now;
}

std::optional<std::string> DaemonMetrics::why_not_ready() const {
    if (is_draining_.load()) return "it is draining: no new connection is accepted";
    return why_not_admitting();
}

std::string DaemonMetrics::page() {
    metrics::Exposition exposition;
    metrics::add_process(exposition, role_, since_);
    counts_.add_to(exposition);
    std::vector<Expiry> dates;
    {
        const std::scoped_lock lock(mutex_);
        dates = dates_;
        const auto add = [&](std::string_view result, std::uint64_t count) {
            exposition.counter("cotter_reloads_total", "Reloads, by whether what was read is in use or was refused.",
                               static_cast<double>(count), {{"result", result}});
        };
        add("applied", reloads_applied_);
        add("kept", reloads_kept_);
        exposition.gauge("cotter_last_reload_successful",
                         "0 if the last reload was refused, and what was read before is in use, else 1.",
                         is_last_reload_applied_ ? 1 : 0);
        exposition.gauge("cotter_configuration_timestamp_seconds",
                         "When the configuration in use was read, in Unix time.", unix_time(configured_));
    }
    add_own(exposition, dates);
    add_dates(exposition, dates);
    return exposition.text();
}

}  // namespace cotter::service
