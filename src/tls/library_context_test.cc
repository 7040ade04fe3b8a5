// What a thread's library context offers and what not; that handshakes with every kind of key live on it.
#include "tls/library_context.h"

#include "tls/testing/ends.h"

#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/decoder.h>
#include <openssl/encoder.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/store.h>

#include <array>
#include <thread>

namespace cotter::tls {
namespace {

using testing::converse;
using testing::mint;
using testing::Minted;
using testing::MintKey;
using testing::OurEnd;
using testing::raw_context;
using testing::RawEnd;
using testing::Scene;
using trust::Protocol;

LibraryContext made() {
    auto context = LibraryContext::make();
    if (!context) throw std::runtime_error(context.error().why);
    return std::move(*context);
}

using Has = bool (*)(OSSL_LIB_CTX*, const char*);

template <auto Fetch, auto Free>
bool has(OSSL_LIB_CTX* context, const char* name) {
    auto* const found = Fetch(context, name, nullptr);
    const bool is_there = found != nullptr;
    Free(found);
    static_cast<void>(x509::drain_error_queue());
    return is_there;
}

constexpr Has kDigest = &has<EVP_MD_fetch, EVP_MD_free>;
constexpr Has kCipher = &has<EVP_CIPHER_fetch, EVP_CIPHER_free>;
constexpr Has kMac = &has<EVP_MAC_fetch, EVP_MAC_free>;
constexpr Has kDerivation = &has<EVP_KDF_fetch, EVP_KDF_free>;
constexpr Has kRandom = &has<EVP_RAND_fetch, EVP_RAND_free>;
constexpr Has kKeys = &has<EVP_KEYMGMT_fetch, EVP_KEYMGMT_free>;
constexpr Has kExchange = &has<EVP_KEYEXCH_fetch, EVP_KEYEXCH_free>;
constexpr Has kSignature = &has<EVP_SIGNATURE_fetch, EVP_SIGNATURE_free>;
constexpr Has kEncryption = &has<EVP_ASYM_CIPHER_fetch, EVP_ASYM_CIPHER_free>;
constexpr Has kEncapsulation = &has<EVP_KEM_fetch, EVP_KEM_free>;
constexpr Has kDecoder = &has<OSSL_DECODER_fetch, OSSL_DECODER_free>;
constexpr Has kEncoder = &has<OSSL_ENCODER_fetch, OSSL_ENCODER_free>;
constexpr Has kStore = &has<OSSL_STORE_LOADER_fetch, OSSL_STORE_LOADER_free>;

struct Kind {
    const char* what;
    Has has;
    std::vector<const char*> there;
    std::vector<const char*> not_there;
};

TEST(LibraryContext, A45_OffersTheAllowedAlgorithmsAndNoOthers) {
    const LibraryContext context = made();
    const Kind kinds[] = {
        {"digest", kDigest, {"SHA256", "SHA384", "SHA512", "SHA1"}, {"MD5", "MD5-SHA1", "SHA224", "SM3", "SHA3-256"}},
        {"cipher",
         kCipher,
         {"AES-128-GCM", "AES-256-GCM", "ChaCha20-Poly1305"},
         {"AES-128-CBC", "AES-256-CTR", "AES-128-CCM", "DES-EDE3-CBC", "RC4", "CAMELLIA-128-CBC", "NULL", "SM4-ECB"}},
        {"MAC", kMac, {"HMAC"}, {"POLY1305", "CMAC", "GMAC", "KMAC-128"}},
        {"key derivation", kDerivation, {"TLS13-KDF", "HKDF", "TLS1-PRF"}, {"PBKDF2", "SCRYPT", "SSHKDF", "X963KDF"}},
        {"random", kRandom, {"CTR-DRBG", "SEED-SRC"}, {"HASH-DRBG", "HMAC-DRBG", "TEST-RAND"}},
        {"keys",
         kKeys,
         {"EC", "X25519", "ED25519", "ED448", "RSA", "RSA-PSS", "HMAC"},
         {"DH", "DHX", "DSA", "SM2", "X448", "CMAC", "TLS1-PRF"}},
        {"exchange", kExchange, {"X25519", "ECDH"}, {"DH", "X448", "HKDF"}},
        {"signature", kSignature, {"ECDSA", "ED25519", "ED448", "RSA", "HMAC"}, {"DSA", "SM2", "CMAC"}},
        {"encryption", kEncryption, {}, {"RSA", "SM2"}},
        {"encapsulation", kEncapsulation, {}, {"RSA"}},
        {"decoder", kDecoder, {"EC", "ED25519", "ED448", "RSA", "RSA-PSS"}, {"DSA", "DH", "SM2", "X25519", "DER"}},
        {"encoder", kEncoder, {}, {"EC", "RSA", "ED25519"}},
        {"store", kStore, {}, {"file"}},
    };
    for (const Kind& kind : kinds) {
        for (const char* name : kind.there) EXPECT_TRUE(kind.has(context.get(), name)) << kind.what << ' ' << name;
        for (const char* name : kind.not_there) EXPECT_FALSE(kind.has(context.get(), name)) << kind.what << ' ' << name;
    }
}

TEST(LibraryContext, A48_OffersTheNamedGroupsAndNoOthers) {
    const LibraryContext context = made();
    const x509::SslContextPtr tls(SSL_CTX_new_ex(context.get(), nullptr, TLS_method()));
    ASSERT_TRUE(tls);
    for (const char* group : {"X25519", "P-256", "P-384", "P-521"})
        EXPECT_EQ(SSL_CTX_set1_groups_list(tls.get(), group), 1) << group;
    for (const char* group : {"P-224", "secp256k1", "brainpoolP256r1", "X448", "ffdhe2048"})
        EXPECT_EQ(SSL_CTX_set1_groups_list(tls.get(), group), 0) << group;
    static_cast<void>(x509::drain_error_queue());
}

std::shared_ptr<EVP_PKEY> new_key(EVP_PKEY* key) {
    if (key == nullptr) throw std::runtime_error(x509::drain_error_queue());
    return {key, EVP_PKEY_free};
}

std::shared_ptr<EVP_PKEY> new_rsa_pss_key() {
    const x509::EvpKeyContextPtr context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA-PSS", nullptr));
    EVP_PKEY* key = nullptr;
    EVP_PKEY_keygen_init(context.get());
    EVP_PKEY_generate(context.get(), &key);
    return new_key(key);
}

struct Identities {
    const char* why;
    Minted minted;
};

std::vector<Identities> every_kind_of_key() {
    const auto client = [] { return mint().leaf("client.example"); };
    return {{"P-256", client()},
            {"P-384", client().key(MintKey::kP384)},
            {"P-521", client().key(MintKey::kP521)},
            {"Ed25519", client().key(MintKey::kEd25519)},
            {"Ed448", client().reuse_key(new_key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED448")))},
            {"RSA", client().key(MintKey::kRsa2048)},
            {"RSA-PSS", client().reuse_key(new_rsa_pss_key())}};
}

TEST(LibraryContext, ServesClientsWithEveryAllowedKindOfKey) {
    for (const Identities& identity : every_kind_of_key()) {
        for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
            Scene scene({Protocol::kTls12, false, {}});
            auto context = raw_context(false, &identity.minted);
            SSL_CTX_set_max_proto_version(context.get(), version);
            RawEnd client(std::move(context), false);
            OurEnd server = scene.server_end();
            converse(client, server);
            EXPECT_TRUE(server.is_finished() && open_stream(std::move(server.handshake)))
                << identity.why << ", version " << version;
        }
    }
}

TEST(LibraryContext, IsAServersWithEveryAllowedKindOfKey) {
    for (const Identities& identity : every_kind_of_key()) {
        Scene scene;
        scene.server_minted = identity.minted;
        scene.remake_server();
        OurEnd client = scene.client_end();
        OurEnd server = scene.server_end();
        converse(client, server);
        EXPECT_TRUE(client.is_finished() && server.is_finished()) << identity.why;
    }
}

TEST(LibraryContext, A102_AKeyOnACurveThatIsNotOursIsSeenAndRefusedByTheJudge) {
    // TLS 1.2 lets a client show it.
    const std::shared_ptr<EVP_PKEY> key = new_key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "secp256k1"));
    const Minted odd = mint().leaf("client.example").reuse_key(key);
    Scene scene({Protocol::kTls12, false, {}});
    scene.server_judge.says = trust::Outcome::kRefused;
    auto context = raw_context(false, &odd);
    SSL_CTX_set_max_proto_version(context.get(), TLS1_2_VERSION);
    RawEnd client(std::move(context), false);
    OurEnd server = scene.server_end();
    converse(client, server);
    ASSERT_FALSE(scene.server_judge.asked.empty());
    const Peer& seen = scene.server_judge.asked.front();
    ASSERT_FALSE(seen.presented.empty() || seen.malformed);
    EXPECT_EQ(seen.presented.front().der().size(), odd.der().size());
    EXPECT_TRUE(server.handshake.failure().verdict);
}

TEST(LibraryContext, IsMadeAndEndedManyTimes) {
    for (int i = 0; i < 40; ++i) {
        const LibraryContext context = made();
        LibraryContext last = made();
        const LibraryContext moved = std::move(last);
        std::array<unsigned char, 8> random{};
        EXPECT_EQ(RAND_bytes_ex(context.get(), random.data(), random.size(), 0), 1);
        EXPECT_EQ(RAND_bytes_ex(moved.get(), random.data(), random.size(), 0), 1);
    }
}

TEST(LibraryContext, TwoThreadsWorkEachOnTheirOwn) {
    std::array<int, 2> finished{};
    {
        std::array<std::jthread, 2> threads;
        for (std::size_t i = 0; i < threads.size(); ++i) {
            threads.at(i) = std::jthread([&count = finished.at(i)] {
                Scene scene;
                for (int round = 0; round < 20; ++round) {
                    OurEnd client = scene.client_end();
                    OurEnd server = scene.server_end();
                    converse(client, server);
                    if (client.is_finished() && server.is_finished()) ++count;
                }
            });
        }
    }
    EXPECT_EQ(finished, (std::array<int, 2>{20, 20}));
}

}  // namespace
}  // namespace cotter::tls
