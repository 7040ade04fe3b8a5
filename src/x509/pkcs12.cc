// Opening what lies under a passphrase, by OpenSSL, with the work bounded before it is begun.
#include "x509/pkcs12.h"

#include "der/reader.h"
#include "text/escape.h"
#include "x509/certificate.h"
#include "x509/oids.h"
#include "x509/openssl.h"

#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/pkcs12err.h>
#include <openssl/provider.h>

#include <algorithm>
#include <utility>

namespace cotter::x509 {
namespace {

using der::Tag;

using Pkcs12Ptr = std::unique_ptr<PKCS12, FreeBy<PKCS12_free>>;
using Pkcs8Ptr = std::unique_ptr<PKCS8_PRIV_KEY_INFO, FreeBy<PKCS8_PRIV_KEY_INFO_free>>;
using SignaturePtr = std::unique_ptr<X509_SIG, FreeBy<X509_SIG_free>>;
using ProviderPtr = std::unique_ptr<OSSL_PROVIDER, FreeBy<OSSL_PROVIDER_unload>>;

struct FreeBags {
    void operator()(STACK_OF(PKCS12_SAFEBAG) * bags) const { sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free); }
};
using BagsPtr = std::unique_ptr<STACK_OF(PKCS12_SAFEBAG), FreeBags>;
struct FreeSafes {
    void operator()(STACK_OF(PKCS7) * safes) const { sk_PKCS7_pop_free(safes, PKCS7_free); }
};
using SafesPtr = std::unique_ptr<STACK_OF(PKCS7), FreeSafes>;

/// RC2-40 and its kind, which older keychains and Java still write, live in OpenSSL's legacy provider. It is loaded
/// into a context of its own, so that nothing else in the process can use it; where it isn't installed, those files
/// can't be opened.
class LegacyContext {
  public:
    LegacyContext() : context_(OSSL_LIB_CTX_new()) {
        if (!context_) return;
        // Not where the environment says (INVARIANT A25).
        static_cast<void>(
            OSSL_PROVIDER_set_default_search_path(context_.get(), OPENSSL_info(OPENSSL_INFO_MODULES_DIR)));
        usual_.reset(OSSL_PROVIDER_load(context_.get(), "default"));
        legacy_.reset(OSSL_PROVIDER_load(context_.get(), "legacy"));
        static_cast<void>(drain_error_queue());
    }
    [[nodiscard]] OSSL_LIB_CTX* get() const { return context_.get(); }

  private:
    LibraryContextPtr context_;  // freed after its providers
    ProviderPtr usual_;
    ProviderPtr legacy_;
};

template <class Object, class Write>
ByteVector encoded(const Object* object, Write write) {
    unsigned char* out = nullptr;
    const int size = object == nullptr ? 0 : write(object, &out);
    if (size <= 0) return {};
    const Bytes bytes = as_bytes(out, static_cast<std::size_t>(size));
    ByteVector der(bytes.begin(), bytes.end());
    OPENSSL_clear_free(out, static_cast<std::size_t>(size));
    return der;
}

/// More iterations than anybody may ask for; its square is still a number.
constexpr std::uint64_t kTooMany = UINT32_MAX;

/// A number of iterations, or more than anybody may ask for.
std::uint64_t iterations_of(const der::Element& number) {
    const auto octets = der::unsigned_integer(number);
    if (!octets || octets->size() > 4) return kTooMany;
    std::uint64_t value = 0;
    for (const std::byte octet : *octets) value = (value << 8U) | std::to_integer<unsigned>(octet);
    return value;
}

/// How often the key derivation of an AlgorithmIdentifier goes round: the second field of PBKDF2-params (RFC 8018, A.2)
/// and of pkcs-12PbeParams (RFC 7292, C), the product N·r·p of scrypt-params (RFC 7914, 7).
std::uint64_t iterations_of(const X509_ALGOR* algorithm) {
    const ByteVector encoding =
        encoded(algorithm, [](const X509_ALGOR* one, unsigned char** out) { return i2d_X509_ALGOR(one, out); });
    const auto whole = der::read_single(encoding, Tag::kSequence);
    if (!whole) return kTooMany;
    bool is_scrypt = false;
    std::optional<der::Element> level = *whole;
    // An AlgorithmIdentifier's parameters are those of the derivation, or begin with its AlgorithmIdentifier.
    for (int depth = 0; depth < 4 && level; ++depth) {
        der::Reader fields = der::Reader::inside(*level);
        const auto first = fields.next();
        if (!first) return kTooMany;
        if (first->tag == Tag::kOctetString) {
            std::uint64_t product = 1;
            for (int i = 0; i < (is_scrypt ? 3 : 1); ++i) {
                const auto number = fields.expect(Tag::kInteger);
                product = std::min(product * (number ? iterations_of(*number) : kTooMany), kTooMany);
            }
            return product;
        }
        is_scrypt = first->tag == Tag::kObjectIdentifier && oid::is(first->content, oid::kScrypt);
        const auto second = first->tag == Tag::kObjectIdentifier ? fields.next() : first;
        level = second && second->tag == Tag::kSequence ? std::optional(*second) : std::nullopt;
    }
    return kTooMany;
}

/// The certificate in a CertBag by its exact bytes, out of the encoding of its SafeBag (RFC 7292, 4.2.3).
std::optional<ByteVector> certificate_in(const PKCS12_SAFEBAG* bag) {
    const ByteVector encoding =
        encoded(bag, [](const PKCS12_SAFEBAG* one, unsigned char** out) { return i2d_PKCS12_SAFEBAG(one, out); });
    auto element = der::read_single(encoding, Tag::kSequence);
    for (const Tag tag : {der::context(0, true), Tag::kSequence, der::context(0, true), Tag::kOctetString}) {
        if (!element) return std::nullopt;
        der::Reader reader = der::Reader::inside(*element);
        if (element->tag == Tag::kSequence && !reader.expect(Tag::kObjectIdentifier)) return std::nullopt;
        element = reader.expect(tag);
    }
    if (!element) return std::nullopt;
    return ByteVector(element->content.begin(), element->content.end());
}

std::optional<PublicKey> public_half(Bytes pkcs8) {
    const unsigned char* at = octets(pkcs8);
    const EvpKeyPtr key(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(pkcs8.size())));
    const ByteVector spki =
        encoded(key.get(), [](const EVP_PKEY* one, unsigned char** out) { return i2d_PUBKEY(one, out); });
    static_cast<void>(drain_error_queue());
    auto parsed = PublicKey::parse(spki);
    return parsed ? std::optional(std::move(*parsed)) : std::nullopt;
}

