// Stores, names and keys for the registry's tests.
#include "registry/testing/store.h"

#include "registry/testing/postgresql.h"

#include <cstdio>
#include <cstdlib>
#include <ostream>
#include <system_error>
#include <thread>
#include <vector>

namespace cotter::registry::testing {
namespace {

template <class T>
T must(Result<T> result) {
    if (!result) {
        static_cast<void>(std::fprintf(stderr, "%s: %s\n", result.error().what.c_str(), result.error().why.c_str()));
        std::abort();
    }
    return std::move(*result);
}

}  // namespace

Folder::Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "cotter-registry-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
}

Folder::~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

void PrintTo(const StoreKind& kind, std::ostream* out) {
    *out << kind.name;
}

std::vector<StoreKind> all_stores() {
    return {
        {"Sqlite", [](const std::filesystem::path& folder) { return "sqlite:" + (folder / "registry.db").string(); },
         [](const std::filesystem::path& folder) { return folder; }},
        {"Postgresql",
         [](const std::filesystem::path& /*folder*/) { return PostgresqlCluster::shared().new_database(); },
         [](const std::filesystem::path& /*folder*/) { return PostgresqlCluster::shared().written_files(); }},
    };
}

std::unique_ptr<Registry> open(const std::string& url) {
    return must(open_registry(url));
}

bool sees_change(Registry& registry) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < end) {
        if (must(registry.changed())) return true;
        std::this_thread::yield();
    }
    return false;
}

ClientName name_of(std::string_view text) {
    return must(ClientName::parse(text));
}

Pin pin_of(std::uint8_t octet) {
    const ByteVector octets(32, std::byte{octet});
    return must(Pin::from_octets(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256, octets));
}

x509::CanonicalKey canonical_of(std::uint8_t octet) {
    x509::CanonicalKey key;
    key.digest.fill(std::byte{octet});
    return key;
}

NewKey key_of(std::uint8_t octet) {
    return key_of(octet, octet);
}

NewKey key_of(std::uint8_t octet, std::uint8_t pin_octet) {
    return {pin_of(pin_octet), canonical_of(octet), std::nullopt};
}

Change by_admin(Time now) {
    return {"admin@host", now};
}

}  // namespace cotter::registry::testing
