// A coroutine that talks to the one server that has the pinned key: asio_client HOST:PORT PIN
#include <cotter/asio.h>

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/connect.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read_until.hpp>
#include <asio/ssl.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>

#include <exception>
#include <iostream>
#include <string>

namespace {

asio::awaitable<void> talk(asio::ssl::context& context, cotter::HostPort server) {
    const auto executor = co_await asio::this_coro::executor;
    asio::ip::tcp::resolver resolver(executor);
    asio::ssl::stream<asio::ip::tcp::socket> stream(executor, context);
    const auto addresses =
        co_await resolver.async_resolve(server.host.to_string(), std::to_string(server.port), asio::use_awaitable);
    co_await asio::async_connect(stream.next_layer(), addresses, asio::use_awaitable);
    if (const auto told = cotter::openssl::expect(stream.native_handle(), server); !told) {
        throw std::runtime_error(told.error().why);
    }
    co_await cotter::async_handshake(stream, asio::ssl::stream_base::client, asio::use_awaitable);

    std::string line;
    std::getline(std::cin, line);
    co_await asio::async_write(stream, asio::buffer(line += '\n'), asio::use_awaitable);
    std::string answer;
    co_await asio::async_read_until(stream, asio::dynamic_buffer(answer), '\n', asio::use_awaitable);
    std::cout << answer;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) return std::cerr << "usage: asio_client HOST:PORT PIN\n", 2;
    const auto server = cotter::HostPort::parse(argv[1]);
    const auto verifier = cotter::ServerVerifier::pinned_to(argv[2]);
    asio::ssl::context context(asio::ssl::context::tls_client);
    if (!server || !verifier || !cotter::openssl::attach(context.native_handle(), *verifier)) {
        return std::cerr << "give HOST:PORT and a pin\n", 2;
    }
    asio::io_context io;
    int code = 0;
    asio::co_spawn(io, talk(context, *server), [&](std::exception_ptr fault) {
        try {
            if (fault) std::rethrow_exception(fault);
        } catch (const std::exception& error) {
            std::cerr << "not connected: " << error.what() << "\n";
            code = 3;
        }
    });
    io.run();
    return code;
}