class Pkcs12Reader {
  public:
    Pkcs12Reader(const PemBlock& block, std::string_view source, Secrets& secrets)
        : block_(block), source_(source), secrets_(secrets) {}

    Result<std::vector<PemBlock>> read() {
        const unsigned char* at = octets(block_.der);
        const Pkcs12Ptr file(d2i_PKCS12(nullptr, &at, static_cast<long>(block_.der.size())));
        if (!file || at != octets(block_.der) + block_.der.size()) return refuse("the PKCS#12 file can't be read");
        if (PKCS12_mac_present(file.get()) == 1) {
            if (auto opened = check_mac(*file); !opened) return unexpected(opened.error());
        }
        static_cast<void>(drain_error_queue());  // of passphrases that didn't fit
        const SafesPtr safes(PKCS12_unpack_authsafes(file.get()));
        if (!safes) return refuse("the PKCS#12 file can't be read");
        for (int i = 0; i < sk_PKCS7_num(safes.get()); ++i) {
            if (auto taken = take_safe(sk_PKCS7_value(safes.get(), i)); !taken) return unexpected(taken.error());
        }
        if (certificates_.empty() && keys_.empty()) return refuse("the PKCS#12 file holds no certificate and no key");
        return in_order();
    }

  private:
    unexpected<Error> refuse(std::string why, std::string next = {}) const {
        static_cast<void>(drain_error_queue());
        return bad_input(source_, block_.line, std::move(why), std::move(next));
    }

    unexpected<Error> refuse_passphrase() const {
        static_cast<void>(drain_error_queue());
        return failed("wrong_passphrase", "opening " + text::escape(source_, 300), "the passphrase is wrong",
                      "try again, or give another --passphrase-file");
    }

    Result<void> spend(std::uint64_t iterations) {
        if (secrets_.spend(iterations)) return {};
        return refuse("its key derivation goes round more often than any tool asks for");
    }

