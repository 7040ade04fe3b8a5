// Reading keys, checking and making signatures.
#include "bundle/key.h"

#include "bundle/canonical_json.h"
#include "pin/digest.h"
#include "text/encoding.h"
#include "text/escape.h"
#include "x509/openssl.h"
#include "x509/pem_block.h"

#include <openssl/rsa.h>

#include <algorithm>

namespace cotter::bundle {
namespace {

using formats::Document;
using x509::KeyType;

struct KeyKind {
    std::string_view key_type;
    std::string_view scheme;
    KeyType type;
};

// The first of a type is what we write. securesystemslib wrote the scheme as the key type for a while.
constexpr KeyKind kKinds[] = {{"ed25519", "ed25519", KeyType::kEd25519},
                              {"ecdsa", "ecdsa-sha2-nistp256", KeyType::kEcP256},
                              {"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", KeyType::kEcP256},
                              {"ecdsa", "ecdsa-sha2-nistp384", KeyType::kEcP384},
                              {"ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384", KeyType::kEcP384},
                              {"rsa", "rsassa-pss-sha256", KeyType::kRsa}};

// DER of what stands before the octets of a key in its SubjectPublicKeyInfo.
constexpr std::string_view kEd25519Head = "302a300506032b6570032100";
constexpr std::string_view kP256Head = "3059301306072a8648ce3d020106082a8648ce3d030107034200";
constexpr std::size_t kEd25519Octets = 32;
constexpr std::size_t kP256Octets = 65;

std::optional<ByteVector> from_hex(std::string_view head, std::string_view digits, std::size_t octets) {
    if (digits.size() != 2 * octets) return std::nullopt;
    return text::octets_of_hex(std::string(head) + std::string(digits));
}

std::optional<ByteVector> from_pem(std::string_view pem, std::string_view source) {
    const auto blocks = x509::pem_blocks(x509::as_bytes(pem), source);
    if (!blocks || blocks->size() != 1 || blocks->front().label != "PUBLIC KEY") return std::nullopt;
    return blocks->front().der;
}

std::optional<ByteVector> subject_public_key_info(KeyType type, std::string_view value, std::string_view source) {
    if (type == KeyType::kEd25519) return from_hex(kEd25519Head, value, kEd25519Octets);
    if (value.starts_with("-----BEGIN")) return from_pem(value, source);
    if (type == KeyType::kEcP256) return from_hex(kP256Head, value, kP256Octets);
    return std::nullopt;
}

const EVP_MD* digest_of(KeyType type) {
    if (type == KeyType::kEd25519) return nullptr;
    return type == KeyType::kEcP384 ? EVP_sha384() : EVP_sha256();
}

using DigestContextPtr = std::unique_ptr<EVP_MD_CTX, x509::FreeBy<EVP_MD_CTX_free>>;

/// RSA signs by PSS; a signature's salt may have any length.
bool pad(EVP_PKEY_CTX* context, KeyType type, int salt_length) {
    return type != KeyType::kRsa || (EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
                                     EVP_PKEY_CTX_set_rsa_pss_saltlen(context, salt_length) == 1);
}

}  // namespace

Result<Key> Key::parse(const Document& object, std::string_view source) {
    if (!object.is_map()) return formats::refuse_value(source, object, "bad_type", "a key must be an object");
    formats::Fields fields(object, source);
    const auto key_type = fields.text("keytype");
    const auto scheme = fields.text("scheme");
    const auto value = fields.map("keyval");
    if (!key_type) return unexpected(key_type.error());
    if (!scheme) return unexpected(scheme.error());
    if (!value) return unexpected(value.error());
    if (!*key_type || !*scheme || *value == nullptr)
        return formats::refuse_value(source, object, "bad_key", "a key needs keytype, scheme and keyval");
    Key key;
    key.object_ = object;
    key.scheme_ = text::escape(**scheme, 64);
    const auto canonical = canonical_json(object);
    if (!canonical) return unexpected(canonical.error());
    key.digest_ = text::hex(sha256(x509::as_bytes(*canonical)));
    const auto kind = std::ranges::find_if(
        kKinds, [&](const KeyKind& one) { return one.key_type == **key_type && one.scheme == **scheme; });
    if (kind == std::end(kKinds)) return key;
    formats::Fields inner(**value, source);
    const auto text = inner.text("public");
    if (!text) return unexpected(text.error());
    const auto octets = *text ? subject_public_key_info(kind->type, **text, source) : std::nullopt;
    if (!octets) {
        return formats::refuse_value(source, **value, "bad_key",
                                     "its public key is not what " + key.scheme_ + " keys look like");
    }
    auto public_key = x509::PublicKey::parse(*octets);
    if (!public_key || public_key->type() != kind->type)
        return formats::refuse_value(source, **value, "bad_key", "its public key is no key of " + key.scheme_);
    if (const auto weakness = public_key->weakness())
        return formats::refuse_value(source, **value, "weak_key", *weakness);
    key.public_key_ = std::move(*public_key);
    return key;
}

Result<Key> Key::of(const x509::PublicKey& key) {
    const auto kind = std::ranges::find(kKinds, key.type(), &KeyKind::type);
    if (kind == std::end(kKinds)) {
        return malformed("bundle_key_kind", "using a key for a bundle", key.description() + " keys don't sign bundles",
                         "make one of P-256 or Ed25519");
    }
    const std::string value = key.type() == KeyType::kEd25519
                                  ? text::hex(key.key_octets())
                                  : x509::pem_text("PUBLIC KEY", key.subject_public_key_info());
    return parse(json_object({{"keytype", json_string(kind->key_type)},
                              {"keyval", json_object({{"public", json_string(value)}})},
                              {"scheme", json_string(kind->scheme)}}),
                 "a new key");
}

bool Key::has_signed(Bytes message, Bytes signature) const {
    if (!public_key_) return false;
    const Bytes der = public_key_->subject_public_key_info();
    const unsigned char* at = x509::octets(der);
    const x509::EvpKeyPtr key(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
    const DigestContextPtr context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* parameters = nullptr;
    const KeyType type = public_key_->type();
    const bool holds = key && context &&
                       EVP_DigestVerifyInit(context.get(), &parameters, digest_of(type), nullptr, key.get()) == 1 &&
                       pad(parameters, type, RSA_PSS_SALTLEN_AUTO) &&
                       EVP_DigestVerify(context.get(), x509::octets(signature), signature.size(), x509::octets(message),
                                        message.size()) == 1;
    static_cast<void>(x509::drain_error_queue());
    return holds;
}

Result<ByteVector> sign(EVP_PKEY* key, Bytes message) {
    const auto own = public_half(key);
    if (!own) return unexpected(own.error());
    const KeyType type = own->type();
    const DigestContextPtr context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* parameters = nullptr;
    std::size_t size = 0;
    ByteVector signature;
    bool is_done = context && EVP_DigestSignInit(context.get(), &parameters, digest_of(type), nullptr, key) == 1 &&
                   pad(parameters, type, RSA_PSS_SALTLEN_DIGEST) &&
                   EVP_DigestSign(context.get(), nullptr, &size, x509::octets(message), message.size()) == 1;
    if (is_done) {
        signature.resize(size);
        is_done = EVP_DigestSign(context.get(), x509::octets(std::span(signature)), &size, x509::octets(message),
                                 message.size()) == 1;
        signature.resize(size);
    }
    const std::string cause = x509::drain_error_queue();
    if (!is_done) return failed("bundle_sign", "signing a bundle", cause, "look at the key's kind (cotter inspect)");
    return signature;
}

Result<x509::PublicKey> public_half(EVP_PKEY* key) {
    unsigned char* der = nullptr;
    const int size = i2d_PUBKEY(key, &der);
    if (size <= 0) return failed("bundle_key", "reading a key's public half", x509::drain_error_queue());
    auto parsed = x509::PublicKey::parse(x509::as_bytes(der, static_cast<std::size_t>(size)));
    OPENSSL_free(der);
    return parsed;
}

}  // namespace cotter::bundle
