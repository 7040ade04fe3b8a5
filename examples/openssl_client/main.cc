// A client with an SSL_CTX of its own talks to the one server that has the pinned key: openssl_client HOST:PORT PIN
#include <cotter/openssl.h>

#include <openssl/ssl.h>

#include <array>
#include <iostream>
#include <memory>
#include <string>

int main(int argc, char** argv) {
    if (argc != 3) return std::cerr << "usage: openssl_client HOST:PORT PIN\n", 2;
    const auto server = cotter::HostPort::parse(argv[1]);
    const auto verifier = cotter::ServerVerifier::pinned_to(argv[2]);
    if (!server || !verifier) {
        std::cerr << (server ? verifier.error().why : server.error().why) << "\n";
        return 2;
    }
    const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
    if (!cotter::openssl::attach(context.get(), *verifier)) return 1;

    const std::unique_ptr<BIO, decltype(&BIO_free_all)> connection(BIO_new_ssl_connect(context.get()), &BIO_free_all);
    SSL* ssl = nullptr;
    BIO_get_ssl(connection.get(), &ssl);
    if (!cotter::openssl::expect(ssl, *server)) return 1;
    BIO_set_conn_hostname(connection.get(), argv[1]);
    const bool is_connected = BIO_do_connect(connection.get()) == 1;
    const cotter::Verdict verdict = cotter::openssl::verdict_of(ssl);
    if (!is_connected || !verdict.lets_pass()) {
        std::cerr << "not connected: " << verdict.to_string() << "\n";
        return 3;
    }

    std::string line;
    std::getline(std::cin, line);
    line += '\n';
    BIO_write(connection.get(), line.data(), static_cast<int>(line.size()));
    std::array<char, 4096> answer{};
    const int size = BIO_read(connection.get(), answer.data(), answer.size());
    if (size > 0) std::cout.write(answer.data(), size);
    return size > 0 ? 0 : 1;
}
