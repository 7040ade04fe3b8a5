// Signing and checking the statement about a next key.
#include "identity/key_proof.h"

#include "x509/openssl.h"
#include "x509/weak_rsa.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>

#include <algorithm>
#include <string_view>

namespace cotter::identity {
namespace {

using DigestContextPtr = std::unique_ptr<EVP_MD_CTX, x509::FreeBy<EVP_MD_CTX_free>>;

constexpr std::size_t kPadding = 64;

std::string_view sentence(KeyRole role) {
    switch (role) {
        case KeyRole::kServer: return "cotter, version 1: the key that follows the server's";
        case KeyRole::kClient: return "cotter, version 1: the key that follows the client's";
    }
    return {};
}

void append(ByteVector& to, Bytes octets) {
    to.insert(to.end(), octets.begin(), octets.end());
}

std::array<std::byte, 32> sha256(Bytes octets) {
    std::array<std::byte, 32> digest{};
    SHA256(x509::octets(octets), octets.size(), x509::octets(std::span<std::byte>(digest)));
    return digest;
}

/// How a key of that type signs: the digest's name (null: without one of ours), and whether by PSS.
struct Scheme {
    const char* digest;
    bool is_pss = false;
};
std::optional<Scheme> scheme_of(x509::KeyType type) {
    switch (type) {
        case x509::KeyType::kEcP256: return Scheme{"SHA256"};
        case x509::KeyType::kEcP384: return Scheme{"SHA384"};
        case x509::KeyType::kEcP521: return Scheme{"SHA512"};
        case x509::KeyType::kEd25519:
        case x509::KeyType::kEd448: return Scheme{nullptr};
        case x509::KeyType::kRsa:
        case x509::KeyType::kRsaPss: return Scheme{"SHA256", true};
        case x509::KeyType::kEcOther:
        case x509::KeyType::kDsa:
        case x509::KeyType::kOther: return std::nullopt;
    }
    return std::nullopt;
}

bool use_pss(EVP_PKEY_CTX* context) {
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md_name(context, "SHA256", nullptr) == 1;
}

ByteVector sign(EVP_PKEY* key, const Scheme& scheme, Bytes statement) {
    const DigestContextPtr context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* choices = nullptr;
    std::size_t size = 0;
    if (!context ||
        EVP_DigestSignInit_ex(context.get(), &choices, scheme.digest, nullptr, nullptr, key, nullptr) != 1 ||
        (scheme.is_pss && !use_pss(choices)) ||
        EVP_DigestSign(context.get(), nullptr, &size, x509::octets(statement), statement.size()) != 1)
        return {};
    ByteVector signature(size);
    if (EVP_DigestSign(context.get(), x509::octets(std::span<std::byte>(signature)), &size, x509::octets(statement),
                       statement.size()) != 1)
        return {};
    signature.resize(size);
    return signature;
}

bool is_signed(EVP_PKEY* key, const Scheme& scheme, Bytes statement, Bytes signature) {
    const DigestContextPtr context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* choices = nullptr;
    return context &&
           EVP_DigestVerifyInit_ex(context.get(), &choices, scheme.digest, nullptr, nullptr, key, nullptr) == 1 &&
           (!scheme.is_pss || use_pss(choices)) &&
           EVP_DigestVerify(context.get(), x509::octets(signature), signature.size(), x509::octets(statement),
                            statement.size()) == 1;
}

unexpected<Error> no_proof(std::string code, std::string why) {
    return failed(std::move(code), "checking a next key", std::move(why),
                  "ask the other side's owner what was announced, by another way than this connection");
}

}  // namespace

ByteVector key_statement(const KeyProofPlace& place, const x509::PublicKey& next) {
    ByteVector statement(kPadding, std::byte{' '});
    append(statement, x509::as_bytes(sentence(place.role)));
    statement.push_back(std::byte{0});
    append(statement, sha256(place.present.subject_public_key_info()));
    append(statement, sha256(next.subject_public_key_info()));
    append(statement, place.session);
    return statement;
}

Result<ByteVector> prove_key(const Identity& next, const KeyProofPlace& place) {
    const x509::PublicKey& key = next.certificate().public_key();
    const Bytes spki = key.subject_public_key_info();
    const auto scheme = scheme_of(key.type());
    const ByteVector signature = scheme ? sign(next.private_key(), *scheme, key_statement(place, key)) : ByteVector();
    if (signature.empty())
        return failed("key_proof", "signing with the next key", scheme ? x509::drain_error_queue() : key.description());
    ByteVector proof{static_cast<std::byte>(spki.size() >> 8U), static_cast<std::byte>(spki.size() & 0xffU)};
    append(proof, spki);
    append(proof, signature);
    return proof;
}

Result<x509::PublicKey> check_key_proof(Bytes proof, const KeyProofPlace& place) {
    if (proof.size() > kMostKeyProof || proof.size() < 2)
        return no_proof("key_proof_malformed", "it is no proof at all");
    const std::size_t size = (std::to_integer<std::size_t>(proof[0]) << 8U) | std::to_integer<std::size_t>(proof[1]);
    if (proof.size() <= 2 + size) return no_proof("key_proof_malformed", "it is cut off");
    auto next = x509::PublicKey::parse(proof.subspan(2, size));
    if (!next) return no_proof("key_proof_malformed", next.error().why);
    if (auto weakness = x509::weakness_on_inspection(*next)) return no_proof("weak_key", std::move(*weakness));
    if (next->canonical() == place.present.canonical())
        return no_proof("same_key", "it is the key that there is already");
    const auto scheme = scheme_of(next->type());
    if (!scheme) return no_proof("weak_key", "a key of this kind is not used here: " + next->description());
    const unsigned char* at = x509::octets(next->subject_public_key_info());
    const x509::EvpKeyPtr key(d2i_PUBKEY(nullptr, &at, static_cast<long>(size)));
    const bool holds = key && is_signed(key.get(), *scheme, key_statement(place, *next), proof.subspan(2 + size));
    static_cast<void>(x509::drain_error_queue());
    if (!holds) {
        return no_proof("key_proof_bad",
                        "its signature is not one of that key for this connection: whoever names it "
                        "has not shown that he holds it");
    }
    return next;
}

}  // namespace cotter::identity