    /// Finds out whether it is an empty passphrase, none (they give different keys), or the one that is asked for.
    Result<void> check_mac(PKCS12& file) {
        const ASN1_INTEGER* iterations = nullptr;
        PKCS12_get0_mac(nullptr, nullptr, nullptr, &iterations, &file);
        const long rounds = iterations == nullptr ? 1 : ASN1_INTEGER_get(iterations);
        if (rounds < 1) return refuse("the PKCS#12 file can't be read");
        for (const char* const nothing : {"", static_cast<const char*>(nullptr)}) {
            if (auto spent = spend(static_cast<std::uint64_t>(rounds)); !spent) return spent;
            if (PKCS12_verify_mac(&file, nothing, 0) != 1) continue;
            passphrase_ = nothing;
            is_known_ = true;
            return {};
        }
        if (auto asked = ask(); !asked) return asked;
        if (auto spent = spend(static_cast<std::uint64_t>(rounds)); !spent) return spent;
        if (PKCS12_verify_mac(&file, passphrase_, size_) != 1) {
            const bool is_unsupported = ERR_GET_REASON(ERR_peek_error()) == PKCS12_R_UNKNOWN_DIGEST_ALGORITHM;
            if (is_unsupported) return refuse("the PKCS#12 file is protected in a way that this OpenSSL doesn't know");
            return refuse_passphrase();
        }
        is_known_ = true;
        return {};
    }

    Result<void> ask() {
        if (is_asked_) return {};
        const auto given = secrets_.passphrase();
        if (!given) return unexpected(given.error());
        passphrase_ = (*given)->data();
        size_ = (*given)->size();
        is_asked_ = true;
        return {};
    }

    /// Before something is decrypted: the passphrase is there, and the work is allowed.
    Result<void> prepare(const X509_ALGOR* algorithm) {
        if (!is_known_) {
            if (auto asked = ask(); !asked) return asked;
        }
        return spend(iterations_of(algorithm));
    }

    unexpected<Error> refuse_decryption() const {
        if (!is_known_) return refuse_passphrase();
        return refuse("the passphrase is right, but its encryption is one that this OpenSSL can't undo",
                      "openssl pkcs12 -legacy -in FILE -nodes -out PLAIN.pem, where it has the legacy provider");
    }

    Result<void> take_safe(PKCS7* safe) {
        if (PKCS7_type_is_data(safe)) {
            const BagsPtr bags(PKCS12_unpack_p7data(safe));
            return bags ? take_bags(bags.get(), 0) : refuse("the PKCS#12 file can't be read");
        }
        if (!PKCS7_type_is_encrypted(safe))
            return refuse("a part of the PKCS#12 file is neither plain nor under a passphrase, and is not taken");
        const PKCS7_ENCRYPT* const encrypted = safe->d.encrypted;
        const PKCS7_ENC_CONTENT* const content = encrypted == nullptr ? nullptr : encrypted->enc_data;
        if (content == nullptr || content->algorithm == nullptr || content->enc_data == nullptr)
            return refuse("the PKCS#12 file can't be read");
        if (auto prepared = prepare(content->algorithm); !prepared) return prepared;
        const BagsPtr bags(static_cast<STACK_OF(PKCS12_SAFEBAG)*>(
            PKCS12_item_decrypt_d2i_ex(content->algorithm, ASN1_ITEM_rptr(PKCS12_SAFEBAGS), passphrase_, size_,
                                       content->enc_data, 1, legacy_.get(), nullptr)));
        if (!bags) return refuse_decryption();
        return take_bags(bags.get(), 0);
    }

    Result<void> take_bags(const STACK_OF(PKCS12_SAFEBAG) * bags, int depth) {
        constexpr int kMostDepth = 4;
        constexpr int kMostBags = 256;
        if (depth == kMostDepth) return refuse("the PKCS#12 file is nested too deep");
        for (int i = 0; i < sk_PKCS12_SAFEBAG_num(bags); ++i) {
            if (++bags_ > kMostBags) return refuse("the PKCS#12 file holds more objects than any tool puts there");
            if (auto taken = take_bag(sk_PKCS12_SAFEBAG_value(bags, i), depth); !taken) return taken;
        }
        return {};
    }

    Result<void> take_bag(const PKCS12_SAFEBAG* bag, int depth) {
        switch (PKCS12_SAFEBAG_get_nid(bag)) {
            case NID_keyBag: return take_key(PKCS12_SAFEBAG_get0_p8inf(bag));
            case NID_pkcs8ShroudedKeyBag: {
                const X509_ALGOR* algorithm = nullptr;
                const X509_SIG* const shrouded = PKCS12_SAFEBAG_get0_pkcs8(bag);
                if (shrouded == nullptr) return refuse("the PKCS#12 file can't be read");
                X509_SIG_get0(shrouded, &algorithm, nullptr);
                if (auto prepared = prepare(algorithm); !prepared) return prepared;
                const Pkcs8Ptr key(PKCS12_decrypt_skey_ex(bag, passphrase_, size_, legacy_.get(), nullptr));
                if (!key) return refuse_decryption();
                return take_key(key.get());
            }
            case NID_certBag: {
                if (PKCS12_SAFEBAG_get_bag_nid(bag) != NID_x509Certificate)
                    return refuse("the PKCS#12 file holds a certificate of a kind that is not X.509");
                auto der = certificate_in(bag);
                if (!der) return refuse("a certificate in the PKCS#12 file can't be read");
                certificates_.emplace_back("CERTIFICATE", block_.line, std::move(*der));
                return {};
            }
            case NID_safeContentsBag: {
                const auto* const inner = PKCS12_SAFEBAG_get0_safes(bag);
                return inner == nullptr ? refuse("the PKCS#12 file can't be read") : take_bags(inner, depth + 1);
            }
            default: return {};  // CRLs and secrets have no pins
        }
    }

