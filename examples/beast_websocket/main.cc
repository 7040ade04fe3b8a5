// Says its standard input's first line to the one WebSocket server that has the pinned key, and prints what it answers:
// beast_websocket HOST:PORT PIN
#include <cotter/beast.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include <chrono>
#include <exception>
#include <iostream>
#include <string>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;

asio::awaitable<void> talk(asio::ssl::context& context, cotter::HostPort server) {
    const auto executor = co_await asio::this_coro::executor;
    asio::ip::tcp::resolver resolver(executor);
    const auto addresses =
        co_await resolver.async_resolve(server.host.to_string(), std::to_string(server.port), asio::use_awaitable);
    beast::websocket::stream<beast::ssl_stream<beast::tcp_stream>> socket(executor, context);
    auto& tcp = beast::get_lowest_layer(socket);
    tcp.expires_after(std::chrono::seconds(30));
    co_await tcp.async_connect(addresses, asio::use_awaitable);
    co_await cotter::beast::async_handshake(socket, server, "/", asio::use_awaitable);

    std::string line;
    std::getline(std::cin, line);
    co_await socket.async_write(asio::buffer(line), asio::use_awaitable);
    beast::flat_buffer answer;
    co_await socket.async_read(answer, asio::use_awaitable);
    std::cout << beast::buffers_to_string(answer.data()) << "\n";
    co_await socket.async_close(beast::websocket::close_code::normal, asio::use_awaitable);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) return std::cerr << "usage: beast_websocket HOST:PORT PIN\n", 2;
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
