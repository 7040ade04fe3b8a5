// Setting up an SSL_CTX: everything that cotter does not need is off.
#include "tls/context.h"

#include "tls/handshake.h"
#include "tls/offer.h"

namespace cotter::tls {
namespace {

constexpr const char* kSuites13 = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
// ECDHE with AEAD only, so that possession of the key is always proven by a signature (INVARIANT A45).
constexpr const char* kSuites12 =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* kGroupList = "X25519:P-256:P-384:P-521";
// The PKCS#1 ones are for signatures inside chains; TLS 1.3 never signs a handshake with them.
constexpr const char* kSignatureList =
    "ecdsa_secp256r1_sha256:ed25519:ecdsa_secp384r1_sha384:ecdsa_secp521r1_sha512:ed448:"
    "rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:"
    "rsa_pss_pss_sha256:rsa_pss_pss_sha384:rsa_pss_pss_sha512:"
    "rsa_pkcs1_sha256:rsa_pkcs1_sha384:rsa_pkcs1_sha512";
constexpr long kMostCertificateBytes = 32L << 10;

unexpected<Error> could_not(std::string what) {
    return failed("tls_setup", std::move(what), x509::drain_error_queue(),
                  "this is a fault of the installation: check libssl3");
}

std::vector<unsigned char> wire_form(const std::vector<Application>& applications) {
    std::vector<unsigned char> wire;
    for (const Application application : applications) {
        const std::string_view name = protocol_name(application);
        wire.push_back(static_cast<unsigned char>(name.size()));
        wire.insert(wire.end(), name.begin(), name.end());
    }
    return wire;
}

using StackOfX509Ptr =
    std::unique_ptr<STACK_OF(X509), decltype([](STACK_OF(X509) * stack) { sk_X509_pop_free(stack, X509_free); })>;

x509::X509Ptr decode(OSSL_LIB_CTX* library, Bytes der) {
    X509* made = X509_new_ex(library, nullptr);
    const unsigned char* at = x509::octets(der);
    x509::X509Ptr owner(made);
    return d2i_X509(&made, &at, static_cast<long>(der.size())) == nullptr ? nullptr : std::move(owner);
}

/// The same key, decoded anew so that it belongs to this library context.
x509::EvpKeyPtr decode_key(OSSL_LIB_CTX* library, EVP_PKEY* key) {
    using PrivateKeyInfoPtr = std::unique_ptr<PKCS8_PRIV_KEY_INFO, x509::FreeBy<PKCS8_PRIV_KEY_INFO_free>>;
    const PrivateKeyInfoPtr info(EVP_PKEY2PKCS8(key));
    return x509::EvpKeyPtr(info ? EVP_PKCS82PKEY_ex(info.get(), library, nullptr) : nullptr);
}

bool use_identity(SSL_CTX* context, OSSL_LIB_CTX* library, const identity::Identity& identity) {
    const x509::EvpKeyPtr key = decode_key(library, identity.private_key());
    const x509::X509Ptr leaf = decode(library, identity.certificate().der());
    const StackOfX509Ptr rest(sk_X509_new_null());
    if (!key || !leaf || !rest) return false;
    for (std::size_t i = 1; i < identity.chain().size(); ++i) {
        const x509::X509Ptr certificate = decode(library, identity.chain()[i].der());
        if (!certificate || X509_add_cert(rest.get(), certificate.get(), X509_ADD_FLAG_UP_REF) != 1) return false;
    }
    return SSL_CTX_use_cert_and_key(context, leaf.get(), key.get(), rest.get(), 1) == 1;
}

}  // namespace

Offer offer() {
    return {kSuites13, kSuites12, kGroupList, kSignatureList, kMostCertificateBytes};
}

std::string_view protocol_name(Application application) {
    switch (application) {
        case Application::kBare: return {};
        case Application::kStream: return "cotter/1";
        case Application::kJoin: return "cotter-join/1";
        case Application::kControl: return "cotter-control/1";
    }
    return {};
}

Result<Context> Context::make(const LibraryContext& library, const SSL_METHOD* method,
                              const identity::Identity* identity, const ContextSettings& settings) {
    x509::SslContextPtr context(SSL_CTX_new_ex(library.get(), nullptr, method));
    if (!context) return could_not("making a TLS context");
    SSL_CTX* const ctx = context.get();
    const auto version_of = [](trust::Protocol protocol) {
        return protocol == trust::Protocol::kTls12 ? TLS1_2_VERSION : TLS1_3_VERSION;
    };

    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_QUERY_MTU);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_security_level(ctx, 2);
    SSL_CTX_set_max_cert_list(ctx, kMostCertificateBytes);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    const bool is_set = SSL_CTX_set_min_proto_version(ctx, version_of(settings.minimum_protocol)) == 1 &&
                        SSL_CTX_set_max_proto_version(ctx, version_of(settings.maximum_protocol)) == 1 &&
                        SSL_CTX_set_ciphersuites(ctx, kSuites13) == 1 && SSL_CTX_set_cipher_list(ctx, kSuites12) == 1 &&
                        SSL_CTX_set1_groups_list(ctx, kGroupList) == 1 &&
                        SSL_CTX_set1_sigalgs_list(ctx, kSignatureList) == 1 &&
                        SSL_CTX_set_num_tickets(ctx, settings.resumption ? 1 : 0) == 1;
    if (!is_set) return could_not("setting the TLS rules");
    if (identity != nullptr && !use_identity(ctx, library.get(), *identity))
        return could_not("using our key and certificate");

    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    SSL_CTX_set_cert_verify_callback(ctx, &Handshake::on_verify, nullptr);
    SSL_CTX_set_msg_callback(ctx, &Handshake::on_message);

