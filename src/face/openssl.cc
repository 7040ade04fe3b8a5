// The judges, asked inside and after handshakes of a program's own SSL_CTX.
#include <cotter/openssl.h>

#include "face/openssl_peer.h"
#include "face/refusal.h"
#include "service/wall_clock.h"
#include "tls/alert.h"
#include "trust/verdict.h"
#include "x509/openssl.h"

#include <openssl/rand.h>

#include <array>
#include <memory>
#include <new>
#include <variant>

namespace cotter::openssl {
namespace {

using Judge = std::variant<ServerVerifier, Admission>;
using InfoCallback = void (*)(const SSL* ssl, int where, int outcome);

/// What a context keeps, as long as it lives.
struct Attachment {
    Judge judge;
    AttachOptions options;
    InfoCallback info = nullptr;  ///< the program's own
};

/// What a connection keeps, as long as it lives.
struct Connection {
    std::optional<HostPort> server;
    std::optional<IpAddress> source;
    std::optional<Verdict> verdict;  ///< the last, of `generation`
    std::uint64_t generation = 0;
    bool is_settled = false;  ///< after the handshake: what a first pass has to do is done
    bool is_ended = false;    ///< refused after the handshake, once and for all: it neither reads nor writes
    std::shared_ptr<const void> open_stream{};  ///< a client's, while it is counted

    /// What was decided was about another handshake, or another server.
    void forget_verdict() {
        verdict.reset();
        is_settled = false;
        is_ended = false;
        open_stream.reset();
    }
};

template <class T>
void free_ex_data(void* /*parent*/, void* value, CRYPTO_EX_DATA* /*all*/, int /*index*/, long /*number*/,
                  void* /*argument*/) {
    delete static_cast<T*>(value);
}

/// A copy of an SSL is a connection of its own, of which nothing is known yet.
int forget_in_copy(CRYPTO_EX_DATA* /*to*/, const CRYPTO_EX_DATA* /*from*/, void** value, int /*index*/, long /*number*/,
                   void* /*argument*/) {
    *value = nullptr;
    return 1;
}

int attachment_index() {
    static const int kIndex = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, &free_ex_data<Attachment>);
    return kIndex;
}

int connection_index() {
    static const int kIndex = SSL_get_ex_new_index(0, nullptr, nullptr, &forget_in_copy, &free_ex_data<Connection>);
    return kIndex;
}

const Attachment* attachment_of(const SSL* ssl) {
    return static_cast<const Attachment*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), attachment_index()));
}

Connection& connection_of(SSL* ssl) {
    auto* found = static_cast<Connection*>(SSL_get_ex_data(ssl, connection_index()));
    if (found == nullptr) {
        auto made = std::make_unique<Connection>();
        if (SSL_set_ex_data(ssl, connection_index(), made.get()) != 1) throw std::bad_alloc();
        found = made.release();
    }
    return *found;
}

const std::optional<HostPort>& server_of(const Attachment& attachment, const Connection& connection) {
    return attachment.options.server ? attachment.options.server : connection.server;
}

std::uint64_t generation_of(const Judge& judge) {
    const auto* admission = std::get_if<Admission>(&judge);
    return admission == nullptr ? 1 : admission->generation();
}

const std::optional<IpAddress>& known_source(Connection& connection, const SSL* ssl) {
    if (!connection.source) connection.source = source_of(ssl);
    return connection.source;
}

void judge(const Attachment& attachment, Connection& connection, const SSL* ssl, const Presented& presented) {
    connection.generation = generation_of(attachment.judge);
    if (const auto* admission = std::get_if<Admission>(&attachment.judge)) {
        connection.verdict = admission->judge(presented, known_source(connection, ssl));
        return;
    }
    const auto& server = server_of(attachment, connection);
    connection.verdict =
        server ? std::get<ServerVerifier>(attachment.judge).verify(*server, presented, service::wall_clock_now())
               : refusal(trust::ReasonCode::kNoPolicy, "nobody said which server this connection is to");
}

