// The version of these headers (semantic versioning, semver.org: before 1.0.0 a new minor version may change the
// library's face while its soname stays, so that programs are built anew). The build takes the project's version from
// here.
#pragma once

#include <cotter/export.h>

/// Moves, once it is not 0, where programs have to change.
#define COTTER_VERSION_MAJOR 0
/// Moves with what is added; before 1.0.0 also where programs have to change.
#define COTTER_VERSION_MINOR 1
/// Moves where nothing is added and no program has to change.
#define COTTER_VERSION_PATCH 0

namespace cotter {

/// The version of the library that the program runs with, "0.1.0"; it may be newer than the headers.
[[nodiscard]] COTTER_EXPORT const char* version() noexcept;

}  // namespace cotter
