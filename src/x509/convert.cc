// Writing objects in another form.
#include "x509/convert.h"

#include "der/reader.h"
#include "text/escape.h"
#include "x509/openssl.h"
#include "x509/pem.h"

#include <openssl/encoder.h>

#include <algorithm>

namespace cotter::x509 {
namespace {

using EncoderPtr = std::unique_ptr<OSSL_ENCODER_CTX, FreeBy<OSSL_ENCODER_CTX_free>>;

std::string name_of(const PemBlock& block) {
    return block.label == "PKCS12" ? "a PKCS#12 file" : "a block " + text::escape(block.label, 60);
}

/// PEM text as it grows, in a buffer that is wiped whenever it moves.
class Output {
  public:
    void add(std::string_view label, Bytes der) {
        std::string text = pem_text(label, der);
        const Bytes bytes = as_bytes(text);
        if (content_.capacity() - content_.size() < bytes.size()) {
            ByteVector larger;
            larger.reserve(2 * (content_.size() + bytes.size()));
            larger.assign(content_.begin(), content_.end());
            OPENSSL_cleanse(content_.data(), content_.size());
            content_ = std::move(larger);
        }
        content_.insert(content_.end(), bytes.begin(), bytes.end());
        OPENSSL_cleanse(text.data(), text.size());
        is_private_ = is_private_ || is_private_key(label);
    }
    [[nodiscard]] bool is_empty() const { return content_.empty(); }
    [[nodiscard]] Converted take() { return {std::move(content_), is_private_, false}; }

  private:
    ByteVector content_;
    bool is_private_ = false;
};

Result<Converted> as_pem(const std::vector<PemBlock>& blocks, std::string_view source) {
    Output output;
    for (const PemBlock& block : blocks) {
        if (block.label == "PKCS12" || block.label == "OCSP RESPONSE")
            return bad_input(source, block.line, name_of(block) + " has no PEM form",
                             "take its key (--to pkcs8) or its public keys (--to spki)");
        output.add(block.label, block.der);
    }
    return output.take();
}

Result<Converted> as_der(const std::vector<PemBlock>& blocks, std::string_view source) {
    if (blocks.size() != 1) {
        return bad_input(source, 0, "it holds " + std::to_string(blocks.size()) + " objects, and a DER file is one",
                         "give a file with one of them alone");
    }
    const PemBlock& block = blocks.front();
    return Converted(block.der, is_private_key(block.label), true);
}

EvpKeyPtr private_key_of(const PemBlock& block) {
    const unsigned char* at = octets(block.der);
    EvpKeyPtr key(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(block.der.size())));
    if (at != octets(block.der) + block.der.size()) key.reset();
    static_cast<void>(drain_error_queue());
    return key;
}

/// `structure`: OpenSSL's name of it, as in OSSL_ENCODER-PKCS8 (provider-encoder(7)).
std::optional<ByteVector> encoded(const EVP_PKEY& key, const char* structure) {
    const EncoderPtr encoder(OSSL_ENCODER_CTX_new_for_pkey(&key, EVP_PKEY_KEYPAIR, "DER", structure, nullptr));
    unsigned char* out = nullptr;
    std::size_t size = 0;
    const bool is_written = encoder && OSSL_ENCODER_to_data(encoder.get(), &out, &size) == 1;
    static_cast<void>(drain_error_queue());
    if (!is_written) return std::nullopt;
    const Bytes bytes = as_bytes(out, size);
    ByteVector der(bytes.begin(), bytes.end());
    OPENSSL_clear_free(out, size);
    return der;
}

Result<Converted> private_keys_as(const std::vector<PemBlock>& blocks, Form form, std::string_view source) {
    Output output;
    for (const PemBlock& block : blocks) {
        if (!is_private_key(block.label)) continue;
        const EvpKeyPtr key = private_key_of(block);
        if (!key) return bad_input(source, block.line, "the key can't be read");
        if (form == Form::kPkcs1 && EVP_PKEY_is_a(key.get(), "RSA") != 1) {
            return bad_input(source, block.line,
                             "PKCS#1 is the form of RSA keys alone, and this is one of " +
                                 text::escape(EVP_PKEY_get0_type_name(key.get()), 40),
                             "every private key has the form --to pkcs8");
        }
        auto der = encoded(*key, form == Form::kPkcs1 ? "type-specific" : "PrivateKeyInfo");
        if (!der) return bad_input(source, block.line, "the key can't be written in that form");
        output.add(form == Form::kPkcs1 ? "RSA PRIVATE KEY" : "PRIVATE KEY", *der);
        OPENSSL_cleanse(der->data(), der->size());
    }
    if (output.is_empty()) {
        return bad_input(source, blocks.front().line, name_of(blocks.front()) + " holds no private key",
                         "give the file of the private key, or take the public one (--to spki)");
    }
    return output.take();
}

/// Each key once, in order: a certificate and its key in one file are of the same.
Result<Converted> public_keys_as(const std::vector<PemBlock>& blocks, Form form, std::string_view source) {
    const auto objects = pinnable_from(blocks, source);
    if (!objects) return unexpected(objects.error());
    Output output;
    std::vector<PublicKey> seen;
    for (const PinnableObject& object : *objects) {
        const auto* certificate = std::get_if<Certificate>(&object);
        const PublicKey& key = certificate != nullptr ? certificate->public_key() : std::get<PublicKey>(object);
        if (std::ranges::find(seen, key) != seen.end()) continue;
        if (form == Form::kPkcs1 && key.type() != KeyType::kRsa) {
            return bad_input(source, 0, "PKCS#1 is the form of RSA keys alone, and this is " + key.description(),
                             "every public key has the form --to spki");
        }
        if (form == Form::kPkcs1) {
            output.add("RSA PUBLIC KEY", key.key_octets());
        } else {
            output.add("PUBLIC KEY", key.subject_public_key_info());
        }
        seen.push_back(key);
    }
    return output.take();
}

}  // namespace

Converted::~Converted() {
    OPENSSL_cleanse(content.data(), content.size());
}

Result<Converted> converted(const std::vector<PemBlock>& blocks, Form form, std::string_view source) {
    if (blocks.empty()) return bad_input(source, 0, "it holds no object");
    for (const PemBlock& block : blocks) {
        if (const auto whole = der::read_single(block.der, der::Tag::kSequence); !whole) {
            return bad_input(source, block.line,
                             name_of(block) + " is not DER: " + std::string(whole.error().why) + " at byte " +
                                 std::to_string(whole.error().offset));
        }
    }
    const bool has_private =
        std::ranges::any_of(blocks, [](const PemBlock& block) { return is_private_key(block.label); });
    switch (form) {
        case Form::kPem: return as_pem(blocks, source);
        case Form::kDer: return as_der(blocks, source);
        case Form::kPkcs8: return private_keys_as(blocks, form, source);
        case Form::kSpki: return public_keys_as(blocks, form, source);
        case Form::kPkcs1:
            return has_private ? private_keys_as(blocks, form, source) : public_keys_as(blocks, form, source);
    }
    return bad_input(source, 0, "it can't be converted");
}

}  // namespace cotter::x509