/// What must have been done before the first byte of a peer that is let in.
void settle(const Attachment& attachment, Connection& connection, const SSL* ssl) {
    if (connection.is_settled || !connection.verdict->lets_pass()) return;
    if (const auto* admission = std::get_if<Admission>(&attachment.judge)) {
        const auto& source = known_source(connection, ssl);
        connection.open_stream = admission->open_stream(*connection.verdict, source ? source->to_string() : "");
        connection.is_settled = connection.open_stream != nullptr;
        if (!connection.is_settled) {
            connection.verdict =
                refusal(trust::ReasonCode::kNotAdmitted, "the client has as many streams open as its rules allow");
        }
        return;
    }
    connection.verdict =
        std::get<ServerVerifier>(attachment.judge)
            .let_in(*server_of(attachment, connection), *connection.verdict, service::wall_clock_now());
    connection.is_settled = connection.verdict->lets_pass();
}

bool is_of_now(const Connection& connection, const Judge& judge) {
    return connection.verdict && connection.generation == generation_of(judge) &&
           !(connection.verdict->valid_until() && *connection.verdict->valid_until() < service::wall_clock_now());
}

/// Whether the keys may be another connection's, too (RFC 7627 1). Inside a callback OpenSSL doesn't say.
bool is_unbound(SSL* ssl) {
    return SSL_version(ssl) == TLS1_2_VERSION && SSL_get_extms_support(ssl) == 0;
}

/// Of a connection that has been let in before.
void judge_again(const Attachment& attachment, Connection& connection, const SSL* ssl) {
    const auto* admission = std::get_if<Admission>(&attachment.judge);
    if (admission == nullptr) return judge(attachment, connection, ssl, presented_by(ssl));
    connection.generation = admission->generation();
    if (!admission->still_admits(*connection.verdict, connection.source)) {
        connection.verdict = refusal(trust::ReasonCode::kNotAdmitted, "the client is no longer admitted");
    }
}

/// Also where OpenSSL says that the handshake is done while a server still has tickets to send, and so is not finished.
Verdict verdict_after_handshake(SSL* ssl) {
    const Attachment* const attachment = attachment_of(ssl);
    if (attachment == nullptr) {
        return refusal(trust::ReasonCode::kNoPolicy, "nothing was attached to this connection's context");
    }
    Connection& connection = connection_of(ssl);
    if (connection.is_ended) {
        SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
        return *connection.verdict;
    }
    if (connection.is_settled) {
        if (!is_of_now(connection, attachment->judge)) judge_again(*attachment, connection, ssl);
    } else {
        if (SSL_session_reused(ssl) == 1 || !is_of_now(connection, attachment->judge)) {
            judge(*attachment, connection, ssl, presented_by(ssl));
        }
        settle(*attachment, connection, ssl);
    }
    if (is_unbound(ssl)) {
        connection.verdict = refusal(trust::ReasonCode::kDowngradedProtocol,
                                     "the peer speaks TLS 1.2 without the extended master secret (RFC 7627)");
    }
    if (!connection.verdict->lets_pass()) {
        connection.is_ended = true;
        connection.open_stream.reset();
        SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    }
    return *connection.verdict;
}

/// What the program itself says of the peer.
bool pleases_program(const Attachment& attachment, X509_STORE_CTX* store, const SSL* ssl) {
    if (attachment.options.also_verify != nullptr) {
        return attachment.options.also_verify(store, attachment.options.argument) > 0;
    }
    return SSL_get_verify_callback(ssl) == nullptr || X509_verify_cert(store) > 0;
}

int on_verify(X509_STORE_CTX* store, void* argument) {
    try {
        const auto& attachment = *static_cast<const Attachment*>(argument);
        auto* const ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
        Connection& connection = connection_of(ssl);
        judge(attachment, connection, ssl, presented_in(store, ssl));
        if (!connection.verdict->lets_pass()) {
            X509_STORE_CTX_set_error(store, tls::verify_error_for(connection.verdict->content()));
            return 0;
        }
        if (!pleases_program(attachment, store, ssl)) {
            if (X509_STORE_CTX_get_error(store) == X509_V_OK)
                X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
            // OpenSSL may have been told to go on all the same.
            connection.verdict =
                refusal(trust::ReasonCode::kChainUntrusted, "the program's own check refuses the peer");
            connection.is_ended = true;
            return 0;
        }
        X509_STORE_CTX_set_error(store, X509_V_OK);
        return 1;
    } catch (...) {
        X509_STORE_CTX_set_error(store, X509_V_ERR_UNSPECIFIED);
        return 0;
    }
}

