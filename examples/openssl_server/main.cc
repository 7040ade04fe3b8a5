// A server with an SSL_CTX of its own admits the clients that `cotter client` and `cotter invite` know, greets each by
// name, and sends back what it says: openssl_server PORT CERTIFICATE KEY REGISTRY
#include <cotter/openssl.h>

#include <openssl/ssl.h>

#include <array>
#include <iostream>
#include <memory>
#include <string>
#include <thread>

namespace {

/// One client, until it goes or is no longer admitted.
void converse(BIO* accepted) {
    const std::unique_ptr<BIO, decltype(&BIO_free_all)> connection(accepted, &BIO_free_all);
    SSL* ssl = nullptr;
    BIO_get_ssl(connection.get(), &ssl);
    const bool is_finished = BIO_do_handshake(connection.get()) == 1;
    const cotter::Verdict verdict = cotter::openssl::verdict_of(ssl);
    if (!is_finished || !verdict.lets_pass()) return;

    const std::string greeting = "hello " + std::string(verdict.client_name()) + "\n";
    BIO_write(connection.get(), greeting.data(), static_cast<int>(greeting.size()));
    std::array<char, 4096> buffer{};
    for (int size = 0; (size = BIO_read(connection.get(), buffer.data(), buffer.size())) > 0;) {
        // Between any two octets the owner may have revoked the client.
        if (!cotter::openssl::verdict_of(ssl).lets_pass()) break;
        BIO_write(connection.get(), buffer.data(), size);
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 5) return std::cerr << "usage: openssl_server PORT CERTIFICATE KEY REGISTRY\n", 2;
    const auto admission = cotter::Admission::open({.registry = argv[4]});
    if (!admission) return std::cerr << admission.error().what << ": " << admission.error().why << "\n", 1;

    const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free);
    if (SSL_CTX_use_certificate_chain_file(context.get(), argv[2]) != 1 ||
        SSL_CTX_use_PrivateKey_file(context.get(), argv[3], SSL_FILETYPE_PEM) != 1 ||
        !cotter::openssl::attach(context.get(), *admission)) {
        return std::cerr << "the certificate and its key can't be used\n", 1;
    }

    BIO* const listener = BIO_new_accept((std::string("127.0.0.1:") + argv[1]).c_str());
    BIO_set_accept_bios(listener, BIO_new_ssl(context.get(), 0));
    if (BIO_do_accept(listener) != 1) return std::cerr << "can't listen\n", 1;
    std::cout << "listening on 127.0.0.1:" << argv[1] << std::endl;
    while (BIO_do_accept(listener) == 1) std::thread(converse, BIO_pop(listener)).detach();
    BIO_free_all(listener);
    return 1;
}
