// Which store a URL names, and what a certificate or a key registers as.
#include "registry/registry.h"

#include "registry/sqlite_store.h"
#include "text/escape.h"

namespace cotter::registry {
namespace {

Pin spki_pin(std::optional<Pin> pin) {
    // Every key has one; only `key` pins may be missing.
    return *std::move(pin);
}

}  // namespace

NewKey new_key_of(const x509::Certificate& certificate) {
    return {spki_pin(certificate.pin(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256)),
            certificate.public_key().canonical(), certificate.issuer_and_serial()};
}

NewKey new_key_of(const x509::PublicKey& key) {
    return {spki_pin(x509::pin_of(key, PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256)), key.canonical(),
            std::nullopt};
}

Result<std::unique_ptr<Registry>> open_registry(std::string_view url) {
    constexpr std::string_view kSqlite = "sqlite:";
    if (!url.starts_with(kSqlite) || url.size() == kSqlite.size()) {
        return malformed("registry_url", "opening the registry \"" + text::escape(url, 256) + "\"",
                         "it is not of the form sqlite:PATH", "say for instance sqlite:/var/lib/cotter/registry.db");
    }
    auto store = SqliteStore::open(url.substr(kSqlite.size()));
    if (!store) return unexpected(store.error());
    auto registry = std::make_unique<Registry>(std::move(*store));
    if (auto first = registry->changed(); !first) return unexpected(first.error());
    return registry;
}

}  // namespace cotter::registry
