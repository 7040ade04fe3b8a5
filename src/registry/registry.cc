// Which store a URL names, and what a certificate or a key registers as.
#include "registry/registry.h"

#include "registry/postgresql_store.h"
#include "registry/postgresql_url.h"
#include "registry/sqlite_store.h"

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

namespace {

Result<std::unique_ptr<Store>> open_store(std::string_view url) {
    if (names_postgresql(url)) return PostgresqlStore::open(std::string(url));
    constexpr std::string_view kSqlite = "sqlite:";
    if (url.starts_with(kSqlite) && url.size() > kSqlite.size()) return SqliteStore::open(url.substr(kSqlite.size()));
    // What isn't understood isn't quoted: a password may be in it (INVARIANT A157).
    return malformed("registry_url", "opening the registry",
                     "its URL is not of the form sqlite:PATH or postgresql://[USER@]HOST/DATABASE",
                     "say for instance sqlite:/var/lib/cotter/registry.db");
}

}  // namespace

Result<std::unique_ptr<Registry>> open_registry(std::string_view url) {
    auto store = open_store(url);
    if (!store) return unexpected(store.error());
    auto registry = std::make_unique<Registry>(std::move(*store));
    if (auto first = registry->changed(); !first) return unexpected(first.error());
    return registry;
}

}  // namespace cotter::registry
