// Process metrics: which program this is, and what the kernel says of it.
#pragma once

#include "x509/certificate.h"

#include <string_view>

namespace cotter::metrics {

class Exposition;

/// `role`: "serve" or "connect"; `since`: when it started.
void add_process(Exposition& exposition, std::string_view role, x509::Time since);

}  // namespace cotter::metrics
