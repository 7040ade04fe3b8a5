// Delivering one report: a line in a file, a line in syslog, or a POST to a collector. Never to the server that it is
// about (INVARIANT A142).
#pragma once

#include "service/report_target.h"

#include <cotter/pin.h>

#include <chrono>
#include <span>
#include <string>
#include <vector>

namespace cotter::service {

struct Delivery {
    enum class Outcome : std::uint8_t {
        kDelivered,
        kLater,  ///< not now: the network, a full disk, a collector that is down
        kNever,  ///< refused for good: the collector is the failed server, or says that it wants no such thing
    };
    Outcome outcome = Outcome::kLater;
    std::string why;  ///< unless delivered; escaped
};

/// Whether the collector is the server that failed: the same name, or an address that both have. Asks the resolver.
[[nodiscard]] bool is_same_server(const HostName& collector, const HostName& failed);

/// `failed`: every name of the server that the report is about. `collector_pins`: of the collector's key; none: the
/// system's trust anchors and its name decide. Redirects are not followed. Takes at most `most` for a POST.
[[nodiscard]] Delivery deliver(const ReportTarget& target, std::span<const HostPort> failed, const std::string& report,
                               const std::vector<Pin>& collector_pins, std::chrono::milliseconds most);

/// The report without its certificates, for a syslog that cuts long lines.
[[nodiscard]] std::string without_chains(const std::string& report);

}  // namespace cotter::service
