// cotter::expected: std::expected where the standard library has one, else tl::expected (Debian's libexpected-dev).
#pragma once

#if __cplusplus > 202002L && __has_include(<expected>)
#include <expected>
namespace cotter {
using std::expected;
using std::unexpected;
}  // namespace cotter
#else
#include <tl/expected.hpp>
namespace cotter {
using tl::expected;
using tl::unexpected;
}  // namespace cotter
#endif
