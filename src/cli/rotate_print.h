// What `cotter rotate` says: how far a rotation is, who is not ready for it and what that client needs.
#pragma once

#include "cli/invocation.h"
#include "registry/rotations.h"

#include <string>

namespace cotter::cli {

/// Every line of it, or the JSON document.
void print_rotation(const Invocation& invocation, const registry::RotationStatus& status, x509::Time now);

/// One line for each client key and server that is not ready, with what it needs; empty: all are.
[[nodiscard]] std::string those_not_ready(const registry::RotationStatus& status, x509::Time now);

}  // namespace cotter::cli
