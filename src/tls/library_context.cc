// The library context of one thread: two of OpenSSL's, one behind the other.
#include "tls/library_context.h"

namespace cotter::tls {

Result<LibraryContext> LibraryContext::make() {
    Loaded working{x509::LibraryContextPtr(OSSL_LIB_CTX_new()), nullptr};
    if (working.context) working.provider.reset(OSSL_PROVIDER_load(working.context.get(), "default"));
    Loaded offering{x509::LibraryContextPtr(working.provider ? OSSL_LIB_CTX_new() : nullptr), nullptr};
    if (offering.context) offering.provider = load_allowed_algorithms(offering.context.get(), working.provider.get());
    if (!offering.provider) {
        return failed("openssl_unusable", "starting OpenSSL", x509::drain_error_queue(),
                      "check that libssl3 and its default provider are installed whole");
    }
    return LibraryContext(std::move(working), std::move(offering));
}

}  // namespace cotter::tls
