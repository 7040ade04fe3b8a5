// Lines added to the end of a file that only we may read.
#pragma once

#include <cotter/error.h>

#include <filesystem>
#include <string_view>

namespace cotter::files {

/// Adds `line` and a newline in one write, so that those of other processes stay whole; makes the file, 0600, where
/// there is none. A link, FIFO, device or folder in its place is an Error.
[[nodiscard]] Result<void> append_line(const std::filesystem::path& path, std::string_view line);

}  // namespace cotter::files
