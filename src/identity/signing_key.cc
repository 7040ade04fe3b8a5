// Obtaining a signing key.
#include "identity/signing_key.h"

#include "files/files.h"
#include "identity/identity.h"
#include "x509/pack.h"

#include <chrono>

namespace cotter::identity {
namespace {

/// Of the certificates that identities come with, which nobody sees here.
x509::Time today() {
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

/// Keeps the identity alive that the key is of.
std::shared_ptr<EVP_PKEY> key_of(Identity identity) {
    const auto owner = std::make_shared<Identity>(std::move(identity));
    return {owner, owner->private_key()};
}

}  // namespace

Result<std::shared_ptr<EVP_PKEY>> signing_key(const std::filesystem::path& file, const std::filesystem::path& lock) {
    const auto locked = files::Lock::take(lock);
    if (!locked) return unexpected(locked.error());
    if (files::is_there(file)) {
        auto identity = certify_key(file, today(), KeyLink::kRefuse);
        if (!identity) return unexpected(identity.error());
        return key_of(std::move(*identity));
    }
    auto made = make_key(KeyChoice::kEd25519);
    if (!made) return made;
    const auto pem = x509::key_pem(made->get());
    if (!pem) return unexpected(pem.error());
    const auto saved = files::write_private(file, pem->content(), files::Replace::kNever);
    if (!saved) return unexpected(saved.error());
    return made;
}

}  // namespace cotter::identity
