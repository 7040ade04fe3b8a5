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

/// Which server a socket is judged as, by whom, and what was said.
class Judge {
  public:
    /// By attach(). `socket` must outlive it.
    Judge(QSslSocket& socket, ServerVerifier verifier, HostPort server)
        : socket_(&socket),
          verifier_(std::move(verifier)),
          server_(std::move(server)),
          verdict_(verifier_.verify(server_, Presented{}, now())) {}

    /// On the server of the last handshake; before the first, a refusal.
    [[nodiscard]] const Verdict& verdict() const { return verdict_; }

    /// Judges the socket's peer as it is now; whether bytes may flow. A first contact is written down.
    [[nodiscard]] bool lets_pass() {
        verdict_ = verifier_.let_in(server_, verifier_.verify(server_, presented(), now()), now());
        return verdict_.lets_pass();
    }

  private:
    [[nodiscard]] static std::chrono::sys_seconds now() {
        return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    }

    [[nodiscard]] Presented presented() const {
        Presented presented;
        for (const QSslCertificate& certificate : chain()) {
            const QByteArray der = certificate.toDer();
            const auto* const bytes = reinterpret_cast<const std::byte*>(der.constData());
            presented.chain.emplace_back(bytes, bytes + der.size());
        }
        // Of older versions Qt doesn't tell whether the key was proven, and of later ones nobody can know.
        if (socket_->sessionProtocol() == QSsl::TlsV1_3) {
            presented.is_key_proven = true;
            presented.version = TlsVersion::kTls13;
        }
        return presented;
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
    Verdict verdict_;
};

/// Has every connection that this client's socket makes from now on judged as one to `server`. To be called before the
/// program connects slots of its own to the socket, and before it connects to the server; a socket that is to go to
/// another server is made anew. The socket is held to TLS 1.3; a server of another version is refused. Leaves alone:
/// the local certificate and key, ALPN, session tickets. A program that sets an sslConfiguration() afterwards starts
/// from the socket's own.
///
/// What comes gives the verdict, for logs.
inline std::shared_ptr<const Judge> attach(QSslSocket& socket, const ServerVerifier& verifier, const HostPort& server) {
    QSslConfiguration configuration = socket.sslConfiguration();
    configuration.setProtocol(QSsl::TlsV1_3OrLater);
    configuration.setCaCertificates({});
    configuration.setPeerVerifyMode(QSslSocket::VerifyPeer);
    socket.setSslConfiguration(configuration);

    const auto judge = std::make_shared<Judge>(socket, verifier, server);
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
