// Pins for Qt's QSslSocket (Qt 6, with its OpenSSL backend). Ten lines:
//
//     auto verifier = cotter::ServerVerifier::pinned_to("sha256/…");
//     QSslSocket socket;
//     cotter::qt::attach(socket, *verifier, *cotter::HostPort::parse("db.example:5432"));
//     QObject::connect(&socket, &QSslSocket::encrypted, …);         // after attach(): the verdict has fallen then
//     QObject::connect(&socket, &QSslSocket::errorOccurred, …);     // a refusal is SslHandshakeFailedError
//     socket.connectToHostEncrypted("db.example", 5432);
//
// The socket trusts no authority of Qt's, so that Qt asks about every full handshake; the verdict falls there. A
// resumed session asks nobody: it is judged when it stands. Both come before anything that the program has written
// leaves the socket, and before `encrypted`; but the handshake itself has ended then, so that a server that is refused
// has seen the client's certificate, and is told nothing but the end.
#pragma once

#include <cotter/host_name.h>
#include <cotter/presented.h>
#include <cotter/server_verifier.h>
#include <cotter/verdict.h>

#include <QtCore/QByteArray>
#include <QtCore/QList>
#include <QtCore/QObject>
#include <QtNetwork/QSsl>
#include <QtNetwork/QSslCertificate>
#include <QtNetwork/QSslConfiguration>
#include <QtNetwork/QSslError>
#include <QtNetwork/QSslSocket>

#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>

namespace cotter::qt {

/// Which server a socket is judged as, and how.
class Judge {
  public:
    /// By attach(). `socket` must outlive it.
    Judge(QSslSocket& socket, ServerVerifier verifier, HostPort server)
        : socket_(&socket), verifier_(std::move(verifier)), server_(std::move(server)) {}

    /// On the peer as it is now.
    [[nodiscard]] Verdict verdict() const {
        Presented presented;
        for (const QSslCertificate& certificate : chain()) {
            const QByteArray der = certificate.toDer();
            const auto* const bytes = reinterpret_cast<const std::byte*>(der.constData());
            presented.chain.emplace_back(bytes, bytes + der.size());
        }
        // The socket is held to TLS 1.3, whose every handshake proves the key.
        presented.is_key_proven = !presented.chain.empty();
        presented.version = TlsVersion::kTls13;
        return verifier_.verify(server_, presented, now());
    }

    /// Whether bytes may flow; a first contact is written down.
    [[nodiscard]] bool lets_pass() const {
        const Verdict judged = verdict();
        return judged.lets_pass() && verifier_.remember(server_, judged, now()).has_value();
    }

  private:
    [[nodiscard]] static std::chrono::sys_seconds now() {
        return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    }

    /// Of a resumed session Qt may have kept the leaf alone.
    [[nodiscard]] QList<QSslCertificate> chain() const {
        const QList<QSslCertificate> whole = socket_->peerCertificateChain();
        if (!whole.isEmpty()) return whole;
        const QSslCertificate leaf = socket_->peerCertificate();
        return leaf.isNull() ? QList<QSslCertificate>() : QList<QSslCertificate>{leaf};
    }

    QSslSocket* socket_;
    ServerVerifier verifier_;
    HostPort server_;
};

/// Has every connection that this client's socket makes from now on judged as one to `server`. To be called before the
/// program connects slots of its own to the socket, and before it connects to the server; a socket that is to go to
/// another server is made anew. The socket is held to TLS 1.3. Leaves alone: the local certificate and key, ALPN,
/// session tickets. A program that sets an sslConfiguration() afterwards starts from the socket's own.
///
/// What comes gives the verdict on the peer as it is now, for logs, and may be asked as long as the socket lives.
inline std::shared_ptr<const Judge> attach(QSslSocket& socket, const ServerVerifier& verifier, const HostPort& server) {
    QSslConfiguration configuration = socket.sslConfiguration();
    configuration.setProtocol(QSsl::TlsV1_3OrLater);
    configuration.setCaCertificates({});
    configuration.setPeerVerifyMode(QSslSocket::VerifyPeer);
    socket.setSslConfiguration(configuration);

    auto judge = std::make_shared<const Judge>(socket, verifier, server);
    QSslSocket* const at = &socket;
    // What Qt misses is an authority, and the name, which is the judge's to compare.
    QObject::connect(at, &QSslSocket::sslErrors, at, [at, judge](const QList<QSslError>& /*errors*/) {
        if (judge->lets_pass()) at->ignoreSslErrors();
    });
    QObject::connect(at, &QSslSocket::encrypted, at, [at, judge] {
        if (!judge->lets_pass()) at->abort();
    });
    return judge;
}

}  // namespace cotter::qt
