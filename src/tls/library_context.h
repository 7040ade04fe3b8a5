// LibraryContext: OpenSSL's algorithms for one thread. A context of its own shares no locks with other threads and
// reads no ambient configuration (INVARIANT A25).
#pragma once

#include "x509/openssl.h"

#include <cotter/error.h>

namespace cotter::tls {

class LibraryContext {
  public:
    /// A context with OpenSSL's default provider and nothing of openssl.cnf or the environment.
    [[nodiscard]] static Result<LibraryContext> make();

    [[nodiscard]] OSSL_LIB_CTX* get() const { return context_.get(); }

  private:
    explicit LibraryContext(x509::LibraryContextPtr context) : context_(std::move(context)) {}
    x509::LibraryContextPtr context_;
};

}  // namespace cotter::tls
