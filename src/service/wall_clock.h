// The time that validity is judged by: never earlier than it has been in this process, so that a clock set back revives
// nothing (INVARIANT A122).
#pragma once

#include "x509/certificate.h"

namespace cotter::service {

[[nodiscard]] x509::Time wall_clock_now();

}  // namespace cotter::service
