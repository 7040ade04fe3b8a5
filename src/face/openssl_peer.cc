// Asking OpenSSL.
#include "face/openssl_peer.h"

#include "x509/openssl.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>

namespace cotter::openssl {
namespace {

/// As OpenSSL encodes it: what it keeps of the signed part is the octets that came.
ByteVector der_of(const X509* certificate) {
    unsigned char* encoded = nullptr;
    const int size = i2d_X509(certificate, &encoded);
    if (size <= 0) return {};  // found malformed when it is read
    const Bytes octets = x509::as_bytes(encoded, static_cast<std::size_t>(size));
    ByteVector der(octets.begin(), octets.end());
    OPENSSL_free(encoded);
    return der;
}

std::vector<ByteVector> chain_of(const X509* leaf, const STACK_OF(X509) * others) {
    std::vector<ByteVector> chain;
    if (leaf == nullptr) return chain;
    chain.push_back(der_of(leaf));
    for (int i = 0; i < sk_X509_num(others); ++i) {
        const X509* const other = sk_X509_value(others, i);
        if (X509_cmp(other, leaf) != 0) chain.push_back(der_of(other));
    }
    return chain;
}

/// Of another version is_signed() says that nothing is proven.
TlsVersion version_of(const SSL* ssl) {
    return SSL_version(ssl) == TLS1_3_VERSION ? TlsVersion::kTls13 : TlsVersion::kTls12;
}

/// Whether the suite has the peer sign the handshake with its key (RFC 8446 4.4.3; RFC 5246 7.4.3 for ephemeral
/// Diffie-Hellman).
bool is_signed(const SSL* ssl) {
    if (SSL_version(ssl) == TLS1_3_VERSION) return true;
    if (SSL_version(ssl) != TLS1_2_VERSION) return false;
    const SSL_CIPHER* suite = SSL_get_pending_cipher(ssl);
    if (suite == nullptr) suite = SSL_get_current_cipher(ssl);
    if (suite == nullptr) return false;
    const int exchange = SSL_CIPHER_get_kx_nid(suite);
    return exchange == NID_kx_ecdhe || exchange == NID_kx_dhe;
}

}  // namespace

Presented presented_in(const X509_STORE_CTX* store, const SSL* ssl) {
    return {chain_of(X509_STORE_CTX_get0_cert(store), X509_STORE_CTX_get0_untrusted(store)), is_signed(ssl),
            version_of(ssl)};
}

Presented presented_by(const SSL* ssl) {
    return {chain_of(SSL_get0_peer_certificate(ssl), SSL_get_peer_cert_chain(ssl)), is_signed(ssl), version_of(ssl)};
}

std::optional<IpAddress> source_of(const SSL* ssl) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    const int descriptor = SSL_get_fd(ssl);
    if (descriptor < 0 || ::getpeername(descriptor, reinterpret_cast<sockaddr*>(&address), &size) != 0) return {};
    int family = address.ss_family;
    const void* octets = nullptr;
    if (family == AF_INET) octets = &reinterpret_cast<const sockaddr_in&>(address).sin_addr;
    if (family == AF_INET6) {
        const in6_addr& v6 = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
        octets = &v6;
        // A listener for both families shows IPv4 so; rules are written about the address itself.
        if (IN6_IS_ADDR_V4MAPPED(&v6)) {
            family = AF_INET;
            octets = &v6.s6_addr[12];
        }
    }
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (octets == nullptr || ::inet_ntop(family, octets, text.data(), text.size()) == nullptr) return {};
    const auto parsed = IpAddress::parse(text.data());
    return parsed ? std::optional(*parsed) : std::nullopt;
}

}  // namespace cotter::openssl
