// What TrustAnchors keep inside; for the files of path validation.
#pragma once

#include "x509/openssl.h"
#include "x509/path.h"

namespace cotter::x509 {

struct TrustAnchors::Store {
    std::vector<Certificate> certificates;
    std::vector<X509Ptr> decoded;  ///< of each of `certificates`; null where OpenSSL refuses it
    X509StorePtr store;            ///< holds the same objects
};

/// OpenSSL's decoding of a certificate; null if it refuses what we read.
[[nodiscard]] X509Ptr decode(const Certificate& certificate);

}  // namespace cotter::x509
