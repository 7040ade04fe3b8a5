// Writing keys by OpenSSL.
#include "x509/pack.h"

#include "x509/openssl.h"
#include "x509/sign_parts.h"

#include <openssl/pkcs12.h>
#include <openssl/rand.h>

#include <array>

namespace cotter::x509 {
namespace {

using Pkcs8Ptr = std::unique_ptr<PKCS8_PRIV_KEY_INFO, FreeBy<PKCS8_PRIV_KEY_INFO_free>>;
using AlgorithmPtr = std::unique_ptr<X509_ALGOR, FreeBy<X509_ALGOR_free>>;
using SignaturePtr = std::unique_ptr<X509_SIG, FreeBy<X509_SIG_free>>;
using Pkcs12Ptr = std::unique_ptr<PKCS12, FreeBy<PKCS12_free>>;
struct FreeCertificates {
    void operator()(STACK_OF(X509) * certificates) const { sk_X509_pop_free(certificates, X509_free); }
};
using CertificatesPtr = std::unique_ptr<STACK_OF(X509), FreeCertificates>;

/// What was made, or the Error of what OpenSSL says.
Result<Packed> packed(ByteVector content) {
    std::string fault = drain_error_queue();
    if (content.empty()) return failed("key_pack", "writing a private key", std::move(fault));
    return Packed(std::move(content));
}

/// As PEM; `der` is wiped.
ByteVector armoured(std::string_view label, ByteVector der) {
    if (der.empty()) return der;
    std::string text = pem_text(label, der);
    const Bytes octets_of_it = as_bytes(text);
    ByteVector content(octets_of_it.begin(), octets_of_it.end());
    OPENSSL_cleanse(text.data(), text.size());
    OPENSSL_cleanse(der.data(), der.size());
    return content;
}

/// PBES2 with AES-256-CBC and scrypt, salt and initialization vector fresh.
AlgorithmPtr scrypt_encryption() {
    constexpr std::uint64_t kCost = std::uint64_t{1} << 14U;
    constexpr std::uint64_t kBlockSize = 8;
    constexpr std::uint64_t kParallelism = 5;
    std::array<std::byte, 16> salt{};
    if (RAND_bytes(octets(std::span<std::byte>(salt)), static_cast<int>(salt.size())) != 1) return nullptr;
    return AlgorithmPtr(PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), octets(Bytes(salt)), static_cast<int>(salt.size()),
                                              nullptr, kCost, kBlockSize, kParallelism));
}

X509Ptr decoded(const Certificate& certificate) {
    const unsigned char* at = octets(certificate.der());
    return X509Ptr(d2i_X509(nullptr, &at, static_cast<long>(certificate.der().size())));
}

/// The certificates of a chain above its leaf.
CertificatesPtr above_leaf(const std::vector<Certificate>& chain) {
    CertificatesPtr list(sk_X509_new_null());
    for (std::size_t i = 1; list && i < chain.size(); ++i) {
        X509Ptr one = decoded(chain[i]);
        if (!one || sk_X509_push(list.get(), one.get()) == 0) return nullptr;
        static_cast<void>(one.release());
    }
    return list;
}

}  // namespace

Packed::~Packed() {
    OPENSSL_cleanse(content_.data(), content_.size());
}

Result<Packed> key_pem(const EVP_PKEY* key) {
    const Pkcs8Ptr info(EVP_PKEY2PKCS8(key));
    return packed(armoured("PRIVATE KEY", encoded(i2d_PKCS8_PRIV_KEY_INFO, info.get())));
}

Result<Packed> encrypted_key_pem(const EVP_PKEY* key, const Passphrase& passphrase) {
    const Pkcs8Ptr info(EVP_PKEY2PKCS8(key));
    AlgorithmPtr algorithm = scrypt_encryption();
    SignaturePtr encrypted;
    if (info && algorithm) {
        encrypted.reset(PKCS8_set0_pbe(passphrase.data(), passphrase.size(), info.get(), algorithm.get()));
        if (encrypted) static_cast<void>(algorithm.release());
    }
    return packed(armoured("ENCRYPTED PRIVATE KEY", encoded(i2d_X509_SIG, encrypted.get())));
}

Result<Packed> pkcs12(EVP_PKEY* key, const std::vector<Certificate>& chain, const std::string& friendly_name,
                      const Passphrase& passphrase) {
    constexpr int kRounds = 600'000;
    constexpr int kNoMacYet = -1;
    constexpr int kSaltSize = 16;
    const X509Ptr leaf = decoded(chain.front());
    const CertificatesPtr issuers = above_leaf(chain);
    std::string words(passphrase.data(), static_cast<std::size_t>(passphrase.size()));  // with a zero at its end
    Pkcs12Ptr file;
    if (leaf && issuers) {
        file.reset(PKCS12_create(words.c_str(), friendly_name.c_str(), key, leaf.get(), issuers.get(), NID_aes_256_cbc,
                                 NID_aes_256_cbc, kRounds, kNoMacYet, 0));
    }
    const bool is_sealed =
        file && PKCS12_set_mac(file.get(), words.c_str(), -1, nullptr, kSaltSize, kRounds, EVP_sha256()) == 1;
    OPENSSL_cleanse(words.data(), words.size());
    return packed(is_sealed ? encoded(i2d_PKCS12, file.get()) : ByteVector());
}

}  // namespace cotter::x509
