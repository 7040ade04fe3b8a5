// Writing and reading the files of an authority.
#include "authority/folder.h"

#include "authority/key_file.h"
#include "text/escape.h"
#include "x509/pack.h"
#include "x509/pem.h"

#include <sys/stat.h>

namespace cotter::authority {
namespace {

using files::Replace;

bool is_there(const std::filesystem::path& path) {
    struct stat status{};
    return ::lstat(path.c_str(), &status) == 0;
}

Result<void> save_key(const std::filesystem::path& file, EVP_PKEY* key, const x509::Passphrase* passphrase) {
    const auto packed = passphrase != nullptr ? x509::encrypted_key_pem(key, *passphrase) : x509::key_pem(key);
    if (!packed) return unexpected(packed.error());
    return files::write_private(file, packed->content(), Replace::kNever);
}

Result<void> save_certificate(const std::filesystem::path& file, const x509::Certificate& certificate,
                              Replace replace) {
    return files::write_public(file, x509::as_bytes(x509::to_pem(certificate)), replace);
}

Result<x509::Certificate> read_one(const std::filesystem::path& file) {
    auto certificates = x509::read_certificates(file.string());
    if (!certificates) return unexpected(certificates.error());
    if (certificates->size() != 1) return x509::bad_input(file.string(), 0, "it is not one certificate");
    return std::move(certificates->front());
}

Result<Authority> authority_of(const std::filesystem::path& key_file, std::vector<x509::Certificate> chain,
                               const Folder::Ask& ask) {
    auto key = read_key_file(key_file, ask(key_file.string()));
    if (!key) return unexpected(key.error());
    auto authority = Authority::from(std::move(*key), std::move(chain));
    if (!authority) authority.error().what = "using the authority's key " + text::escape(key_file.string());
    return authority;
}

}  // namespace

bool Folder::has_authority() const {
    return is_there(certificate_file());
}
bool Folder::has_intermediate() const {
    return is_there(intermediate_file());
}
bool Folder::has_root_key() const {
    return is_there(root_key_file());
}

Result<files::Lock> Folder::lock() const {
    if (auto made = files::make_private_folder(path_); !made) return unexpected(made.error());
    return files::Lock::take(path_ / "lock");
}

Result<void> Folder::save_root(const Authority& root, const x509::Passphrase* passphrase) const {
    if (auto saved = save_key(root_key_file(), root.private_key(), passphrase); !saved) {
        if (saved.error().code == "file_exists") {
            saved.error().why = "it is there, and ca.crt is not";
            saved.error().next = "bring ca.crt back, or move root.key away to make a new authority";
        }
        return saved;
    }
    return save_certificate(certificate_file(), root.certificate(), Replace::kNever);
}

Result<void> Folder::save_intermediate(const Authority& intermediate, const x509::Passphrase* passphrase) const {
    if (auto saved = save_key(intermediate_key_file(), intermediate.private_key(), passphrase); !saved) {
        if (saved.error().code == "file_exists") {
            saved.error().why = "it is there, and intermediate.crt is not";
            saved.error().next = "bring intermediate.crt back, or move intermediate.key away to have both made anew";
        }
        return saved;
    }
    return save_certificate(intermediate_file(), intermediate.certificate(), Replace::kNever);
}

Result<void> Folder::replace_intermediate_certificate(const x509::Certificate& certificate) const {
    return save_certificate(intermediate_file(), certificate, Replace::kExisting);
}

Result<void> Folder::save_root_list(const x509::CertificateRevocationList& list) const {
    return files::write_public(root_list_file(), x509::as_bytes(x509::pem_text("X509 CRL", list.der())),
                               Replace::kExisting);
}

Result<x509::Certificate> Folder::root_certificate() const {
    if (!has_authority()) {
        return failed("no_authority", "using the authority in " + text::escape(path_.string()), "there is none",
                      "cotter ca init");
    }
    return read_one(certificate_file());
}

Result<std::vector<x509::Certificate>> Folder::chain() const {
    auto root = root_certificate();
    if (!root) return unexpected(root.error());
    if (!has_intermediate()) return std::vector{std::move(*root)};
    auto intermediate = read_one(intermediate_file());
    if (!intermediate) return unexpected(intermediate.error());
    return std::vector{std::move(*intermediate), std::move(*root)};
}

Result<Authority> Folder::open(const Ask& ask) const {
    auto certificates = chain();
    if (!certificates) return unexpected(certificates.error());
    const bool is_intermediate = certificates->size() > 1;
    return authority_of(is_intermediate ? intermediate_key_file() : root_key_file(), std::move(*certificates), ask);
}

Result<Authority> Folder::open_root(const std::optional<std::filesystem::path>& key_file, const Ask& ask) const {
    auto root = root_certificate();
    if (!root) return unexpected(root.error());
    if (!key_file && !has_root_key()) {
        return failed("no_root_key", "using the root's key", text::escape(root_key_file().string()) + " was moved away",
                      "say where it is: --root-key FILE");
    }
    return authority_of(key_file.value_or(root_key_file()), {std::move(*root)}, ask);
}

}  // namespace cotter::authority
