// What OpenSSL knows of the other end of a connection, as it is presented to the judges.
#pragma once

#include <cotter/host_name.h>
#include <cotter/presented.h>

#include <openssl/ssl.h>

#include <optional>
#include <string>

namespace cotter::openssl {

/// Inside the handshake, as it is being verified. That the key is proven is said in advance: OpenSSL ends the handshake
/// unless the signature that follows is good.
[[nodiscard]] Presented presented_in(const X509_STORE_CTX* store, const SSL* ssl);

/// After it, of this handshake or of the one whose session is resumed.
[[nodiscard]] Presented presented_by(const SSL* ssl);

/// Of the socket's other end, where the connection has a socket that OpenSSL knows and that has an IP address.
[[nodiscard]] std::optional<IpAddress> source_of(const SSL* ssl);

}  // namespace cotter::openssl
