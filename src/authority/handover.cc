// Writing a client's files.
#include "authority/handover.h"

#include "authority/key_file.h"
#include "files/files.h"
#include "text/escape.h"
#include "x509/openssl.h"
#include "x509/pack.h"
#include "x509/pem.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace cotter::authority {
namespace {

using files::Replace;
using registry::ClientName;

std::filesystem::path file_of(const std::filesystem::path& folder, const ClientName& name, std::string_view ending) {
    return folder / (name.text() + std::string(ending));
}

bool is_there(const std::filesystem::path& path) {
    struct stat status{};
    return ::lstat(path.c_str(), &status) == 0;
}

/// Only what isn't there gets rights of ours: a person may name any folder of theirs.
Result<void> make_folder(const std::filesystem::path& folder) {
    if (::mkdir(folder.c_str(), 0700) == 0 || errno == EEXIST) return {};
    return failed("folder", "making the folder " + text::escape(folder.string()),
                  std::generic_category().message(errno), "name a folder that you may write, in one that is there");
}

Result<void> see_that_nothing_is_there(const std::filesystem::path& file) {
    if (!is_there(file)) return {};
    return failed("file_exists", "writing " + text::escape(file.string()), "it exists and is not replaced",
                  "move it away first if it is no longer needed, or say --out DIR for another folder");
}

/// The root's certificate beside the client's; one that is there already must be the same.
Result<void> write_authority(const std::filesystem::path& file, const x509::Certificate& root) {
    const std::string pem = x509::to_pem(root);
    auto written = files::write_public(file, x509::as_bytes(pem), Replace::kNever);
    if (written || written.error().code != "file_exists") return written;
    const auto content = files::read(file);
    const Bytes wanted = x509::as_bytes(pem);
    if (content && std::ranges::equal(*content, wanted)) return {};
    return written;
}

Result<HandoverFiles> write_certificates(const ClientName& name, EVP_PKEY* key, const std::filesystem::path& out,
                                         const std::vector<x509::Certificate>& chain,
                                         const x509::Passphrase* passphrase, Replace replace) {
    HandoverFiles files{.key = std::nullopt,
                        .certificate = file_of(out, name, ".crt"),
                        .authority = out / "ca.crt",
                        .pkcs12 = std::nullopt};
    const std::string pem = presented_pem(chain);
    if (auto written = files::write_public(files.certificate, x509::as_bytes(pem), replace); !written)
        return unexpected(written.error());
    if (auto written = write_authority(files.authority, chain.back()); !written) return unexpected(written.error());
    if (key == nullptr) return files;
    files.key = file_of(out, name, ".key");
    if (passphrase == nullptr) return files;
    const auto packed = x509::pkcs12(key, chain, name.text(), *passphrase);
    if (!packed) return unexpected(packed.error());
    files.pkcs12 = file_of(out, name, ".p12");
    if (auto written = files::write_private(*files.pkcs12, packed->content(), replace); !written)
        return unexpected(written.error());
    return files;
}

}  // namespace

Result<Handover> Handover::begin(const ClientName& name, std::shared_ptr<EVP_PKEY> key,
                                 const std::filesystem::path& out, const std::optional<std::filesystem::path>& copy) {
    if (copy) {
        for (const auto& folder : {copy->parent_path(), *copy}) {
            if (auto made = files::make_private_folder(folder); !made) return unexpected(made.error());
        }
    }
    if (auto made = make_folder(out); !made) return unexpected(made.error());
    for (const std::string_view ending : {".key", ".crt", ".p12"}) {
        if (auto free = see_that_nothing_is_there(file_of(out, name, ending)); !free) return unexpected(free.error());
    }
    const auto pem = x509::key_pem(key.get());
    if (!pem) return unexpected(pem.error());
    Handover handover(name, std::move(key), out);
    const auto write_key = [&](const std::filesystem::path& folder) -> Result<void> {
        const std::filesystem::path file = file_of(folder, name, ".key");
        auto written = files::write_private(file, pem->content(), Replace::kNever);
        if (written) handover.provisional_.push_back(file);
        return written;
    };
    if (auto written = write_key(out); !written) return unexpected(written.error());
    if (copy && *copy != out) {
        if (auto written = write_key(*copy); !written) {
            if (written.error().code == "file_exists")
                written.error().next = "--forget keeps no copy here; or move that key away";
            return unexpected(written.error());
        }
    }
    return handover;
}

Handover::~Handover() {
    for (const auto& file : provisional_) static_cast<void>(files::shred(file));
}

void Handover::keep() {
    provisional_.clear();
}

Result<HandoverFiles> Handover::finish(const std::vector<x509::Certificate>& chain,
                                       const x509::Passphrase& passphrase) const {
    return write_certificates(name_, key_.get(), out_, chain, &passphrase, Replace::kNever);
}

Result<std::shared_ptr<EVP_PKEY>> copy_of_key(const std::filesystem::path& copy, const ClientName& name) {
    const std::filesystem::path file = file_of(copy, name, ".key");
    if (!is_there(file)) return std::shared_ptr<EVP_PKEY>();
    return read_key_file(file, never_ask(file));
}

Result<void> forget_copy(const std::filesystem::path& copy, const ClientName& name) {
    for (const std::string_view ending : {".key", ".p12"}) {
        const std::filesystem::path file = file_of(copy, name, ending);
        if (!is_there(file)) continue;
        if (auto done = files::shred(file); !done) return done;
    }
    return {};
}

Result<HandoverFiles> hand_over_again(const ClientName& name, std::shared_ptr<EVP_PKEY> key,
                                      const std::vector<x509::Certificate>& chain, const std::filesystem::path& out,
                                      const x509::Passphrase* passphrase) {
    if (auto made = make_folder(out); !made) return unexpected(made.error());
    if (key) {
        const auto pem = x509::key_pem(key.get());
        if (!pem) return unexpected(pem.error());
        const std::filesystem::path file = file_of(out, name, ".key");
        const auto written = files::write_private(file, pem->content(), Replace::kNever);
        if (!written && written.error().code != "file_exists") return unexpected(written.error());
        const auto there = read_key_file(file, never_ask(file));
        if (!there) return unexpected(there.error());
        if (EVP_PKEY_eq(there->get(), key.get()) != 1) {
            auto mismatch = see_that_nothing_is_there(file);
            mismatch.error().why = "it is another key";
            return unexpected(mismatch.error());
        }
    }
    return write_certificates(name, key.get(), out, chain, passphrase, Replace::kExisting);
}

std::string presented_pem(const std::vector<x509::Certificate>& chain) {
    std::string pem;
    const std::size_t shown = chain.size() > 1 ? chain.size() - 1 : 1;
    for (std::size_t i = 0; i < shown; ++i) pem += x509::to_pem(chain[i]);
    return pem;
}

}  // namespace cotter::authority
