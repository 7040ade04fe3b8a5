// A hook: a command of the owner's that is told of something on its standard input, and of nothing by arguments or
// environment (INVARIANT A154).
#pragma once

#include <cotter/error.h>

#include <chrono>
#include <string>

namespace cotter::observatory {

/// Runs it by /bin/sh and gives it `input`; its output goes where ours goes, standard output to standard error. An
/// Error where it can't be started, ends with another code than 0, or runs longer than `most`, and then it is
/// killed. The process ignores SIGPIPE, as this tool does: a command need not read.
[[nodiscard]] Result<void> run_hook(const std::string& command, const std::string& input, std::chrono::seconds most);

}  // namespace cotter::observatory