void on_info(const SSL* asked, int where, int outcome) {
    // OpenSSL gives its own object, which is not constant.
    auto* const ssl = const_cast<SSL*>(asked);
    if ((where & SSL_CB_HANDSHAKE_START) != 0) {
        // An SSL that SSL_clear() has made new for another connection.
        auto* const known = static_cast<Connection*>(SSL_get_ex_data(ssl, connection_index()));
        if (known != nullptr) known->forget_verdict();
    }
    if ((where & SSL_CB_HANDSHAKE_DONE) != 0) {
        try {
            static_cast<void>(verdict_after_handshake(ssl));
        } catch (...) {
            SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
        }
    }
    const Attachment* const attachment = attachment_of(ssl);
    if (attachment != nullptr && attachment->info != nullptr) attachment->info(asked, where, outcome);
}

unexpected<Error> could_not(std::string what) {
    return failed("tls_setup", std::move(what), x509::drain_error_queue(),
                  "give it a context of OpenSSL 3.0 or newer that nothing was attached to before");
}

Result<void> attach_judge(SSL_CTX* context, Judge judge, const AttachOptions& options, TlsVersion minimum, int mode) {
    constexpr const char* kWhat = "attaching cotter to a TLS context";
    if (context == nullptr || attachment_index() < 0 || connection_index() < 0) return could_not(kWhat);
    if (SSL_CTX_get_ex_data(context, attachment_index()) != nullptr) return could_not(kWhat);
    const int lowest = minimum == TlsVersion::kTls13 ? TLS1_3_VERSION : TLS1_2_VERSION;
    if (SSL_CTX_get_min_proto_version(context) < lowest && SSL_CTX_set_min_proto_version(context, lowest) != 1) {
        return could_not(kWhat);
    }
    auto attachment =
        std::make_unique<Attachment>(Attachment{std::move(judge), options, SSL_CTX_get_info_callback(context)});
    if (SSL_CTX_set_ex_data(context, attachment_index(), attachment.get()) != 1) return could_not(kWhat);
    Attachment* const kept = attachment.release();
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_verify(context, mode, SSL_CTX_get_verify_callback(context));
    SSL_CTX_set_cert_verify_callback(context, &on_verify, kept);
    SSL_CTX_set_info_callback(context, &on_info);
    return {};
}

}  // namespace

Result<void> attach(SSL_CTX* context, const ServerVerifier& verifier, const AttachOptions& options) {
    return attach_judge(context, verifier, options, verifier.minimum_version(), SSL_VERIFY_PEER);
}

Result<void> attach(SSL_CTX* context, const Admission& admission, const AttachOptions& options) {
    if (auto attached = attach_judge(context, admission, options, admission.minimum_version(),
                                     SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT);
        !attached) {
        return attached;
    }
    std::array<unsigned char, SSL_MAX_SID_CTX_LENGTH> id{};
    const bool is_bound = RAND_bytes(id.data(), static_cast<int>(id.size())) == 1 &&
                          SSL_CTX_set_session_id_context(context, id.data(), id.size()) == 1 &&
                          SSL_CTX_set_max_early_data(context, 0) == 1 &&
                          SSL_CTX_set_recv_max_early_data(context, 0) == 1;
    if (!is_bound) return could_not("binding sessions to an admission");
    return {};
}

Result<void> expect(SSL* ssl, const HostPort& server) {
    const DnsName* const name = server.host.dns_name();
    std::string text = name == nullptr ? std::string() : name->text();
    if (!text.empty() && SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, text.data()) != 1) {
        return could_not("saying which server a connection is to");
    }
    Connection& connection = connection_of(ssl);
    connection.server = server;
    connection.forget_verdict();
    return {};
}

Result<void> came_from(SSL* ssl, const IpAddress& source) {
    connection_of(ssl).source = source;
    return {};
}

Verdict verdict_of(SSL* ssl) {
    if (SSL_is_init_finished(ssl) != 1) {
        const auto& verdict = connection_of(ssl).verdict;
        const bool is_refused = verdict && !verdict->lets_pass();
        return is_refused ? *verdict : refusal(trust::ReasonCode::kNoCertificate, "the handshake has not finished");
    }
    return verdict_after_handshake(ssl);
}

}  // namespace cotter::openssl
