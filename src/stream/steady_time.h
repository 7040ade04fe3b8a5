// The clock of deadlines: it never jumps.
#pragma once

#include <chrono>

namespace cotter::stream {

using SteadyTime = std::chrono::steady_clock::time_point;

}  // namespace cotter::stream
