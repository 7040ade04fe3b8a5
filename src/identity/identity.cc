// Loading and making identities.
#include "identity/identity.h"

#include "files/files.h"
#include "text/escape.h"
#include "x509/new_certificate.h"
#include "x509/pem.h"

#include <openssl/pem.h>

namespace cotter::identity {
namespace {

constexpr std::chrono::days kLifetime{3652};

unexpected<Error> bad_key(const std::filesystem::path& file, std::string why, std::string next) {
    return failed("identity_key", "reading the private key " + text::escape(file.string()), std::move(why),
                  std::move(next));
}

/// Never asks: a daemon has nobody to ask, and a prompt in a pipe hangs.
int refuse_passphrase(char* /*buffer*/, int /*size*/, int /*is_writing*/, void* was_asked) {
    *static_cast<bool*>(was_asked) = true;
    return -1;
}

/// Where the file is reached by a link, as certificate tools lay them out, the target counts.
std::filesystem::path target_of(const std::filesystem::path& file) {
    std::error_code fault;
    std::filesystem::path target = std::filesystem::canonical(file, fault);
    return fault ? file : target;
}

Result<std::shared_ptr<EVP_PKEY>> read_key(const std::filesystem::path& file, KeyLink link) {
    auto content = files::read_private(link == KeyLink::kFollow ? target_of(file) : file);
    if (!content) return unexpected(content.error());
    const x509::BioPtr memory(BIO_new_mem_buf(content->data(), static_cast<int>(content->size())));
    bool was_asked = false;
    const auto next_key = [&] {
        return x509::EvpKeyPtr(PEM_read_bio_PrivateKey(memory.get(), nullptr, &refuse_passphrase, &was_asked));
    };
    x509::EvpKeyPtr key = next_key();
    const bool has_second = key && next_key();
    OPENSSL_cleanse(content->data(), content->size());
    static_cast<void>(x509::drain_error_queue());
    if (was_asked) {
        return bad_key(file, "it is encrypted with a passphrase",
                       "(umask 077; openssl pkey -in FILE -out PLAIN.key), and give that file");
    }
    if (!key)
        return bad_key(file, "it holds no private key in PEM", "give the file that begins with BEGIN PRIVATE KEY");
    if (has_second) return bad_key(file, "it holds more than one private key", "give a file with one key");
    return std::shared_ptr<EVP_PKEY>(key.release(), EVP_PKEY_free);
}

x509::EvpKeyPtr generate(KeyChoice choice) {
    switch (choice) {
        case KeyChoice::kP256: return x509::EvpKeyPtr(EVP_EC_gen("P-256"));
        case KeyChoice::kEd25519: return x509::EvpKeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
        case KeyChoice::kRsa3072: return x509::EvpKeyPtr(EVP_RSA_gen(3072));
    }
    return nullptr;
}

Result<Identity> with_certificate(std::shared_ptr<EVP_PKEY> key, x509::Time now) {
    auto certificate = x509::self_signed({.common_name = "cotter",
                                          .not_before = now - std::chrono::hours(24),
                                          .not_after = now + kLifetime,
                                          .purposes = {x509::Purpose::kServer, x509::Purpose::kClient}},
                                         key.get());
    if (!certificate) return unexpected(certificate.error());
    return Identity::from(std::move(key), {std::move(*certificate)});
}

}  // namespace

std::optional<KeyChoice> key_choice_from(std::string_view text) {
    if (text == "p256") return KeyChoice::kP256;
    if (text == "ed25519") return KeyChoice::kEd25519;
    if (text == "rsa3072") return KeyChoice::kRsa3072;
    return std::nullopt;
}

Result<std::shared_ptr<EVP_PKEY>> make_key(KeyChoice choice) {
    x509::EvpKeyPtr key = generate(choice);
    if (!key) return failed("identity_make", "making a key", x509::drain_error_queue());
    return std::shared_ptr<EVP_PKEY>(key.release(), EVP_PKEY_free);
}

Pin Identity::pin() const {
    return *certificate().pin(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256);
}

Result<Identity> Identity::from(std::shared_ptr<EVP_PKEY> key, std::vector<x509::Certificate> chain) {
    const std::string what = "using a key with its certificate";
    if (!key || chain.empty()) return failed("identity_empty", what, "one of the two is missing");
    const unsigned char* at = x509::octets(chain.front().der());
    const x509::X509Ptr leaf(d2i_X509(nullptr, &at, static_cast<long>(chain.front().der().size())));
    const bool belong_together = leaf && X509_check_private_key(leaf.get(), key.get()) == 1;
    static_cast<void>(x509::drain_error_queue());
    if (!belong_together) {
        return failed("identity_mismatch", what, "the certificate is of another key",
                      "give the key and the certificate that were made together");
    }
    if (const auto weakness = chain.front().public_key().weakness()) {
        return failed("identity_weak", what, *weakness, "make a key of P-256, Ed25519 or RSA 3072");
    }
    return Identity(std::move(key), std::move(chain));
}

Result<Identity> load_identity(const std::filesystem::path& key_file, const std::filesystem::path& certificate_file,
                               KeyLink link) {
    auto key = read_key(key_file, link);
    if (!key) return unexpected(key.error());
    auto chain = x509::read_certificates(certificate_file.string());
    if (!chain) return unexpected(chain.error());
    auto identity = Identity::from(std::move(*key), std::move(*chain));
    if (!identity) {
        identity.error().what =
            "using " + text::escape(key_file.string()) + " with " + text::escape(certificate_file.string());
    }
    return identity;
}

Result<Identity> make_identity(KeyChoice choice, x509::Time now) {
    auto key = make_key(choice);
    if (!key) return unexpected(key.error());
    return with_certificate(std::move(*key), now);
}

Result<Identity> certify_key(const std::filesystem::path& key_file, x509::Time now, KeyLink link) {
    auto key = read_key(key_file, link);
    if (!key) return unexpected(key.error());
    return with_certificate(std::move(*key), now);
}

}  // namespace cotter::identity
