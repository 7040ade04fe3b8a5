// What name constraints say of a wildcard: OpenSSL compares the wildcard itself, not the names that it stands for.
#pragma once

#include "x509/certificate.h"

struct x509_st;

namespace cotter::x509 {

/// Whether a wildcard of the leaf stands, among others, for a name that an authority may not give by its own name
/// constraints (RFC 5280 4.2.1.10): "*.db.example" where "a.db.example" is excluded. A wildcard that lies in an
/// excluded subtree as a whole is OpenSSL's to find. `authority`: OpenSSL's decoding. Linear in the number of names and
/// constraints (INVARIANTS A93, A163).
[[nodiscard]] bool reaches_into_excluded(const Certificate& leaf, const x509_st* authority);

}  // namespace cotter::x509
