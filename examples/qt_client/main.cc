// Fetches each URL of standard input (https://HOST:PORT/…) over a QSslSocket, every host judged by its entry in a
// policy file, and goes on with the TLS session of the connection before: qt_client POLICY [KNOWN_PEERS]
#include <cotter/qt.h>

#include <QtCore/QByteArray>
#include <QtCore/QCoreApplication>
#include <QtCore/QString>
#include <QtCore/QUrl>
#include <QtNetwork/QSslConfiguration>
#include <QtNetwork/QSslSocket>

#include <iostream>
#include <optional>
#include <string>

namespace {

constexpr int kMilliseconds = 30'000;

struct Answer {
    bool is_fetched = false;
    QString text;
};

/// Whether all has come that the answer's Content-Length announces.
bool is_whole(const QByteArray& answer) {
    const qsizetype head = answer.indexOf("\r\n\r\n");
    const QByteArray name = "content-length:";
    const qsizetype field = answer.left(head).toLower().indexOf(name);
    if (head < 0 || field < 0) return false;
    const qsizetype value = field + name.size();
    return answer.size() - (head + 4) >= answer.mid(value, answer.indexOf('\r', value) - value).trimmed().toLongLong();
}

/// `ticket`: of the connection before, and of this one.
Answer get(const QUrl& url, const cotter::HostPort& server, const cotter::ServerVerifier& verifier,
           QByteArray& ticket) {
    QSslSocket socket;
    QSslConfiguration configuration = socket.sslConfiguration();
    configuration.setSslOption(QSsl::SslOptionDisableSessionPersistence, false);
    configuration.setSessionTicket(ticket);
    socket.setSslConfiguration(configuration);
    const auto judge = cotter::qt::attach(socket, verifier, server);

    socket.connectToHostEncrypted(url.host(), static_cast<quint16>(server.port));
    // The socket keeps it until the handshake has ended, and drops it where the server is refused.
    socket.write("GET " + url.path(QUrl::FullyEncoded).toUtf8() + " HTTP/1.0\r\nHost: " + url.host().toUtf8() +
                 "\r\n\r\n");
    if (!socket.waitForEncrypted(kMilliseconds) || !socket.isEncrypted()) {
        return {false, QString::fromStdString(judge->verdict().to_string()) + " (" + socket.errorString() + ")"};
    }
    QByteArray received = socket.readAll();
    while (!is_whole(received) && socket.waitForReadyRead(kMilliseconds)) received += socket.readAll();
    ticket = socket.sslConfiguration().sessionTicket();
    return {true, QString::fromUtf8(received.mid(received.indexOf("\r\n\r\n") + 4))};
}

int complain(const cotter::Error& error) {
    std::cerr << error.what << ": " << error.why << "\n";
    return 2;
}

}  // namespace

int main(int argc, char** argv) {
    const QCoreApplication application(argc, argv);
    if (argc != 2 && argc != 3) return std::cerr << "usage: qt_client POLICY [KNOWN_PEERS]\n", 2;
    const auto policy = cotter::Policy::read(argv[1]);
    if (!policy) return complain(policy.error());
    cotter::ServerVerifier::Settings settings{.policy = *policy};
    if (argc == 3) settings.known_peers = argv[2];
    const auto verifier = cotter::ServerVerifier::make(settings);
    if (!verifier) return complain(verifier.error());

    QByteArray ticket;
    bool is_fetched = true;
    for (std::string line; std::getline(std::cin, line);) {
        const QUrl url(QString::fromStdString(line));
        const auto server = cotter::HostPort::parse(url.authority().toStdString());
        if (!server) return complain(server.error());
        const Answer answer = get(url, *server, *verifier, ticket);
        is_fetched = answer.is_fetched;
        std::cout << (is_fetched ? "fetched: " : "not fetched: ") << answer.text.toStdString() << std::endl;
    }
    return is_fetched ? 0 : 3;
}
