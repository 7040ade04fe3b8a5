// Fetches each URL of standard input (https://HOST:PORT/…) with standalone Asio, every host judged by its entry in a
// policy file, and goes on with the TLS session of the connection before: asio_https POLICY [KNOWN_PEERS]
#include <cotter/asio.h>

#include <asio/awaitable.hpp>
#include <asio/buffer.hpp>
#include <asio/co_spawn.hpp>
#include <asio/connect.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read.hpp>
#include <asio/redirect_error.hpp>
#include <asio/ssl.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

#include <exception>
#include <iostream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace {

using Session = std::unique_ptr<SSL_SESSION, decltype(&SSL_SESSION_free)>;

struct Url {
    cotter::HostPort server;
    std::string target;
};

std::optional<Url> parse(std::string_view text) {
    constexpr std::string_view kScheme = "https://";
    if (!text.starts_with(kScheme)) return std::nullopt;
    text.remove_prefix(kScheme.size());
    const std::string_view authority = text.substr(0, text.find('/'));
    const auto server = cotter::HostPort::parse(authority);
    if (!server) return std::nullopt;
    text.remove_prefix(authority.size());
    return Url{*server, text.empty() ? "/" : std::string(text)};
}

asio::awaitable<std::string> get(asio::ssl::context& context, Url url, Session& session) {
    const auto executor = co_await asio::this_coro::executor;
    asio::ip::tcp::resolver resolver(executor);
    const auto addresses = co_await resolver.async_resolve(url.server.host.to_string(), std::to_string(url.server.port),
                                                           asio::use_awaitable);
    asio::ssl::stream<asio::ip::tcp::socket> stream(executor, context);
    co_await asio::async_connect(stream.next_layer(), addresses, asio::use_awaitable);
    if (const auto told = cotter::openssl::expect(stream.native_handle(), url.server); !told) {
        throw std::runtime_error(told.error().why);
    }
    if (session) SSL_set_session(stream.native_handle(), session.get());
    co_await cotter::async_handshake(stream, asio::ssl::stream_base::client, asio::use_awaitable);

    const std::string request =
        "GET " + url.target + " HTTP/1.1\r\nHost: " + url.server.to_string() + "\r\nConnection: close\r\n\r\n";
    co_await asio::async_write(stream, asio::buffer(request), asio::use_awaitable);
    std::string response;
    asio::error_code end;
    co_await asio::async_read(stream, asio::dynamic_buffer(response), asio::redirect_error(asio::use_awaitable, end));
    if (end != asio::error::eof) throw std::runtime_error("the answer was cut short");
    // An end without close_notify would make the session void.
    co_await stream.async_shutdown(asio::redirect_error(asio::use_awaitable, end));
    session.reset(SSL_get1_session(stream.native_handle()));
    const std::size_t head = response.find("\r\n\r\n");
    if (head == std::string::npos) throw std::runtime_error("no answer of HTTP");
    co_return response.substr(head + 4);
}

int complain(const cotter::Error& error) {
    std::cerr << error.what << ": " << error.why << "\n";
    return 2;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2 && argc != 3) return std::cerr << "usage: asio_https POLICY [KNOWN_PEERS]\n", 2;
    const auto policy = cotter::Policy::read(argv[1]);
    if (!policy) return complain(policy.error());
    cotter::ServerVerifier::Settings settings{.policy = *policy};
    if (argc == 3) settings.known_peers = argv[2];
    const auto verifier = cotter::ServerVerifier::make(settings);
    if (!verifier) return complain(verifier.error());
    asio::ssl::context context(asio::ssl::context::tls_client);
    if (const auto attached = cotter::openssl::attach(context.native_handle(), *verifier); !attached) {
        return complain(attached.error());
    }

    asio::io_context io;
    Session session(nullptr, &SSL_SESSION_free);
    bool is_fetched = true;
    for (std::string line; std::getline(std::cin, line);) {
        const auto url = parse(line);
        if (!url) return std::cerr << "not https://HOST:PORT/…: " << line << "\n", 2;
        asio::co_spawn(io, get(context, *url, session), [&](std::exception_ptr fault, const std::string& body) {
            is_fetched = !fault;
            try {
                if (fault) std::rethrow_exception(fault);
                std::cout << "fetched: " << body << std::endl;
            } catch (const std::exception& error) {
                std::cout << "not fetched: " << error.what() << std::endl;
            }
        });
        io.run();
        io.restart();
    }
    return is_fetched ? 0 : 3;
}
