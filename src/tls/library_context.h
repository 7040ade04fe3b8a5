// LibraryContext: OpenSSL's algorithms for one thread. A context of its own shares no locks with other threads, reads
// no ambient configuration (INVARIANT A25), and offers only what tls/allowed_algorithms.h names.
#pragma once

#include "tls/allowed_algorithms.h"
#include "x509/openssl.h"

#include <cotter/error.h>

namespace cotter::tls {

class LibraryContext {
  public:
    /// A context with nothing of openssl.cnf or the environment.
    [[nodiscard]] static Result<LibraryContext> make();

    LibraryContext(LibraryContext&&) = default;
    LibraryContext& operator=(LibraryContext&&) = delete;  // it would free in the wrong order
    ~LibraryContext() = default;

    [[nodiscard]] OSSL_LIB_CTX* get() const { return offering_.context.get(); }

  private:
    struct Loaded {
        x509::LibraryContextPtr context;
        ProviderPtr provider;  ///< unloaded before its context ends, which frees no more than what it loaded by itself
    };

    LibraryContext(Loaded working, Loaded offering) : working_(std::move(working)), offering_(std::move(offering)) {}
    Loaded working_;   ///< OpenSSL's default provider, for the allowed algorithms to work with, and for nothing else
    Loaded offering_;  ///< the allowed algorithms; ends first
};

}  // namespace cotter::tls
