// A coroutine that talks to the one server that has the pinned key: boost_asio_client HOST:PORT PIN
#include <cotter/boost_asio.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <exception>
#include <iostream>
#include <string>

namespace {

boost::asio::awaitable<void> talk(boost::asio::ssl::context& context, cotter::HostPort server) {
    const auto executor = co_await boost::asio::this_coro::executor;
    boost::asio::ip::tcp::resolver resolver(executor);
    boost::asio::ssl::stream<boost::asio::ip::tcp::socket> stream(executor, context);
    const auto addresses = co_await resolver.async_resolve(server.host.to_string(), std::to_string(server.port),
                                                           boost::asio::use_awaitable);
    co_await boost::asio::async_connect(stream.next_layer(), addresses, boost::asio::use_awaitable);
    if (const auto told = cotter::openssl::expect(stream.native_handle(), server); !told) {
        throw std::runtime_error(told.error().why);
    }
    co_await cotter::async_handshake(stream, boost::asio::ssl::stream_base::client, boost::asio::use_awaitable);

    std::string line;
    std::getline(std::cin, line);
    co_await boost::asio::async_write(stream, boost::asio::buffer(line += '\n'), boost::asio::use_awaitable);
    std::string answer;
    co_await boost::asio::async_read_until(stream, boost::asio::dynamic_buffer(answer), '\n',
                                           boost::asio::use_awaitable);
    std::cout << answer;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) return std::cerr << "usage: boost_asio_client HOST:PORT PIN\n", 2;
    const auto server = cotter::HostPort::parse(argv[1]);
    const auto verifier = cotter::ServerVerifier::pinned_to(argv[2]);
    boost::asio::ssl::context context(boost::asio::ssl::context::tls_client);
    if (!server || !verifier || !cotter::openssl::attach(context.native_handle(), *verifier)) {
        return std::cerr << "give HOST:PORT and a pin\n", 2;
    }
    boost::asio::io_context io;
    int code = 0;
    boost::asio::co_spawn(io, talk(context, *server), [&](std::exception_ptr fault) {
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
