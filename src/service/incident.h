// Incident: a server that was refused, or let in by report mode alone: what a report is made of.
#pragma once

#include "trust/host_pattern.h"
#include "trust/policy.h"
#include "trust/verdict.h"

#include <cotter/host_name.h>

#include <optional>
#include <string>

namespace cotter::service {

struct Incident {
    HostPort host;     ///< as judged
    HostPort dialled;  ///< where the connection went: elsewhere than to `host` with --server-name
    trust::Verdict verdict;
    trust::ServerPolicy policy;
    std::optional<trust::HostPattern> noted;  ///< whom the policy file's entry is for; none: the call gave the policy
    trust::Time at;
    std::string connection_id;  ///< empty where there was no connection
};

}  // namespace cotter::service
