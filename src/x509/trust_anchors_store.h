// What TrustAnchors keep inside; for the files of path validation.
#pragma once

#include "x509/openssl.h"
#include "x509/path.h"

namespace cotter::x509 {

struct TrustAnchors::Store {
    std::vector<Certificate> certificates;
    X509StorePtr store;
};

/// OpenSSL's decoding of a certificate; null if it refuses what we read.
[[nodiscard]] X509Ptr decode(const Certificate& certificate);

}  // namespace cotter::x509
