// Driving a handshake, and OpenSSL's callbacks into it. No exception leaves a callback: what goes wrong refuses.
#include "tls/handshake.h"

#include "text/escape.h"
#include "tls/certificate_message.h"
#include "tls/handshake_state.h"

#include <openssl/err.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <new>

namespace cotter::tls {
namespace {

constexpr std::byte kCertificateMessage{11};
// RFC 5705 4: labels outside the registry begin with EXPERIMENTAL.
constexpr std::string_view kConnectionIdLabel = "EXPERIMENTAL cotter connection id";

trust::Protocol protocol_of(const SSL* ssl) {
    switch (SSL_version(ssl)) {
        case TLS1_3_VERSION: return trust::Protocol::kTls13;
        case TLS1_2_VERSION: return trust::Protocol::kTls12;
        default: return trust::Protocol::kNone;
    }
}

Application application_of(const SSL* ssl) {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl, &name, &size);
    const Bytes selected = x509::as_bytes(name, size);
    for (const Application application : {Application::kStream, Application::kJoin, Application::kControl}) {
        if (std::ranges::equal(selected, x509::as_bytes(protocol_name(application)))) return application;
    }
    return Application::kBare;
}

/// Whether OpenSSL, which will check the signature with the key that it decoded, decoded exactly these bytes.
bool is_same_certificate(X509* decoded, Bytes received) {
    unsigned char* encoded = nullptr;
    const int size = i2d_X509(decoded, &encoded);
    if (size <= 0) return false;
    const bool is_same = std::ranges::equal(x509::as_bytes(encoded, static_cast<std::size_t>(size)), received);
    OPENSSL_free(encoded);
    return is_same;
}

/// Whether a stapled OCSP response could still turn the verdict.
bool is_only_about_revocation(const trust::Verdict& verdict) {
    return std::ranges::all_of(verdict.reasons, [](const trust::Reason& reason) {
        return reason.code == trust::ReasonCode::kRevocationUnknown ||
               reason.code == trust::ReasonCode::kStaleRevocation;
    });
}

/// Whether an alert message is an error. A warning (TLS 1.2: a server that doesn't know the name, say) ends nothing, so
/// it must not explain an end that comes later.
bool ends_connection(Bytes alert) {
    constexpr std::byte kFatal{2};
    return alert[0] == kFatal;
}

std::string printable_id(const std::array<std::byte, 5>& octets) {
    constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
    std::uint64_t bits = 0;
    for (const std::byte octet : octets) bits = (bits << 8U) | std::to_integer<std::uint64_t>(octet);
    std::string text(8, '0');
    for (std::size_t i = 0; i < text.size(); ++i) text[i] = kAlphabet[(bits >> (35U - 5U * i)) & 31U];
    return text;
}

}  // namespace

Handshake::State& Handshake::State::of(SSL* ssl) {
    return *static_cast<State*>(SSL_get_ex_data(ssl, 0));
}

void Handshake::State::attach(const Context& of_context, Wire& through, const PeerJudge& asked) {
    context = &of_context;
    wire = &through;
    judge = &asked;
    ssl.reset(SSL_new(of_context.get()));
    if (!ssl) throw std::bad_alloc();
    if (SSL_set_ex_data(ssl.get(), 0, this) != 1) throw std::bad_alloc();
    SSL_ctrl(ssl.get(), SSL_CTRL_SET_MSG_CALLBACK_ARG, 0, this);
    BIO_up_ref(through.bio());
    SSL_set_bio(ssl.get(), through.bio(), through.bio());
}

Handshake::Handshake(const Context& context, Wire& wire, const PeerJudge& judge) : state_(std::make_unique<State>()) {
    state_->attach(context, wire, judge);
    state_->is_server = true;
    constexpr std::string_view kSessionContext = "cotter serve";
    SSL_set_session_id_context(state_->ssl.get(), x509::octets(x509::as_bytes(kSessionContext)),
                               static_cast<unsigned>(kSessionContext.size()));
    SSL_set_accept_state(state_->ssl.get());
}

Handshake::Handshake(const Context& context, Wire& wire, const PeerJudge& judge, const HostName& server_name,
                     ClientSession* session)
    : state_(std::make_unique<State>()) {
    state_->attach(context, wire, judge);
    state_->client_session = session;
    SSL* const ssl = state_->ssl.get();
    if (const DnsName* name = server_name.dns_name()) {
        std::string text = name->text();
        if (SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, text.data()) != 1)
            throw std::bad_alloc();
    }
    if (session != nullptr) {
        state_->client_session_era = session->era();
        const RememberedSession* last = session->find(std::chrono::steady_clock::now());
        // One whose server would be refused today is not offered: the full handshake may show another certificate.
        if (last != nullptr && judge.judge(last->peer).lets_pass() && SSL_set_session(ssl, last->session.get()) == 1) {
            state_->resumed_peer = last->peer;
        }
    }
    SSL_set_connect_state(ssl);
}

