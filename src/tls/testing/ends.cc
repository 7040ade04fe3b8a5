// Carrying bytes between ends.
#include "tls/testing/ends.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

#include <array>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <stdexcept>

namespace cotter::tls::testing {
namespace {

constexpr std::string_view kServerName = "server.example";

[[noreturn]] void broken(const std::string& what) {
    std::cerr << "the test's own TLS: " << what << ": " << x509::drain_error_queue() << std::endl;
    std::abort();
}

template <class T>
T must(Result<T> result) {
    if (!result) broken(result.error().what + ": " + result.error().why);
    return std::move(*result);
}

std::string text_of(Bytes bytes) {
    std::string text;
    for (const std::byte octet : bytes) text += static_cast<char>(octet);
    return text;
}

}  // namespace

trust::Verdict ScriptedJudge::judge(const Peer& peer) const {
    asked.push_back(peer);
    if (const auto question = on_question) question();
    if (throws) throw std::runtime_error("a judge that breaks");
    trust::Verdict verdict;
    verdict.presented = peer.presented;
    verdict.by_authority = by_authority;
    verdict.outcome = says;
    verdict.farewell = farewell;
    if (peer.malformed) {
        verdict.outcome = trust::Outcome::kRefused;
        verdict.reasons.push_back({trust::ReasonCode::kMalformed, *peer.malformed});
    } else if (peer.presented.empty() || peer.possession != trust::Possession::kProven) {
        verdict.outcome = trust::Outcome::kRefused;
        verdict.reasons.push_back({trust::ReasonCode::kNoCertificate, "no certificate or no proof of its key"});
    } else if (says != trust::Outcome::kTrusted) {
        verdict.reasons.push_back({because, "the script says so"});
    }
    return verdict;
}

bool ScriptedJudge::may_join(const Peer& peer) const {
    return lets_join && !peer.presented.empty() && peer.possession == trust::Possession::kProven;
}

ByteVector OurEnd::take(Bytes received) {
    if (progress != Handshake::Progress::kNeedsInput) {
        unread.insert(unread.end(), received.begin(), received.end());
        return {};
    }
    wire.lend(received);
    progress = handshake.advance();
    const Bytes rest = wire.unread();
    unread.assign(rest.begin(), rest.end());
    wire.withdraw();
    ByteVector output(wire.output().begin(), wire.output().end());
    wire.clear_output();
    return output;
}

RawEnd::RawEnd(x509::SslContextPtr context, bool is_server)
    : context_(std::move(context)), ssl_(SSL_new(context_.get())) {
    if (!ssl_) broken("no SSL");
    BIO* in = BIO_new(BIO_s_mem());
    BIO* out = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(in, -1);
    SSL_set_bio(ssl_.get(), in, out);
    SSL_set_msg_callback(ssl_.get(), &RawEnd::on_message);
    SSL_ctrl(ssl_.get(), SSL_CTRL_SET_MSG_CALLBACK_ARG, 0, this);
    if (is_server) {
        SSL_set_accept_state(ssl_.get());
    } else {
        SSL_set_connect_state(ssl_.get());
    }
}

void RawEnd::on_message(int is_sent, int /*version*/, int content_type, const void* content, std::size_t size,
                        SSL* /*ssl*/, void* end) {
    if (is_sent != 0 || size == 0) return;
    auto& self = *static_cast<RawEnd*>(end);
    const auto* octets = static_cast<const unsigned char*>(content);
    if (content_type == SSL3_RT_ALERT && size == 2 && octets[0] == SSL3_AL_FATAL) self.alert = octets[1];
    if (content_type == SSL3_RT_HANDSHAKE) ++self.handshake_messages;
    if (content_type == SSL3_RT_HANDSHAKE && octets[0] == SSL3_MT_CERTIFICATE_REQUEST) ++self.certificate_requests;
    if (content_type == SSL3_RT_HANDSHAKE && octets[0] == SSL3_MT_NEWSESSION_TICKET) ++self.tickets;
}

ByteVector RawEnd::pending() const {
    ByteVector output(BIO_ctrl_pending(SSL_get_wbio(ssl_.get())));
    if (!output.empty()) BIO_read(SSL_get_wbio(ssl_.get()), output.data(), static_cast<int>(output.size()));
    return output;
}

ByteVector RawEnd::take(Bytes received) {
    if (!received.empty()) BIO_write(SSL_get_rbio(ssl_.get()), received.data(), static_cast<int>(received.size()));
    if (!is_finished && !is_failed) {
        ERR_clear_error();
        const int outcome = SSL_do_handshake(ssl_.get());
        is_finished = outcome == 1;
        is_failed = outcome != 1 && SSL_get_error(ssl_.get(), outcome) != SSL_ERROR_WANT_READ;
        ERR_clear_error();
    }
    return pending();
}

std::string RawEnd::read() {
    std::string text;
    for (;;) {
        std::array<char, 4096> buffer{};
        std::size_t size = 0;
        ERR_clear_error();
        if (SSL_read_ex(ssl_.get(), buffer.data(), buffer.size(), &size) != 1) break;
        text.append(buffer.data(), size);
    }
    ERR_clear_error();
    return text;
}

ByteVector RawEnd::write(std::string_view text) {
    std::size_t written = 0;
    if (SSL_write_ex(ssl_.get(), text.data(), text.size(), &written) != 1) broken("writing");
    return pending();
}

void converse(End& one, End& other) {
    ByteVector to_other = one.take({});
    ByteVector to_one = other.take({});
    while (!to_one.empty() || !to_other.empty()) {
        const ByteVector for_one = std::move(to_one);
        const ByteVector for_other = std::move(to_other);
        to_other = for_one.empty() ? ByteVector() : one.take(for_one);
        to_one = for_other.empty() ? ByteVector() : other.take(for_other);
    }
}

x509::SslContextPtr raw_context(bool is_server, const Minted* identity) {
    x509::SslContextPtr context(SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method()));
    if (!context) broken("no context");
    SSL_CTX_set_security_level(context.get(), 0);
    SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
    SSL_CTX_set_cipher_list(context.get(), "ALL:eNULL:@SECLEVEL=0");
    if (identity != nullptr) {
        const unsigned char* at = x509::octets(Bytes(identity->der()));
        const x509::X509Ptr certificate(d2i_X509(nullptr, &at, static_cast<long>(identity->der().size())));
        if (SSL_CTX_use_cert_and_key(context.get(), certificate.get(), identity->key(), nullptr, 1) != 1)
            broken("no identity");
    }
    return context;
}

