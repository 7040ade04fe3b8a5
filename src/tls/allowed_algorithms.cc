// Filtering the default provider's tables (provider-base(7), "Provider functions").
#include "tls/allowed_algorithms.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace cotter::tls {
namespace {

// By the first of an algorithm's names; the likely ones first.
constexpr auto kDigests = std::to_array<std::string_view>({
    "SHA2-256", "SHA2-384", "SHA2-512",
    "SHA1",  // no signature's: libcrypto names a certificate by it
});
constexpr auto kCiphers = std::to_array<std::string_view>({"AES-128-GCM", "AES-256-GCM", "ChaCha20-Poly1305"});
constexpr auto kMacs = std::to_array<std::string_view>({"HMAC"});
constexpr auto kKeyDerivations = std::to_array<std::string_view>({"TLS13-KDF", "HKDF", "TLS1-PRF"});
constexpr auto kRandom = std::to_array<std::string_view>({"CTR-DRBG", "SEED-SRC"});
constexpr auto kKeys = std::to_array<std::string_view>({"EC", "X25519", "ED25519", "RSA", "RSA-PSS", "ED448", "HMAC"});
constexpr auto kExchanges = std::to_array<std::string_view>({"X25519", "ECDH"});
constexpr auto kSignatures = std::to_array<std::string_view>({"ECDSA", "ED25519", "RSA", "ED448", "HMAC"});
constexpr auto kDecoders = std::to_array<std::string_view>({"EC", "ED25519", "RSA", "RSA-PSS", "ED448"});
constexpr auto kGroups = std::to_array<unsigned>({29, 23, 24, 25});  ///< x25519, secp256r1, 384, 521 (RFC 8446 4.2.7)

/// The key of a certificate, and our own (RFC 5280 4.1.2.7, RFC 5208 5); both in DER.
constexpr auto kStructures =
    std::to_array<std::string_view>({"structure=SubjectPublicKeyInfo", "structure=PrivateKeyInfo"});

std::span<const std::string_view> allowed(int operation) {
    switch (operation) {
        case OSSL_OP_DIGEST: return kDigests;
        case OSSL_OP_CIPHER: return kCiphers;
        case OSSL_OP_MAC: return kMacs;
        case OSSL_OP_KDF: return kKeyDerivations;
        case OSSL_OP_RAND: return kRandom;
        case OSSL_OP_KEYMGMT: return kKeys;
        case OSSL_OP_KEYEXCH: return kExchanges;
        case OSSL_OP_SIGNATURE: return kSignatures;
        case OSSL_OP_DECODER: return kDecoders;
        default: return {};
    }
}

bool is_wanted(int operation, const OSSL_ALGORITHM& algorithm, std::string_view name) {
    const std::string_view names = algorithm.algorithm_names;
    if (names.substr(0, names.find(':')) != name) return false;
    const std::string_view properties = algorithm.property_definition;
    return operation != OSSL_OP_DECODER || std::ranges::any_of(kStructures, [&](std::string_view structure) {
               return properties.ends_with(structure);
           });
}

/// Ends with an entry of nulls, as OpenSSL wants it.
using Table = std::vector<OSSL_ALGORITHM>;
using ParametersPtr = std::unique_ptr<OSSL_PARAM, x509::FreeBy<OSSL_PARAM_free>>;

Table filtered(OSSL_PROVIDER* whole, int operation) {
    Table table;
    int is_volatile = 0;
    const OSSL_ALGORITHM* const all = OSSL_PROVIDER_query_operation(whole, operation, &is_volatile);
    for (const std::string_view name : allowed(operation)) {
        for (const OSSL_ALGORITHM* at = all; at != nullptr && at->algorithm_names != nullptr; ++at) {
            if (is_wanted(operation, *at, name)) table.push_back(*at);
        }
    }
    table.emplace_back();
    return table;
}

int keep_group(const OSSL_PARAM* parameters, void* groups) {
    const OSSL_PARAM* const number = OSSL_PARAM_locate_const(parameters, OSSL_CAPABILITY_TLS_GROUP_ID);
    unsigned value = 0;
    if (number == nullptr || OSSL_PARAM_get_uint(number, &value) != 1) return 0;
    if (std::ranges::find(kGroups, value) == kGroups.end()) return 1;
    ParametersPtr copy(OSSL_PARAM_dup(parameters));
    if (!copy) return 0;
    static_cast<std::vector<ParametersPtr>*>(groups)->push_back(std::move(copy));
    return 1;
}

/// What is offered: made once, since the entries point to constants of libcrypto, the same in every context.
struct Offered {
    explicit Offered(OSSL_PROVIDER* whole) {
        for (std::size_t operation = 0; operation < tables.size(); ++operation)
            tables.at(operation) = filtered(whole, static_cast<int>(operation));
        if (OSSL_PROVIDER_get_capabilities(whole, kGroupCapability, &keep_group, &groups) != 1) throw std::bad_alloc();
    }
    static constexpr const char* kGroupCapability = "TLS-GROUP";

    std::array<Table, OSSL_OP__HIGHEST + 1> tables;
    std::vector<ParametersPtr> groups;
};

/// `whole` counts at the first call that is not cut short, which is in start().
const Offered& offered(OSSL_PROVIDER* whole = nullptr) {
    static const Offered kOffered(whole);
    return kOffered;
}

const OSSL_ALGORITHM* query(void* /*provider*/, int operation, int* is_volatile) {
    *is_volatile = 0;
    const bool is_known = operation >= 0 && operation <= OSSL_OP__HIGHEST;
    return is_known ? offered().tables.at(static_cast<std::size_t>(operation)).data() : nullptr;
}

int tell_capabilities(void* /*provider*/, const char* capability, OSSL_CALLBACK* tell, void* argument) {
    if (std::string_view(capability) != Offered::kGroupCapability) return 1;
    return static_cast<int>(std::ranges::all_of(
        offered().groups, [&](const ParametersPtr& group) { return tell(group.get(), argument) == 1; }));
}

/// OpenSSL gives a provider's start no argument of ours; it runs inside load_allowed_algorithms().
thread_local OSSL_PROVIDER* starting_from = nullptr;

template <class Function>
constexpr OSSL_DISPATCH entry(int id, Function* function) {
    return {id, reinterpret_cast<void (*)()>(function)};
}

int start(const OSSL_CORE_HANDLE* /*handle*/, const OSSL_DISPATCH* /*core*/, const OSSL_DISPATCH** functions,
          void** provider) noexcept try {
    static const std::array<OSSL_DISPATCH, 3> kFunctions{
        entry(OSSL_FUNC_PROVIDER_QUERY_OPERATION, &query),
        entry(OSSL_FUNC_PROVIDER_GET_CAPABILITIES, &tell_capabilities),
        OSSL_DISPATCH{},
    };
    static_cast<void>(offered(starting_from));
    *functions = kFunctions.data();
    *provider = OSSL_PROVIDER_get0_provider_ctx(starting_from);  // the implementations take it for their own
    return 1;
} catch (...) {
    return 0;
}

}  // namespace

ProviderPtr load_allowed_algorithms(OSSL_LIB_CTX* context, OSSL_PROVIDER* whole) {
    constexpr const char* kName = "cotter";
    starting_from = whole;
    ProviderPtr provider(OSSL_PROVIDER_add_builtin(context, kName, &start) == 1 ? OSSL_PROVIDER_load(context, kName)
                                                                                : nullptr);
    starting_from = nullptr;
    return provider;
}

}  // namespace cotter::tls
