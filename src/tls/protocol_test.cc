// What can be negotiated, and who gets through a handshake at all: an OpenSSL of the test's own, as odd as it likes, at
// the other end.
#include "tls/testing/ends.h"

#include <gtest/gtest.h>

#include <openssl/err.h>

namespace cotter::tls {
namespace {

using testing::converse;
using testing::forged_key;
using testing::hear;
using testing::mint;
using testing::Minted;
using testing::MintKey;
using testing::OurEnd;
using testing::raw_context;
using testing::RawEnd;
using testing::Scene;
using trust::Protocol;

constexpr int kTls12 = TLS1_2_VERSION;
constexpr int kTls13 = TLS1_3_VERSION;

/// How the other end is odd.
struct Odd {
    const char* why;
    int least = TLS1_VERSION;
    int most = kTls13;
    const char* suites = nullptr;  ///< of TLS 1.2 and before
    const char* signatures = nullptr;
    const char* groups = nullptr;
    int alert = 40;  ///< what our end answers
    bool has_certificate = true;
};

x509::SslContextPtr context_of(const Odd& odd, bool is_server, const Minted& identity) {
    x509::SslContextPtr context = raw_context(is_server, odd.has_certificate ? &identity : nullptr);
    EXPECT_EQ(SSL_CTX_set_min_proto_version(context.get(), odd.least), 1);
    EXPECT_EQ(SSL_CTX_set_max_proto_version(context.get(), odd.most), 1);
    if (odd.suites != nullptr) {
        EXPECT_EQ(SSL_CTX_set_cipher_list(context.get(), odd.suites), 1) << odd.why;
    }
    if (odd.signatures != nullptr) {
        EXPECT_EQ(SSL_CTX_set1_sigalgs_list(context.get(), odd.signatures), 1) << odd.why;
    }
    if (odd.groups != nullptr) {
        EXPECT_EQ(SSL_CTX_set1_groups_list(context.get(), odd.groups), 1) << odd.why;
    }
    SSL_CTX_set_psk_client_callback(
        context.get(),
        [](SSL*, const char*, char* identity_text, unsigned size, unsigned char* key, unsigned) -> unsigned {
            if (size < 4) return 0;
            std::copy_n("psk", 4, identity_text);
            std::fill_n(key, 16, static_cast<unsigned char>(7));
            return 16;
        });
    return context;
}

ContextSettings tls12_too() {
    return {Protocol::kTls12, false, {}};
}

void expect_no_server_for(const Odd& odd, const ContextSettings& settings, const Minted& server_identity) {
    Scene scene(settings);
    scene.server_minted = server_identity;
    scene.remake_server();
    RawEnd client(context_of(odd, false, scene.client_minted), false);
    OurEnd server = scene.server_end();
    converse(client, server);
    static_cast<void>(client.read());
    EXPECT_TRUE(server.is_failed()) << odd.why;
    EXPECT_EQ(client.alert, odd.alert) << odd.why;
    EXPECT_FALSE(open_stream(std::move(server.handshake))) << odd.why;
}

TEST(Protocol, A48_Tls12OnlyBySetting) {
    const Minted identity = mint().leaf("server.example");
    expect_no_server_for({.why = "TLS 1.2", .most = kTls12, .alert = 70}, {}, identity);
    for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
        expect_no_server_for({.why = "before TLS 1.2", .most = version, .alert = 70}, tls12_too(), identity);
    }
    Scene scene(tls12_too());
    RawEnd client(context_of({.why = "", .most = kTls12}, false, scene.client_minted), false);
    OurEnd server = scene.server_end();
    converse(client, server);
    ASSERT_TRUE(server.is_finished());
    const auto stream = open_stream(std::move(server.handshake));
    ASSERT_TRUE(stream);
    EXPECT_EQ(stream->protocol_text(), "TLSv1.2");
    EXPECT_EQ(stream->peer().protocol, Protocol::kTls12);
    EXPECT_EQ(stream->peer().possession, trust::Possession::kProven);
}

TEST(Protocol, A48_AClientTakesNoLessThanItsFloor) {
    for (const bool allows_tls12 : {false, true}) {
        for (const int version : {TLS1_1_VERSION, kTls12, kTls13}) {
            Scene scene(allows_tls12 ? tls12_too() : ContextSettings{Protocol::kTls13, false, {}});
            RawEnd server(context_of({.why = "", .most = version}, true, scene.server_minted), true);
            OurEnd client = scene.client_end();
            converse(server, client);
            const bool is_fine = version == kTls13 || (version == kTls12 && allows_tls12);
            EXPECT_EQ(client.is_finished(), is_fine) << version;
            EXPECT_EQ(open_stream(std::move(client.handshake)).has_value(), is_fine) << version;
        }
    }
}

TEST(Protocol, A45_NoSuiteWithoutAnEphemeralKeyAndAnAead) {
    const Minted ecdsa = mint().leaf("server.example");
    const Minted rsa = mint().leaf("server.example").key(MintKey::kRsa2048);
    const Odd cases[] = {
        {.why = "static RSA", .most = kTls12, .suites = "AES128-GCM-SHA256:AES256-SHA@SECLEVEL=0"},
        {.why = "DHE", .most = kTls12, .suites = "DHE-RSA-AES128-GCM-SHA256@SECLEVEL=0"},
        {.why = "CBC with ECDSA", .most = kTls12, .suites = "ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA"},
        {.why = "CBC with RSA", .most = kTls12, .suites = "ECDHE-RSA-AES128-SHA256:ECDHE-RSA-AES256-SHA"},
        {.why = "CCM, which is not ours", .most = kTls12, .suites = "ECDHE-ECDSA-AES128-CCM8:ECDHE-ECDSA-AES128-CCM"},
        {.why = "no encryption", .most = kTls12, .suites = "ECDHE-ECDSA-NULL-SHA:NULL-SHA256@SECLEVEL=0"},
    };
    for (const Odd& odd : cases) {
        expect_no_server_for(odd, tls12_too(), ecdsa);
        expect_no_server_for(odd, tls12_too(), rsa);
    }
}

TEST(Protocol, A18_NoSuiteWithoutACertificate) {
    const Minted identity = mint().leaf("server.example");
    const Odd cases[] = {
        {.why = "anonymous", .most = kTls12, .suites = "ADH-AES128-GCM-SHA256:AECDH-AES128-SHA@SECLEVEL=0"},
        {.why = "PSK", .most = kTls12, .suites = "PSK-AES128-GCM-SHA256@SECLEVEL=0"},
        {.why = "ECDHE-PSK", .most = kTls12, .suites = "ECDHE-PSK-AES128-CBC-SHA256@SECLEVEL=0"},
    };
    for (const Odd& odd : cases) expect_no_server_for(odd, tls12_too(), identity);
}

TEST(Protocol, A18_AnExternalPresharedKeyDoesNotStandInForACertificate) {
    Scene scene;
    auto context = raw_context(false, nullptr);
    SSL_CTX_set_psk_use_session_callback(
        context.get(), [](SSL* ssl, const EVP_MD*, const unsigned char** id, std::size_t* size, SSL_SESSION** session) {
            constexpr unsigned char kSuite[] = {0x13, 0x01};
            static constexpr unsigned char kKey[32] = {7};
            SSL_SESSION* made = SSL_SESSION_new();
            SSL_SESSION_set1_master_key(made, kKey, sizeof kKey);
            SSL_SESSION_set_cipher(made, SSL_CIPHER_find(ssl, kSuite));
            SSL_SESSION_set_protocol_version(made, TLS1_3_VERSION);
            *session = made;
            *id = kKey;
            *size = sizeof kKey;
            return 1;
        });
    RawEnd client(std::move(context), false);
    OurEnd server = scene.server_end();
    converse(client, server);
    EXPECT_TRUE(server.is_failed());
    EXPECT_EQ(SSL_session_reused(client.get()), 0);
    ASSERT_TRUE(server.handshake.failure().verdict);
    EXPECT_EQ(server.handshake.failure().verdict->first_reason().code, trust::ReasonCode::kNoCertificate);
}

TEST(Protocol, A52_NoHandshakeIsSignedWithSha1OrMd5) {
    const Minted ecdsa = mint().leaf("server.example");
    const Minted rsa = mint().leaf("server.example").key(MintKey::kRsa2048);
    expect_no_server_for({.why = "SHA-1", .most = kTls12, .signatures = "ECDSA+SHA1:RSA+SHA1"}, tls12_too(), ecdsa);
    expect_no_server_for({.why = "SHA-1", .most = kTls12, .signatures = "ECDSA+SHA1:RSA+SHA1"}, tls12_too(), rsa);
    expect_no_server_for({.why = "SHA-224", .most = kTls12, .signatures = "ECDSA+SHA224"}, tls12_too(), ecdsa);
}

TEST(Protocol, A48_NoGroupButTheNamedCurves) {
    const Minted identity = mint().leaf("server.example");
    expect_no_server_for({.why = "P-224", .most = kTls12, .groups = "P-224"}, tls12_too(), identity);
    expect_no_server_for({.why = "finite field", .least = kTls13, .groups = "ffdhe2048"}, tls12_too(), identity);
}

TEST(Protocol, A14_AClientWithoutACertificateIsToldThatOneIsRequired) {
    const Minted identity = mint().leaf("server.example");
    expect_no_server_for({.why = "TLS 1.3", .least = kTls13, .alert = 116, .has_certificate = false}, {}, identity);
    expect_no_server_for({.why = "TLS 1.2", .most = kTls12, .alert = 40, .has_certificate = false}, tls12_too(),
                         identity);
}

TEST(Protocol, A13_ARefusalForWantOfACertificateIsAVerdict) {
    for (const int most : {kTls12, kTls13}) {
        Scene scene(tls12_too());
        RawEnd client(context_of({.why = "", .most = most, .has_certificate = false}, false, scene.client_minted),
                      false);
        OurEnd server = scene.server_end();
        converse(client, server);
        ASSERT_TRUE(server.handshake.failure().verdict);
        EXPECT_EQ(server.handshake.failure().verdict->first_reason().code, trust::ReasonCode::kNoCertificate);
    }
}

TEST(Protocol, A28_WhateverNameIsAskedForTheCertificateIsRequired) {
    for (const char* name : {"server.example", "other.example", "UPPER.example", "*.example", "."}) {
        Scene scene;
        RawEnd client(raw_context(false, nullptr), false);
        ASSERT_EQ(
            SSL_ctrl(client.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, std::string(name).data()),
            1);
        OurEnd server = scene.server_end();
        converse(client, server);
        EXPECT_TRUE(server.is_failed()) << name;
    }
}

TEST(Protocol, A46_PeersWithoutTheExtendedMasterSecretAreRefused) {
    for (const bool at_server : {true, false}) {
        Scene scene(tls12_too());
        auto context =
            context_of({.why = "", .most = kTls12}, !at_server, at_server ? scene.client_minted : scene.server_minted);
        SSL_CTX_set_options(context.get(), SSL_OP_NO_EXTENDED_MASTER_SECRET);
        RawEnd odd(std::move(context), !at_server);
        OurEnd ours = at_server ? scene.server_end() : scene.client_end();
        converse(odd, ours);
        ASSERT_TRUE(ours.is_finished());
        const auto opened = open_stream(std::move(ours.handshake));
        ASSERT_FALSE(opened);
        EXPECT_EQ(opened.error().first_reason().code, trust::ReasonCode::kDowngradedProtocol);
    }
}

TEST(Protocol, A26_AnotherKeysSignatureRefuses) {
    const Minted other = mint().leaf("other.example");
    for (const bool at_server : {true, false}) {
        for (const int most : {kTls12, kTls13}) {
            Scene scene(tls12_too());
            const Minted& shown = at_server ? scene.client_minted : scene.server_minted;
            const x509::EvpKeyPtr key = forged_key(shown.key(), other.key());
            auto context = context_of({.why = "", .most = most}, !at_server, shown);
            ASSERT_EQ(SSL_CTX_use_PrivateKey(context.get(), key.get()), 1);
            RawEnd odd(std::move(context), !at_server);
            OurEnd ours = at_server ? scene.server_end() : scene.client_end();
            converse(odd, ours);
            static_cast<void>(odd.read());
            EXPECT_TRUE(ours.is_failed());
            EXPECT_EQ(odd.alert, 51) << "decrypt_error";
            EXPECT_FALSE(ours.handshake.failure().verdict);
            EXPECT_FALSE(open_stream(std::move(ours.handshake)));
        }
    }
}

TEST(Protocol, A27_ASignatureWithABitTurnedRefuses) {
    // In TLS 1.2 the client's CertificateVerify goes in the clear: some octet before its end is the signature's.
    for (const std::size_t from_the_end : {60U, 70U, 80U}) {
        Scene scene(tls12_too());
        RawEnd client(context_of({.why = "", .most = kTls12}, false, scene.client_minted), false);
        OurEnd server = scene.server_end();
        ByteVector flight = client.take(server.take(client.take({})));
        ASSERT_GT(flight.size(), from_the_end);
        flight[flight.size() - from_the_end] ^= std::byte{1};
        static_cast<void>(server.take(flight));
        EXPECT_TRUE(server.is_failed());
        EXPECT_FALSE(open_stream(std::move(server.handshake)));
    }
}

TEST(Protocol, A161_AChainOfMoreThan32KibIsRefused) {
    Scene scene;
    std::string zeros =
        "0482"
        "8200";
    zeros.append(0x8200U * 2, '0');
    const Minted huge = mint().leaf("client.example").extension("1.3.6.1.4.1.99999.1", false, zeros);
    ASSERT_GT(huge.der().size(), 32U << 10U);
    RawEnd client(raw_context(false, &huge), false);
    OurEnd server = scene.server_end();
    converse(client, server);
    EXPECT_TRUE(server.is_failed());
    EXPECT_TRUE(scene.server_judge.asked.empty()) << "it was decoded and judged";
}

TEST(Protocol, A161_MoreThanTenCertificatesAreMalformed) {
    const Minted extra = mint().leaf("extra.example");
    for (const std::size_t count : {10U, 11U}) {
        Scene scene;
        auto context = raw_context(false, &scene.client_minted);
        for (std::size_t i = 1; i < count; ++i) {
            const unsigned char* at = x509::octets(Bytes(extra.der()));
            SSL_CTX_add_extra_chain_cert(context.get(), d2i_X509(nullptr, &at, static_cast<long>(extra.der().size())));
        }
        RawEnd client(std::move(context), false);
        OurEnd server = scene.server_end();
        converse(client, server);
        ASSERT_EQ(scene.server_judge.asked.size(), 1U);
        EXPECT_EQ(scene.server_judge.asked.front().malformed.has_value(), count > 10);
        EXPECT_EQ(scene.server_judge.asked.front().presented.size(), count > 10 ? 0U : count);
        EXPECT_EQ(server.is_failed(), count > 10);
    }
}

TEST(Protocol, A22_WhatIsLeftInTheErrorQueueIsNobodysFault) {
    Scene scene;
    OurEnd server = scene.server_end();
    OurEnd client = scene.client_end();
    const auto stale = [] { ERR_raise(ERR_LIB_SSL, SSL_R_BAD_LENGTH); };
    stale();
    ByteVector bytes = client.take({});
    ASSERT_FALSE(client.is_failed());
    stale();
    bytes = server.take(bytes);
    ASSERT_FALSE(server.is_failed());
    stale();
    bytes = client.take(bytes);
    ASSERT_TRUE(client.is_finished());
    stale();
    static_cast<void>(server.take(bytes));
    ASSERT_TRUE(server.is_finished());

    auto from = open_stream(std::move(client.handshake));
    auto to = open_stream(std::move(server.handshake));
    ASSERT_TRUE(from && to);
    stale();
    ASSERT_TRUE(from->write(x509::as_bytes("word")));
    const ByteVector ciphertext(scene.client_wire.output().begin(), scene.client_wire.output().end());
    scene.client_wire.clear_output();
    stale();
    const auto heard = hear(*to, scene.server_wire, ciphertext);
    EXPECT_EQ(heard.text, "word");
    EXPECT_EQ(heard.reading, Plaintext::Reading::kNeedsInput);
    stale();
    EXPECT_TRUE(from->close_notify());
    ERR_clear_error();
}

TEST(Protocol, A49_BytesThatAreNoHandshakeFail) {
    for (const std::string_view text :
         std::initializer_list<std::string_view>{"GET / HTTP/1.1\r\n\r\n", "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
                                                 "SSH-2.0-x\r\n", std::string_view("\x14\x03\x03\x00\x01\x02", 6)}) {
        Scene scene;
        OurEnd server = scene.server_end();
        static_cast<void>(server.take(x509::as_bytes(text)));
        static_cast<void>(server.take(x509::as_bytes("0123456789abcdef0123456789abcdef")));
        EXPECT_TRUE(server.is_failed()) << text;
        EXPECT_FALSE(open_stream(std::move(server.handshake)));
    }
}

TEST(Protocol, A49_DataBetweenTheFlightsOfAHandshakeFails) {
    Scene scene(tls12_too());
    RawEnd client(context_of({.why = "", .most = kTls12}, false, scene.client_minted), false);
    OurEnd server = scene.server_end();
    static_cast<void>(server.take(client.take({})));
    constexpr std::string_view kData("\x17\x03\x03\x00\x04word", 9);
    static_cast<void>(server.take(x509::as_bytes(kData)));
    EXPECT_TRUE(server.is_failed());
    EXPECT_FALSE(open_stream(std::move(server.handshake)));
}

TEST(Protocol, A54_AHandshakeInFragmentsOfOneOctetFinishes) {
    Scene scene;
    OurEnd server = scene.server_end();
    OurEnd client = scene.client_end();
    ByteVector to_server = client.take({});
    while (!to_server.empty()) {
        ByteVector to_client;
        for (const std::byte octet : to_server) {
            const ByteVector part = server.take(Bytes(&octet, 1));
            to_client.insert(to_client.end(), part.begin(), part.end());
        }
        to_server = to_client.empty() ? ByteVector() : client.take(to_client);
    }
    EXPECT_TRUE(open_stream(std::move(server.handshake)));
}

TEST(Protocol, A53_NeitherCompressionNorAHeartbeatIsSpoken) {
    Scene scene(tls12_too());
    RawEnd client(context_of({.why = "", .most = kTls12}, false, scene.client_minted), false);
    SSL_clear_options(client.get(), SSL_OP_NO_COMPRESSION);
    OurEnd server = scene.server_end();
    converse(client, server);
    ASSERT_TRUE(server.is_finished());
    EXPECT_EQ(SSL_get_current_compression(client.get()), nullptr);
    auto stream = open_stream(std::move(server.handshake));
    ASSERT_TRUE(stream);
    constexpr std::string_view kHeartbeat("\x18\x03\x03\x00\x03\x01\x40\x00", 8);
    EXPECT_EQ(hear(*stream, scene.server_wire, x509::as_bytes(kHeartbeat)).reading, Plaintext::Reading::kFailed);
}

}  // namespace
}  // namespace cotter::tls
