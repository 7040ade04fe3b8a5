// What a person is told of a server's keys that change.
#pragma once

#include "service/log.h"
#include "service/next_key.h"

namespace cotter::cli {

/// Some lines on standard error, in the tool's shape: what, and what to do next.
void print_key_event(const service::KeyEvent& event);

/// The same as a line of the log.
[[nodiscard]] service::Event log_line_of(const service::KeyEvent& event);

}  // namespace cotter::cli
