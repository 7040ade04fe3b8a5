// SHA-2 by OpenSSL, whose algorithms are fetched once: a fetch takes locks and longer than the hashing.
#include "pin/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <limits>
#include <memory>
#include <new>

namespace cotter {
namespace {

struct FreeContext {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

/// Writes the digest of `octets`; a digest that can't be made is no digest of something else.
void hash(const EVP_MD* algorithm, Bytes octets, std::span<std::byte> result) {
    thread_local const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
    unsigned size = 0;
    auto* const output = static_cast<unsigned char*>(static_cast<void*>(result.data()));
    if (!context || algorithm == nullptr || EVP_DigestInit_ex2(context.get(), algorithm, nullptr) != 1 ||
        EVP_DigestUpdate(context.get(), octets.data(), octets.size()) != 1 ||
        EVP_DigestFinal_ex(context.get(), output, &size) != 1 || size != result.size()) {
        throw std::bad_alloc();
    }
}

const EVP_MD* algorithm_of(PinForm form) {
    static const EVP_MD* const kSha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    static const EVP_MD* const kSha384 = EVP_MD_fetch(nullptr, "SHA384", nullptr);
    static const EVP_MD* const kSha512 = EVP_MD_fetch(nullptr, "SHA512", nullptr);
    switch (form) {
        case PinForm::kSha256: return kSha256;
        case PinForm::kSha384: return kSha384;
        case PinForm::kSha512: return kSha512;
        case PinForm::kDer: return nullptr;
    }
    return nullptr;
}

}  // namespace

std::array<std::byte, 32> sha256(Bytes octets) {
    std::array<std::byte, 32> result{};
    hash(algorithm_of(PinForm::kSha256), octets, result);
    return result;
}

std::array<std::byte, 32> hmac_sha256(Bytes key, Bytes octets) {
    std::array<std::byte, 32> result{};
    const auto* const input = static_cast<const unsigned char*>(static_cast<const void*>(octets.data()));
    auto* const output = static_cast<unsigned char*>(static_cast<void*>(result.data()));
    unsigned size = 0;
    if (key.size() > std::numeric_limits<int>::max() ||
        HMAC(algorithm_of(PinForm::kSha256), key.data(), static_cast<int>(key.size()), input, octets.size(), output,
             &size) == nullptr ||
        size != result.size()) {
        throw std::bad_alloc();
    }
    return result;
}

ByteVector digest(PinForm form, Bytes octets) {
    if (form == PinForm::kDer) return {octets.begin(), octets.end()};
    ByteVector result(digest_size(form));
    hash(algorithm_of(form), octets, result);
    return result;
}

}  // namespace cotter
