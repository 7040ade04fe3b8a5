// Private keys for minted certificates. For mint.cc alone.
#pragma once

#include "x509/openssl.h"
#include "x509/testing/mint.h"

namespace cotter::x509::testing {

/// Aborts the test, with OpenSSL's words, unless the wish was granted.
void must(bool is_granted, const char* wish);

[[nodiscard]] EvpKeyPtr generate_key(MintKey kind);

}  // namespace cotter::x509::testing