Handshake::Handshake(Handshake&&) noexcept = default;
Handshake& Handshake::operator=(Handshake&&) noexcept = default;
Handshake::~Handshake() = default;

const HandshakeFailure& Handshake::failure() const {
    return state_->failure;
}
const std::string& Handshake::connection_id() const {
    state_->derive_connection_id();
    return state_->connection_id;
}
const Peer& Handshake::peer() const {
    return state_->peer;
}
std::string Handshake::suite_text() const {
    return SSL_get_cipher_name(state_->ssl.get());
}

bool Handshake::speaks_first() const {
    return !state_->is_server;
}

Handshake::Progress Handshake::advance() {
    ERR_clear_error();
    SSL* const ssl = state_->ssl.get();
    const int outcome = SSL_do_handshake(ssl);
    if (outcome == 1) {
        state_->is_finished = true;
        if (SSL_session_reused(ssl) == 1 && state_->resumed_peer) {
            state_->peer = *state_->resumed_peer;
            state_->peer.application = application_of(ssl);
        }
        state_->peer.protocol = protocol_of(ssl);
        return Progress::kFinished;
    }
    if (SSL_get_error(ssl, outcome) == SSL_ERROR_WANT_READ) return Progress::kNeedsInput;
    state_->note_failure();
    return Progress::kFailed;
}

void Handshake::State::note_failure() {
    const int reason = ERR_GET_REASON(ERR_peek_error());
    failure.detail = x509::drain_error_queue();
    if (received_alert) {
        failure.alert = received_alert;
    } else if (verdict && !verdict->lets_pass() && !awaits_staple) {
        failure.verdict = std::move(verdict);
    } else if (!verdict &&
               (reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE || reason == SSL_R_NO_CERTIFICATES_RETURNED)) {
        peer.protocol = protocol_of(ssl.get());
        peer.application = application_of(ssl.get());
        failure.verdict = judge->judge(peer);
    } else if (reason == SSL_R_UNSUPPORTED_PROTOCOL || reason == SSL_R_VERSION_TOO_LOW ||
               reason == SSL_R_WRONG_VERSION_NUMBER) {
        failure.detail = "the peer offers no TLS version that is allowed here (" + failure.detail + ")";
    }
}

void Handshake::State::read_certificates(X509_STORE_CTX* store) {
    const auto certificates = certificates_of_message(certificate_message, peer.protocol);
    if (!certificates) {
        peer.malformed = certificates.error();
        return;
    }
    for (const Bytes der : *certificates) {
        auto certificate = x509::Certificate::parse(der);
        if (!certificate) {
            peer.malformed = certificate.error().why;
            return;
        }
        peer.presented.push_back(std::move(*certificate));
    }
    X509* const leaf = X509_STORE_CTX_get0_cert(store);
    if (leaf == nullptr || peer.presented.empty() || !is_same_certificate(leaf, peer.presented.front().der())) {
        peer.malformed = "the certificate is not what its bytes say";
    }
}

void Handshake::State::read_staple() {
    const unsigned char* response = nullptr;
    const long size = SSL_get_tlsext_status_ocsp_resp(ssl.get(), static_cast<void*>(&response));
    if (size <= 0 || response == nullptr) return;
    const Bytes octets = x509::as_bytes(response, static_cast<std::size_t>(size));
    peer.stapled.assign(octets.begin(), octets.end());
}

void Handshake::State::judge_peer() {
    verdict_generation = judge->generation();
    verdict = judge->judge(peer);
}

void Handshake::State::derive_connection_id() {
    if (!connection_id.empty()) return;
    std::array<std::byte, 5> octets{};
    if (SSL_export_keying_material(ssl.get(), x509::octets(std::span<std::byte>(octets)), octets.size(),
                                   kConnectionIdLabel.data(), kConnectionIdLabel.size(), nullptr, 0, 0) != 1) {
        ERR_clear_error();
        static_cast<void>(RAND_bytes(x509::octets(std::span<std::byte>(octets)), static_cast<int>(octets.size())));
    }
    connection_id = printable_id(octets);
}

