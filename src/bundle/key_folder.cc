// Making and reading key files.
#include "bundle/key_folder.h"

#include "files/files.h"
#include "text/escape.h"
#include "x509/openssl.h"
#include "x509/pem.h"

#include <openssl/pem.h>

#include <algorithm>

namespace cotter::bundle {
namespace {

Result<ByteVector> key_pem(EVP_PKEY* key, const x509::Passphrase* passphrase) {
    const x509::BioPtr memory(BIO_new(BIO_s_secmem()));
    const bool is_written =
        memory && PEM_write_bio_PKCS8PrivateKey(memory.get(), key, passphrase ? EVP_aes_256_cbc() : nullptr,
                                                passphrase ? passphrase->data() : nullptr,
                                                passphrase ? passphrase->size() : 0, nullptr, nullptr) == 1;
    char* data = nullptr;
    const long size = is_written ? BIO_get_mem_data(memory.get(), &data) : 0;
    if (size <= 0) return failed("bundle_key", "writing a private key", x509::drain_error_queue());
    const Bytes octets = std::as_bytes(std::span(data, static_cast<std::size_t>(size)));
    return ByteVector(octets.begin(), octets.end());
}

}  // namespace

Result<Key> KeyFolder::make(Role role, identity::KeyChoice choice, const x509::Passphrase* passphrase) const {
    if (auto made = files::make_private_folder(path_); !made) return unexpected(made.error());
    auto key = identity::make_key(choice);
    if (!key) return unexpected(key.error());
    auto signing = SigningKey::from(*key);
    if (!signing) return unexpected(signing.error());
    auto pem = key_pem(key->get(), passphrase);
    if (!pem) return unexpected(pem.error());
    const std::filesystem::path file = path_ / (std::string(text_of(role)) + ".key");
    const auto written = files::write_private(file, *pem, files::Replace::kNever);
    OPENSSL_cleanse(pem->data(), pem->size());
    if (!written) return unexpected(written.error());
    return std::move(signing->half);
}

Result<std::vector<SigningKey>> KeyFolder::of(Role role, const AskFor& ask) const {
    std::vector<std::filesystem::path> files;
    std::error_code fault;
    const std::string name(text_of(role));
    for (const auto& entry : std::filesystem::directory_iterator(path_, fault)) {
        const std::string file = entry.path().filename().string();
        if (file == name + ".key" || (file.starts_with(name + "-") && file.ends_with(".key")))
            files.push_back(entry.path());
    }
    if (fault) {
        return failed("bundle_key_folder", "looking for keys in " + text::escape(path_.string()), fault.message(),
                      "give the folder that cotter bundle init made: --keys DIR");
    }
    std::ranges::sort(files);
    std::vector<SigningKey> keys;
    for (const std::filesystem::path& file : files) {
        auto key = read_signing_key(file, ask);
        if (!key) return unexpected(key.error());
        keys.push_back(std::move(*key));
    }
    return keys;
}

Result<SigningKey> read_signing_key(const std::filesystem::path& file, const AskFor& ask) {
    auto key = authority::read_key_file(file, ask(file));
    if (!key) return unexpected(key.error());
    return SigningKey::from(std::move(*key));
}

Result<Key> read_public_key(const std::filesystem::path& file) {
    const auto objects = x509::read_pinnable(file.string());
    if (!objects) return unexpected(objects.error());
    if (objects->size() != 1)
        return x509::bad_input(file.string(), 0, "it is not one key", "give a file with the one public key");
    return Key::of(x509::key_of(objects->front()));
}

}  // namespace cotter::bundle
