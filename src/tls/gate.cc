// The gate: where a finished handshake and a verdict become a stream. There is no other way to one.
#include "tls/handshake_state.h"

#include <openssl/err.h>

#include <limits>

namespace cotter::tls {
namespace {

// A peer may renew its keys and send tickets, but not keep us busy, or our answers piling up, with nothing else
// (INVARIANT A51): so many records that are not data, and one more for each of so many octets of data.
constexpr std::uint64_t kFreeControlRecords = 64;
constexpr std::uint64_t kDataPerControlRecord = 1U << 20U;

// RFC 5705 4: labels outside the registry begin with EXPERIMENTAL.
constexpr std::string_view kSessionBindingLabel = "EXPERIMENTAL cotter key proof";

trust::Verdict refusal(const Peer& peer, trust::ReasonCode code, std::string message) {
    trust::Verdict verdict;
    verdict.outcome = trust::Outcome::kRefused;
    verdict.presented = peer.presented;
    verdict.reasons.push_back({code, std::move(message)});
    return verdict;
}

}  // namespace

bool Handshake::State::has_too_many_control_records() const {
    return control_records > kFreeControlRecords + data_octets / kDataPerControlRecord;
}

/// The verdict that counts now, for this connection.
trust::Verdict Handshake::final_verdict() {
    State& state = *state_;
    if (!state.is_finished || state.peer.presented.empty() || SSL_get0_peer_certificate(state.ssl.get()) == nullptr) {
        return refusal(state.peer, trust::ReasonCode::kNoCertificate,
                       "the handshake ended without the peer's certificate");
    }
    if (state.judge->only_looks()) {
        return refusal(state.peer, trust::ReasonCode::kNoPolicy, "this connection was made only to look at the peer");
    }
    if (state.peer.protocol == trust::Protocol::kTls12 && SSL_get_extms_support(state.ssl.get()) != 1) {
        return refusal(state.peer, trust::ReasonCode::kDowngradedProtocol,
                       "the peer speaks TLS 1.2 without the extended master secret (RFC 7627)");
    }
    const bool stands = state.verdict && !state.awaits_staple &&
                        state.verdict_generation == state.judge->generation() &&
                        SSL_session_reused(state.ssl.get()) == 0;
    if (!stands) state.judge_peer();
    return *state.verdict;
}

expected<Stream, trust::Verdict> open_stream(Handshake&& handshake) {
    trust::Verdict verdict = handshake.final_verdict();
    const Application application = handshake.peer().application;
    const bool is_for_stream = application == Application::kStream || application == Application::kBare;
    if (!is_for_stream && verdict.lets_pass()) {
        verdict = refusal(handshake.peer(), trust::ReasonCode::kNotAdmitted,
                          "a connection for " + std::string(protocol_name(application)) + " carries no stream");
    }
    if (!verdict.lets_pass()) return unexpected(std::move(verdict));
    handshake.state_->verdict.reset();
    return Stream(std::move(handshake), std::move(verdict));
}

expected<JoinChannel, trust::Verdict> open_join(Handshake&& handshake) {
    trust::Verdict verdict = handshake.final_verdict();
    const Handshake::State& state = *handshake.state_;
    const bool passes = state.peer.application == Application::kJoin && state.is_finished &&
                        (state.is_server ? state.judge->may_join(state.peer) : verdict.lets_pass());
    if (!passes) {
        if (verdict.lets_pass()) {
            verdict = refusal(state.peer, trust::ReasonCode::kNotAdmitted, "the server does not take invitations here");
        }
        return unexpected(std::move(verdict));
    }
    return JoinChannel(std::move(handshake), std::move(verdict));
}

expected<ControlChannel, trust::Verdict> open_control(Handshake&& handshake) {
    trust::Verdict verdict = handshake.final_verdict();
    if (handshake.peer().application != Application::kControl && verdict.lets_pass()) {
        verdict = refusal(handshake.peer(), trust::ReasonCode::kNotAdmitted,
                          "the other side does not speak cotter-control/1");
    }
    if (!verdict.lets_pass()) return unexpected(std::move(verdict));
    return ControlChannel(std::move(handshake), std::move(verdict));
}

expected<FarewellChannel, trust::Verdict> open_farewell(Handshake&& handshake) {
    trust::Verdict verdict = handshake.final_verdict();
    const Handshake::State& state = *handshake.state_;
    const bool is_told = state.is_server && state.is_finished && state.peer.application == Application::kStream &&
                         !verdict.lets_pass() && !verdict.farewell.empty();
    if (!is_told) return unexpected(std::move(verdict));
    return FarewellChannel(std::move(handshake), std::move(verdict));
}

Plaintext::Read Plaintext::read(std::span<std::byte> into) {
    Handshake::State& state = *handshake_.state_;
    SSL* const ssl = state.ssl.get();
    Read result;
    do {
        ERR_clear_error();
        std::size_t size = 0;
        const int outcome = SSL_read_ex(ssl, into.data() + result.size, into.size() - result.size, &size);
        if (outcome == 1) {
            result.size += size;
            state.data_octets += size;
            continue;
        }
        switch (SSL_get_error(ssl, outcome)) {
            case SSL_ERROR_WANT_READ: result.reading = Reading::kNeedsInput; break;
            case SSL_ERROR_ZERO_RETURN: result.reading = Reading::kCloseNotify; break;
            default: result.reading = Reading::kFailed; break;
        }
        ERR_clear_error();
        break;
        // Only where something is left: to find nothing costs as much as a small record.
    } while (!state.wire->unread().empty() || SSL_has_pending(ssl) == 1);
    if (state.has_too_many_control_records()) result.reading = Reading::kFailed;
    return result;
}

bool Plaintext::write(Bytes plaintext) {
    if (plaintext.empty()) return true;
    ERR_clear_error();
    std::size_t written = 0;
    const int outcome = SSL_write_ex(handshake_.state_->ssl.get(), plaintext.data(), plaintext.size(), &written);
    ERR_clear_error();
    return outcome == 1 && written == plaintext.size();
}

bool Plaintext::close_notify() {
    ERR_clear_error();
    const int outcome = SSL_shutdown(handshake_.state_->ssl.get());
    ERR_clear_error();
    return outcome >= 0;
}

std::optional<Alert> Plaintext::received_alert() const {
    return handshake_.state_->received_alert;
}
std::string Plaintext::protocol_text() const {
    return SSL_get_version(handshake_.state_->ssl.get());
}
bool Plaintext::is_resumed() const {
    return SSL_session_reused(handshake_.state_->ssl.get()) == 1;
}
std::optional<std::array<std::byte, 32>> Plaintext::session_binding() const {
    SSL* const ssl = handshake_.state_->ssl.get();
    std::array<std::byte, 32> octets{};
    const bool is_derived =
        SSL_export_keying_material(ssl, x509::octets(std::span<std::byte>(octets)), octets.size(),
                                   kSessionBindingLabel.data(), kSessionBindingLabel.size(), nullptr, 0, 0) == 1;
    ERR_clear_error();
    return is_derived ? std::optional(octets) : std::nullopt;
}

}  // namespace cotter::tls