int Handshake::on_verify(X509_STORE_CTX* store, void* /*unused*/) {
    try {
        SSL* const ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
        State& state = State::of(ssl);
        state.peer.protocol = protocol_of(ssl);
        state.peer.application = application_of(ssl);
        // OpenSSL ends the handshake unless the signature that follows is good, and no suite is allowed that has none.
        state.peer.possession = trust::Possession::kProven;
        state.peer.authenticated_at = std::chrono::steady_clock::now();
        state.read_certificates(store);
        state.certificate_message = {};
        state.awaits_staple = !state.is_server && state.context->settings().asks_for_status &&
                              state.peer.protocol == trust::Protocol::kTls12;
        if (!state.is_server && !state.awaits_staple) state.read_staple();
        state.judge_peer();
        const bool is_join = state.is_server && state.peer.application == Application::kJoin;
        // on_status judges again, before our side of the handshake goes out; if it never came, the gate would.
        const bool may_be_mended = state.awaits_staple && is_only_about_revocation(*state.verdict);
        // Its signature is still to come: who only copied the certificate is told nothing.
        const bool is_told =
            state.is_server && state.peer.application == Application::kStream && !state.verdict->farewell.empty();
        const bool passes = state.judge->only_looks() || may_be_mended || is_told ||
                            (is_join ? state.judge->may_join(state.peer) : state.verdict->lets_pass());
        if (!passes) state.awaits_staple = false;  // such a refusal stands, whatever would have come
        X509_STORE_CTX_set_error(store, passes ? X509_V_OK : verify_error_for(*state.verdict));
        return passes ? 1 : 0;
    } catch (...) {
        X509_STORE_CTX_set_error(store, X509_V_ERR_UNSPECIFIED);
        return 0;
    }
}

/// Called once the server has said all that comes before our side: with TLS 1.2 after the stapled response, which comes
/// behind the certificates; with TLS 1.3 that is part of them, and is judged already.
int Handshake::on_status(SSL* ssl, void* /*unused*/) {
    try {
        State& state = State::of(ssl);
        if (!state.awaits_staple) return 1;
        state.awaits_staple = false;
        state.read_staple();
        state.judge_peer();
        return state.judge->only_looks() || state.verdict->lets_pass() ? 1 : 0;
    } catch (...) {
        return -1;
    }
}

void Handshake::on_message(int is_sent, int /*version*/, int content_type, const void* content, std::size_t size,
                           SSL* /*ssl*/, void* state_pointer) {
    if (is_sent != 0) return;
    auto& state = *static_cast<State*>(state_pointer);
    const Bytes message(static_cast<const std::byte*>(content), size);
    if (content_type == SSL3_RT_ALERT && size == 2) {
        if (ends_connection(message)) state.received_alert = Alert{std::to_integer<std::uint8_t>(message[1])};
    } else if (content_type == SSL3_RT_HEADER || content_type == SSL3_RT_INNER_CONTENT_TYPE) {
        // TLS 1.2 says in the header what a record is; TLS 1.3 says there that it is data, and the truth inside.
        const bool is_data = size > 0 && message[0] == std::byte{SSL3_RT_APPLICATION_DATA};
        if (state.is_finished && !is_data) ++state.control_records;
        // One call of OpenSSL's would take all of them that are lent, a second's work in a mebibyte.
        if (state.has_too_many_control_records()) state.wire->withdraw();
    } else if (content_type == SSL3_RT_HANDSHAKE && !state.is_finished && size > 0 &&
               message[0] == kCertificateMessage) {
        try {
            state.certificate_message.assign(message.begin(), message.end());
        } catch (...) {
            state.certificate_message.clear();  // found wanting when it is read
        }
    }
}

int Handshake::on_new_session(SSL* ssl, SSL_SESSION* session) {
    try {
        State& state = State::of(ssl);
        RememberedSession remembered{SessionPtr(session), {}};
        // A server sends the next ticket before it has finished, so `peer` is not there yet where a session is resumed.
        const bool is_resumed = SSL_session_reused(ssl) == 1 && state.resumed_peer;
        remembered.peer = is_resumed ? *state.resumed_peer : state.peer;
        if (state.is_server) {
            unsigned size = 0;
            const unsigned char* id = SSL_SESSION_get_id(session, &size);
            state.context->shared_->sessions.remember(std::string(id, id + size), std::move(remembered));
        } else if (state.client_session != nullptr) {
            state.client_session->remember(state.client_session_era, std::move(remembered));
        }
        return 1;  // the reference is ours
    } catch (...) {
        return 1;  // released by RememberedSession
    }
}

SSL_SESSION* Handshake::on_get_session(SSL* ssl, const unsigned char* id, int id_size, int* copy) {
    try {
        State& state = State::of(ssl);
        *copy = 1;
        const RememberedSession* found =
            state.context->shared_->sessions.find(std::string(id, id + id_size), std::chrono::steady_clock::now());
        // A session whose peer is not let in today is not found: the full handshake that follows refuses with its
        // alert.
        if (found == nullptr || !state.judge->judge(found->peer).lets_pass()) return nullptr;
        state.resumed_peer = found->peer;
        return found->session.get();
    } catch (...) {
        return nullptr;
    }
}

}  // namespace cotter::tls
