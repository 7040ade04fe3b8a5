// OpenSSL's objects in std::unique_ptr, octets in its spelling, and its error queue as text. The only place where
// octets are reinterpreted.
#pragma once

#include <cotter/bytes.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

namespace cotter::x509 {

/// A unique_ptr deleter that is one of OpenSSL's free functions.
template <auto Free>
struct FreeBy {
    template <class T>
    void operator()(T* object) const {
        Free(object);
    }
};

using BioPtr = std::unique_ptr<BIO, FreeBy<BIO_free_all>>;
using EvpKeyPtr = std::unique_ptr<EVP_PKEY, FreeBy<EVP_PKEY_free>>;
using EvpKeyContextPtr = std::unique_ptr<EVP_PKEY_CTX, FreeBy<EVP_PKEY_CTX_free>>;
using X509Ptr = std::unique_ptr<X509, FreeBy<X509_free>>;
using X509CrlPtr = std::unique_ptr<X509_CRL, FreeBy<X509_CRL_free>>;
using X509ReqPtr = std::unique_ptr<X509_REQ, FreeBy<X509_REQ_free>>;
using X509StorePtr = std::unique_ptr<X509_STORE, FreeBy<X509_STORE_free>>;
using X509StoreContextPtr = std::unique_ptr<X509_STORE_CTX, FreeBy<X509_STORE_CTX_free>>;
using LibraryContextPtr = std::unique_ptr<OSSL_LIB_CTX, FreeBy<OSSL_LIB_CTX_free>>;
using SslContextPtr = std::unique_ptr<SSL_CTX, FreeBy<SSL_CTX_free>>;
using SslPtr = std::unique_ptr<SSL, FreeBy<SSL_free>>;

[[nodiscard]] inline const unsigned char* octets(Bytes bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}
[[nodiscard]] inline unsigned char* octets(std::span<std::byte> bytes) {
    return reinterpret_cast<unsigned char*>(bytes.data());
}
[[nodiscard]] inline Bytes as_bytes(const unsigned char* data, std::size_t size) {
    return {reinterpret_cast<const std::byte*>(data), size};
}
[[nodiscard]] inline Bytes as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

/// Takes everything out of this thread's error queue, newest last, as one escaped line; empty if there was nothing.
[[nodiscard]] std::string drain_error_queue();

}  // namespace cotter::x509
