// Octets, as everything in the library passes them: a view that is never kept beyond the call, and an owning vector.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace cotter {

/// A view of octets. Whoever receives one copies what it wants to keep.
using Bytes = std::span<const std::byte>;

/// Octets with an owner.
using ByteVector = std::vector<std::byte>;

}  // namespace cotter
