// Opening a key file.
#include "authority/key_file.h"

#include "files/files.h"
#include "text/escape.h"
#include "x509/openssl.h"

namespace cotter::authority {

Result<std::shared_ptr<EVP_PKEY>> read_key_file(const std::filesystem::path& file, const x509::AskPassphrase& ask) {
    auto content = files::read_private(file);
    if (!content) return unexpected(content.error());
    const std::string source = file.string();
    auto blocks = x509::pem_blocks(*content, source);
    OPENSSL_cleanse(content->data(), content->size());
    if (!blocks) return unexpected(blocks.error());
    auto plain = x509::unpacked(std::move(*blocks), source, ask);
    if (!plain) return unexpected(plain.error());
    if (plain->size() != 1 || !x509::is_private_key(plain->front().label))
        return x509::bad_input(source, 0, "it is not one private key");
    const Bytes der = plain->front().der;
    const unsigned char* at = x509::octets(der);
    x509::EvpKeyPtr key(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(der.size())));
    static_cast<void>(x509::drain_error_queue());
    if (!key) return x509::bad_input(source, 0, "its private key can't be read");
    return std::shared_ptr<EVP_PKEY>(key.release(), EVP_PKEY_free);
}

x509::AskPassphrase never_ask(const std::filesystem::path& file) {
    return [name = text::escape(file.string())]() -> Result<x509::Passphrase> {
        return failed("key_encrypted", "reading the private key " + name, "it is encrypted with a passphrase",
                      "openssl pkey -in FILE -out PLAIN.key, and put that in its place");
    };
}

}  // namespace cotter::authority
