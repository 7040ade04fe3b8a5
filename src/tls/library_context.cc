// The library context of one thread.
#include "tls/library_context.h"

namespace cotter::tls {

Result<LibraryContext> LibraryContext::make() {
    x509::LibraryContextPtr context(OSSL_LIB_CTX_new());
    ProviderPtr provider(context ? OSSL_PROVIDER_load(context.get(), "default") : nullptr);
    if (!provider) {
        return failed("openssl_unusable", "starting OpenSSL", x509::drain_error_queue(),
                      "check that libssl3 and its default provider are installed whole");
    }
    return LibraryContext(std::move(context), std::move(provider));
}

}  // namespace cotter::tls