    auto shared = std::make_unique<Shared>();
    shared->settings = settings;
    shared->alpn = wire_form(settings.applications);
    return Context(std::move(context), std::move(shared));
}

Result<Context> Context::server(const LibraryContext& library, const identity::Identity& identity,
                                const ContextSettings& settings) {
    auto made = make(library, TLS_server_method(), &identity, settings);
    if (!made) return made;
    SSL_CTX_set_alpn_select_cb(made->get(), &Context::select_application, made->shared_.get());
    if (settings.resumption) {
        SSL_CTX_set_session_cache_mode(made->get(), SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_INTERNAL);
        SSL_CTX_set_timeout(made->get(), std::chrono::seconds(kMostSessionAge).count());
        SSL_CTX_sess_set_new_cb(made->get(), &Handshake::on_new_session);
        SSL_CTX_sess_set_get_cb(made->get(), &Handshake::on_get_session);
    }
    return made;
}

Result<Context> Context::client(const LibraryContext& library, const identity::Identity* identity,
                                const ContextSettings& settings) {
    auto made = make(library, TLS_client_method(), identity, settings);
    if (!made) return made;
    const std::vector<unsigned char>& alpn = made->shared_->alpn;
    if (!alpn.empty() && SSL_CTX_set_alpn_protos(made->get(), alpn.data(), static_cast<unsigned>(alpn.size())) != 0) {
        return could_not("setting the application protocols");
    }
    if (settings.asks_for_status) {
        // Its macro casts as C does.
        const bool is_set = SSL_CTX_set_tlsext_status_type(made->get(), TLSEXT_STATUSTYPE_ocsp) == 1 &&
                            SSL_CTX_callback_ctrl(made->get(), SSL_CTRL_SET_TLSEXT_STATUS_REQ_CB,
                                                  reinterpret_cast<void (*)()>(&Handshake::on_status)) == 1;
        if (!is_set) return could_not("asking for the server's OCSP response");
    }
    if (settings.resumption) {
        SSL_CTX_set_session_cache_mode(made->get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
        SSL_CTX_sess_set_new_cb(made->get(), &Handshake::on_new_session);
    }
    return made;
}

int Context::select_application(SSL* /*ssl*/, const unsigned char** selected, unsigned char* selected_size,
                                const unsigned char* offered, unsigned offered_size, void* shared) {
    const std::vector<unsigned char>& ours = static_cast<const Shared*>(shared)->alpn;
    unsigned char* found = nullptr;
    const int outcome = SSL_select_next_proto(&found, selected_size, ours.data(), static_cast<unsigned>(ours.size()),
                                              offered, offered_size);
    if (outcome != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_NOACK;
    *selected = found;
    return SSL_TLSEXT_ERR_OK;
}

}  // namespace cotter::tls
