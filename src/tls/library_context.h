// LibraryContext: OpenSSL's algorithms for one thread. A context of its own shares no locks with other threads and
// reads no ambient configuration (INVARIANT A25).
#pragma once

#include "x509/openssl.h"

#include <cotter/error.h>

#include <openssl/provider.h>

namespace cotter::tls {

class LibraryContext {
  public:
    /// A context with OpenSSL's default provider and nothing of openssl.cnf or the environment.
    [[nodiscard]] static Result<LibraryContext> make();

    LibraryContext(LibraryContext&&) = default;
    LibraryContext& operator=(LibraryContext&&) = delete;  // it would free the context before the provider
    ~LibraryContext() = default;

    [[nodiscard]] OSSL_LIB_CTX* get() const { return context_.get(); }

  private:
    using ProviderPtr = std::unique_ptr<OSSL_PROVIDER, x509::FreeBy<OSSL_PROVIDER_unload>>;

    LibraryContext(x509::LibraryContextPtr context, ProviderPtr provider)
        : context_(std::move(context)), provider_(std::move(provider)) {}
    x509::LibraryContextPtr context_;
    ProviderPtr provider_;  ///< unloaded before its context ends, which frees no more than what it loaded by itself
};

}  // namespace cotter::tls
