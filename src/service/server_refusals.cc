// Connections that lead nowhere: what is told, counted and kept of handshakes that failed and of clients refused.
#include "service/server_connection.h"
#include "service/server_thread.h"
#include "service/wall_clock.h"
#include "stream/preface.h"

namespace cotter::service {
namespace {

namespace asio = boost::asio;

metrics::HandshakeFault fault_of(stream::HandshakeEnd end) {
    switch (end) {
        case stream::HandshakeEnd::kFinished:
        case stream::HandshakeEnd::kFailed: return metrics::HandshakeFault::kTls;
        case stream::HandshakeEnd::kClosed: return metrics::HandshakeFault::kClosed;
        case stream::HandshakeEnd::kExpired: return metrics::HandshakeFault::kTimeout;
        case stream::HandshakeEnd::kTooMuch: return metrics::HandshakeFault::kTooLong;
    }
    return metrics::HandshakeFault::kTls;
}

std::string joined_codes(const trust::Verdict& verdict) {
    std::string codes;
    for (const trust::Reason& reason : verdict.reasons) {
        codes += (codes.empty() ? "" : ",") + std::string(trust::text_of(reason.code));
    }
    return codes;
}

/// Of its key.
std::string pin_text(const x509::Certificate& certificate) {
    const auto pin = certificate.pin(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256);
    return pin ? pin->to_string() : std::string();
}

std::string_view explain(stream::HandshakeEnd end) {
    switch (end) {
        case stream::HandshakeEnd::kFinished: return "finished";
        case stream::HandshakeEnd::kFailed: return "the TLS handshake failed";
        case stream::HandshakeEnd::kClosed: return "the client closed the connection in the handshake";
        case stream::HandshakeEnd::kExpired: return "no finished handshake within --handshake-timeout";
        case stream::HandshakeEnd::kTooMuch: return "more bytes than an honest handshake has";
    }
    return "";
}

}  // namespace

void ServerConnection::handshake_failed(stream::HandshakeEnd end, const tls::Handshake* handshake) {
    handshake_came_to(fault_of(end));
    thread_.log_refusal(LogLevel::kInfo, source_, source_network_, [&] {
        Event line("handshake_failed");
        if (handshake != nullptr) line.with("conn", handshake->connection_id());
        line.with("peer", source_).with("reason", explain(end));
        if (handshake == nullptr) return line;
        if (handshake->failure().alert) line.with("alert", handshake->failure().alert->name());
        return line.with("cause", handshake->failure().detail);
    });
}

asio::awaitable<void> ServerConnection::refuse(trust::Verdict verdict, std::string connection_id) {
    handshake_came_to(verdict.first_reason().code);
    thread_.log_refusal(LogLevel::kWarning, source_, source_network_, [&] {
        Event line("refused", LogLevel::kWarning);
        line.with("conn", connection_id).with("peer", source_).with("client", verdict.client_name);
        if (!verdict.presented.empty()) {
            const x509::Certificate& leaf = verdict.presented.front();
            line.with("pin", pin_text(leaf)).with("subject", leaf.subject_text());
        }
        return line.with("codes", joined_codes(verdict)).with("reason", verdict.first_reason().message);
    });
    if (!verdict.client_name.empty()) thread_.shared().ledger.refused(verdict.client_name);
    note_refusal(verdict, connection_id);
    co_await stream::linger(thread_.reactor(), socket_);
}

asio::awaitable<void> ServerConnection::say_farewell(tls::Handshake handshake, trust::Verdict verdict) {
    const std::string connection_id = handshake.connection_id();
    if (auto farewell = tls::open_farewell(std::move(handshake))) {
        thread_.reactor().wire().lend({});
        if (farewell->write(stream::farewell_preface(verdict.farewell)) && farewell->close_notify())
            static_cast<void>(co_await stream::send_wire(thread_.reactor(), socket_));
        thread_.reactor().wire().clear_output();
    }
    co_await refuse(std::move(verdict), connection_id);
}

void ServerConnection::note_refusal(const trust::Verdict& verdict, const std::string& connection_id) {
    const auto pin = verdict.presented.empty()
                         ? std::nullopt
                         : verdict.presented.front().pin(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256);
    thread_.shared().watch.refusals().add(source_network_, thread_.reactor().now(), [&] {
        return audit::Event{.action = audit::Action::kRefuse,
                            .client = verdict.client_name,
                            .pin = pin ? pin->to_string() : std::string(),
                            .peer = source_,
                            .connection = connection_id,
                            .detail = joined_codes(verdict)};
    });
    thread_.keep_refusal([&] {
        return RefusalStatus{.at = wall_clock_now(),
                             .connection = connection_id,
                             .source = source_,
                             .client = verdict.client_name,
                             .pin = pin ? pin->to_string() : std::string(),
                             .service = service_.settings.name,
                             .codes = joined_codes(verdict),
                             .reason = verdict.first_reason().message};
    });
    if (!thread_.shared().settings.pending || !verdict.is_stranger || !pin) return;
    thread_.shared().watch.strangers().add(source_network_, thread_.reactor().now(),
                                           [&] { return Stranger{*pin, source_, source_network_, wall_clock_now()}; });
}

}  // namespace cotter::service
