// The library context of one thread.
#include "tls/library_context.h"

#include <openssl/provider.h>

namespace cotter::tls {

Result<LibraryContext> LibraryContext::make() {
    x509::LibraryContextPtr context(OSSL_LIB_CTX_new());
    // Freed with the context, so its handle isn't kept.
    if (!context || OSSL_PROVIDER_load(context.get(), "default") == nullptr) {
        return failed("openssl_unusable", "starting OpenSSL", x509::drain_error_queue(),
                      "check that libssl3 and its default provider are installed whole");
    }
    return LibraryContext(std::move(context));
}

}  // namespace cotter::tls
