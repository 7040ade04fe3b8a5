// cotter::expected: tl::expected (Debian's libexpected-dev), in every language version. std::expected would be another
// type: a library built as C++23 and a program built as C++20 would then disagree on every function between them.
#pragma once

#include <tl/expected.hpp>

namespace cotter {
using tl::expected;
using tl::unexpected;
}  // namespace cotter
