// The OpenSSL that the process runs on, which need not be the one that it was built with (INVARIANTS A147, A192).
#pragma once

#include <cotter/error.h>

#include <optional>
#include <string>

namespace cotter::x509 {

/// `version` as OpenSSL_version_num() gives it (0xMNN00PP0). A library before 3.0 does less than what cotter relies on:
/// the Error says so, and nothing must be started.
[[nodiscard]] Result<void> check_library(unsigned long version);

/// What is known to be wrong with that release, as a sentence; nothing if nothing is. A distribution may have mended it
/// under the old number, so this is said and not enforced.
[[nodiscard]] std::optional<std::string> known_fault_of_library(unsigned long version);

}  // namespace cotter::x509
