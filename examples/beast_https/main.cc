// Fetches each URL of standard input (https://HOST:PORT/…), every host judged by its entry in a policy file, and goes
// on with the TLS session of the connection before: beast_https POLICY [KNOWN_PEERS]
#include <cotter/beast.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <chrono>
#include <exception>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
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
    beast::ssl_stream<beast::tcp_stream> stream(executor, context);
    auto& tcp = beast::get_lowest_layer(stream);
    tcp.expires_after(std::chrono::seconds(30));
    co_await tcp.async_connect(addresses, asio::use_awaitable);
    if (session) SSL_set_session(stream.native_handle(), session.get());
    co_await cotter::beast::async_handshake(stream, url.server, asio::use_awaitable);

    beast::http::request<beast::http::empty_body> request(beast::http::verb::get, url.target, 11);
    request.set(beast::http::field::host, cotter::beast::host_field(url.server));
    co_await beast::http::async_write(stream, request, asio::use_awaitable);
    beast::flat_buffer buffer;
    beast::http::response<beast::http::string_body> response;
    co_await beast::http::async_read(stream, buffer, response, asio::use_awaitable);
    // An end without close_notify would make the session void.
    co_await stream.async_shutdown(asio::as_tuple(asio::use_awaitable));
    session.reset(SSL_get1_session(stream.native_handle()));
    co_return std::move(response.body());
}

int complain(const cotter::Error& error) {
    std::cerr << error.what << ": " << error.why << "\n";
    return 2;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2 && argc != 3) return std::cerr << "usage: beast_https POLICY [KNOWN_PEERS]\n", 2;
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
