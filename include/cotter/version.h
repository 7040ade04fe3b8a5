// The version of these headers (semantic versioning, semver.org: before 1.0.0 a new minor version may change the
// library's face, and then its soname). The build takes the project's version from here.
#pragma once

#include <cotter/export.h>

#define COTTER_VERSION_MAJOR 0
#define COTTER_VERSION_MINOR 1
#define COTTER_VERSION_PATCH 0

namespace cotter {

/// The version of the library that the program runs with, "0.1.0"; it may be newer than the headers.
[[nodiscard]] COTTER_EXPORT const char* version() noexcept;

}  // namespace cotter