    Result<void> take_key(const PKCS8_PRIV_KEY_INFO* key) {
        ByteVector der = encoded(
            key, [](const PKCS8_PRIV_KEY_INFO* one, unsigned char** out) { return i2d_PKCS8_PRIV_KEY_INFO(one, out); });
        if (der.empty()) return refuse("a key in the PKCS#12 file can't be read");
        keys_.emplace_back("PRIVATE KEY", block_.line, std::move(der));
        return {};
    }

    std::vector<PemBlock> in_order() {
        std::vector<PublicKey> own;
        for (const PemBlock& key : keys_) {
            if (auto half = public_half(key.der)) own.push_back(std::move(*half));
        }
        const auto is_own = [&](const PemBlock& block) {
            const auto certificate = Certificate::parse(block.der);
            return certificate && std::ranges::find(own, certificate->public_key()) != own.end();
        };
        std::vector<PemBlock> blocks;
        for (const bool wanted : {true, false}) {
            for (PemBlock& block : certificates_) {
                if (!block.label.empty() && is_own(block) == wanted)
                    blocks.emplace_back(std::exchange(block.label, {}), block.line, std::move(block.der));
            }
        }
        for (PemBlock& key : keys_) blocks.push_back(std::move(key));
        return blocks;
    }

    const PemBlock& block_;
    std::string_view source_;
    Secrets& secrets_;
    LegacyContext legacy_;
    const char* passphrase_ = nullptr;
    int size_ = 0;
    bool is_asked_ = false;
    bool is_known_ = false;  ///< the file's MAC holds under passphrase_
    int bags_ = 0;
    std::vector<PemBlock> certificates_;
    std::vector<PemBlock> keys_;
};

}  // namespace

Result<const Passphrase*> Secrets::passphrase() {
    if (!passphrase_) {
        auto given = ask_();
        if (!given) return unexpected(given.error());
        passphrase_.emplace(std::move(*given));
    }
    return &*passphrase_;
}

bool Secrets::spend(std::uint64_t iterations) {
    if (iterations > left_) return false;
    left_ -= iterations;
    return true;
}

Result<std::vector<PemBlock>> open_pkcs12(const PemBlock& block, std::string_view source, Secrets& secrets) {
    return Pkcs12Reader(block, source, secrets).read();
}

Result<ByteVector> decrypted_key(const PemBlock& block, std::string_view source, Secrets& secrets) {
    const unsigned char* at = octets(block.der);
    const SignaturePtr encrypted(d2i_X509_SIG(nullptr, &at, static_cast<long>(block.der.size())));
    static_cast<void>(drain_error_queue());
    if (!encrypted || at != octets(block.der) + block.der.size())
        return bad_input(source, block.line, "the encrypted private key can't be read");
    const X509_ALGOR* algorithm = nullptr;
    X509_SIG_get0(encrypted.get(), &algorithm, nullptr);
    if (!secrets.spend(iterations_of(algorithm))) {
        return bad_input(
            source, block.line,
            "the private key's encryption is none that cotter knows, or goes round more often than any tool "
            "asks for");
    }
    const auto passphrase = secrets.passphrase();
    if (!passphrase) return unexpected(passphrase.error());
    const LegacyContext legacy;
    const Pkcs8Ptr key(
        PKCS8_decrypt_ex(encrypted.get(), (*passphrase)->data(), (*passphrase)->size(), legacy.get(), nullptr));
    static_cast<void>(drain_error_queue());
    if (!key) {
        return failed("wrong_passphrase", "opening " + text::escape(source, 300),
                      "the passphrase is wrong, or the encryption is one that this OpenSSL can't undo",
                      "try again, or take it off: openssl pkey -in FILE -out PLAIN.key");
    }
    return encoded(key.get(), [](const PKCS8_PRIV_KEY_INFO* one, unsigned char** out) {
        return i2d_PKCS8_PRIV_KEY_INFO(one, out);
    });
}

}  // namespace cotter::x509
