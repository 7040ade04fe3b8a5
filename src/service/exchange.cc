// Requests and answers over a channel.
#include "service/exchange.h"

#include <utility>

namespace cotter::service {

namespace asio = boost::asio;

asio::awaitable<expected<ByteVector, std::string>> ask(stream::Reactor& reactor, stream::Socket& socket,
                                                       tls::Plaintext& channel, ByteVector request, ByteVector unread,
                                                       std::size_t most, stream::Deadline& deadline) {
    reactor.wire().lend({});
    const bool is_written = channel.write(request);
    if (!is_written || !co_await stream::send_wire(reactor, socket)) {
        co_return unexpected(std::string("the connection broke"));
    }
    ByteVector answer;
    Bytes received = unread;
    for (;;) {
        reactor.wire().lend(received);
        const std::span<std::byte> buffer = reactor.plaintext_buffer();
        const auto read = channel.read(buffer);
        answer.insert(answer.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(read.size));
        if (read.reading == tls::Plaintext::Reading::kCloseNotify) co_return answer;
        if (read.reading == tls::Plaintext::Reading::kFailed || answer.size() > most) {
            co_return unexpected(std::string("the server's answer broke off"));
        }
        stream::Moved moved;
        do {
            if (!co_await stream::until_readable(socket) || deadline.is_expired()) {
                co_return unexpected(std::string("the server did not answer in time"));
            }
            moved = stream::receive(socket, reactor.receive_buffer());
        } while (moved.outcome == stream::Moved::Outcome::kWouldBlock);
        if (moved.outcome != stream::Moved::Outcome::kDone) {
            co_return unexpected(std::string("the server closed without an answer"));
        }
        received = reactor.receive_buffer().first(moved.size);
    }
}

ConnectFailure no_answer(std::string code, std::string doing, std::string why, const std::string& connection_id) {
    return {Error{ErrorKind::kFailed,
                  std::move(code),
                  std::move(doing),
                  std::move(why),
                  "look for the connection id in the server's log",
                  {}},
            connection_id};
}

asio::awaitable<std::optional<ByteVector>> await_request(stream::Reactor& reactor, stream::Socket& socket,
                                                         tls::Plaintext& channel, ByteVector unread,
                                                         stream::Deadline& deadline,
                                                         std::function<RequestState(Bytes)> look) {
    ByteVector request;
    Bytes received = unread;
    for (;;) {
        reactor.wire().lend(received);
        const std::span<std::byte> buffer = reactor.plaintext_buffer();
        const auto read = channel.read(buffer);
        const auto fresh = buffer.first(read.size);
        request.insert(request.end(), fresh.begin(), fresh.end());
        const bool is_sent = co_await stream::send_wire(reactor, socket);
        if (!is_sent) co_return std::nullopt;
        switch (look(request)) {
            case RequestState::kWhole: co_return request;
            case RequestState::kTooMuch: co_return std::nullopt;
            case RequestState::kIncomplete: break;
        }
        if (read.reading != tls::Plaintext::Reading::kNeedsInput) co_return std::nullopt;
        if (!co_await stream::until_readable(socket) || deadline.is_expired()) co_return std::nullopt;
        const stream::Moved moved = stream::receive(socket, reactor.receive_buffer().first(4096));
        if (moved.outcome == stream::Moved::Outcome::kWouldBlock) {
            received = {};
            continue;
        }
        if (moved.outcome != stream::Moved::Outcome::kDone) co_return std::nullopt;
        received = reactor.receive_buffer().first(moved.size);
    }
}

asio::awaitable<void> send_answer(stream::Reactor& reactor, stream::Socket& socket, tls::Plaintext& channel,
                                  ByteVector answer) {
    reactor.wire().lend({});
    const bool is_said = channel.write(answer) && channel.close_notify();
    if (is_said) static_cast<void>(co_await stream::send_wire(reactor, socket));
    reactor.wire().clear_output();
    co_await stream::linger(reactor, socket);
}

}  // namespace cotter::service
