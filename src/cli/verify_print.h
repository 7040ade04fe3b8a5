// What cotter verify prints of a verdict.
#pragma once

#include "cli/invocation.h"
#include "trust/coverage.h"
#include "trust/policy.h"
#include "trust/verdict.h"

#include <cotter/host_name.h>

#include <optional>

namespace cotter::cli {

struct Judged {
    trust::Verdict verdict;
    std::optional<HostPort> host;
    trust::TrustMode mode;
    trust::Coverage coverage;
};

/// For people on standard output, with what to do next on standard error; or the JSON of INTERFACE 4.
void print_verdict(const Invocation& invocation, const Judged& judged);

}  // namespace cotter::cli
