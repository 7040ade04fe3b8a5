// The certificates of a TLS Certificate message, exactly as they came. OpenSSL keeps only what it decoded, and encoding
// that again could give other bytes than the peer sent (INVARIANT A70).
#pragma once

#include "trust/evidence.h"

#include <cotter/bytes.h>
#include <cotter/expected.h>

#include <string_view>
#include <vector>

namespace cotter::tls {

/// Most certificates of a presented chain (INVARIANT A161).
inline constexpr std::size_t kMostCertificates = 10;

/// DER of each certificate, leaf first, as views into `message`: a whole handshake message with its four octets of
/// header (RFC 8446 4.4.2; RFC 5246 7.4.2). The error says what is wrong with it.
[[nodiscard]] expected<std::vector<Bytes>, std::string_view> certificates_of_message(Bytes message,
                                                                                     trust::Protocol protocol);

}  // namespace cotter::tls
