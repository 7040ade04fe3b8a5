// A provider of our own: of OpenSSL's default provider, the algorithms that a handshake of ours may use and no others.
// What isn't offered can't be negotiated, and isn't tried at each certificate either: OpenSSL decodes a key by asking
// every decoder there is.
#pragma once

#include "x509/openssl.h"

#include <openssl/provider.h>

namespace cotter::tls {

using ProviderPtr = std::unique_ptr<OSSL_PROVIDER, x509::FreeBy<OSSL_PROVIDER_unload>>;

/// Loads them into `context`, which must have no provider yet. `whole`: the default provider, loaded in another context
/// of the same thread, which does the work and must outlive `context`. Null where OpenSSL refuses; why is in its error
/// queue.
[[nodiscard]] ProviderPtr load_allowed_algorithms(OSSL_LIB_CTX* context, OSSL_PROVIDER* whole);

}  // namespace cotter::tls