x509::EvpKeyPtr forged_key(EVP_PKEY* shown, EVP_PKEY* held) {
    BIGNUM* number = nullptr;
    if (EVP_PKEY_get_bn_param(held, OSSL_PKEY_PARAM_PRIV_KEY, &number) != 1) broken("no private number");
    const std::unique_ptr<BIGNUM, x509::FreeBy<BN_clear_free>> owner(number);
    std::array<unsigned char, 133> point{};
    std::size_t size = 0;
    if (EVP_PKEY_get_octet_string_param(shown, OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size(), &size) != 1)
        broken("no public point");
    const std::unique_ptr<OSSL_PARAM_BLD, x509::FreeBy<OSSL_PARAM_BLD_free>> builder(OSSL_PARAM_BLD_new());
    OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
    OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), size);
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, number);
    const std::unique_ptr<OSSL_PARAM, x509::FreeBy<OSSL_PARAM_free>> parameters(OSSL_PARAM_BLD_to_param(builder.get()));
    const x509::EvpKeyContextPtr context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
    EVP_PKEY* made = nullptr;
    if (EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_KEYPAIR, parameters.get()) != 1)
        broken("no forged key");
    return x509::EvpKeyPtr(made);
}

identity::Identity identity_of(const Minted& minted) {
    return must(identity::Identity::from(minted.shared_key(), {minted.certificate()}));
}

Scene::Scene(ContextSettings both) : Scene(both, both) {}

Scene::Scene(ContextSettings server_settings, ContextSettings client_settings)
    : library_(must(LibraryContext::make())), server_settings_(std::move(server_settings)), client_([&] {
          const identity::Identity identity = identity_of(client_minted);
          return must(Context::client(library_, &identity, client_settings));
      }()) {
    remake_server();
}

void Scene::remake_server() {
    servers_.push_back(
        std::make_unique<Context>(must(Context::server(library_, identity_of(server_minted), server_settings_))));
}

OurEnd Scene::server_end() {
    return server_end(server_wire);
}

OurEnd Scene::server_end(Wire& through) {
    return {Handshake(*servers_.back(), through, server_judge), through};
}

OurEnd Scene::client_end(bool with_session) {
    return {
        Handshake(client_, client_wire, client_judge, *HostName::parse(kServerName), with_session ? &session : nullptr),
        client_wire};
}

Heard hear(Plaintext& stream, Wire& wire, Bytes ciphertext) {
    ByteVector buffer(ciphertext.size() + (32U << 10U));
    wire.lend(ciphertext);
    const Plaintext::Read read = stream.read(buffer);
    wire.withdraw();
    Heard heard{text_of(Bytes(buffer).first(read.size)), read.reading, {wire.output().begin(), wire.output().end()}};
    wire.clear_output();
    return heard;
}

std::string through(Plaintext& from, Wire& from_wire, Plaintext& to, Wire& to_wire, std::string_view text) {
    from_wire.lend({});
    if (!from.write(x509::as_bytes(text))) broken("writing through a stream");
    const ByteVector ciphertext(from_wire.output().begin(), from_wire.output().end());
    from_wire.clear_output();
    return hear(to, to_wire, ciphertext).text;
}

}  // namespace cotter::tls::testing
