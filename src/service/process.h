// What a daemon asks of its own process: descriptors, no core dumps, no ambient OpenSSL configuration.
#pragma once

#include <cstddef>
#include <string>

namespace cotter::service {

/// Before anything else of OpenSSL: openssl.cnf and the environment don't count (INVARIANT A25).
void ignore_ambient_openssl_configuration();

/// No core dumps, no reading of our memory by others of our user (INVARIANT A187).
void protect_memory();

/// "login@host", escaped: who is recorded as doing something.
[[nodiscard]] std::string login_and_host();

/// Raises the limit of descriptors as far as allowed and gives how many there are.
[[nodiscard]] std::size_t raise_descriptor_limit();

}  // namespace cotter::service
