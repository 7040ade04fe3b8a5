// Carrying the dialogue.
#include "stream/starttls.h"

#include "stream/await.h"

namespace cotter::stream {
namespace {

namespace asio = boost::asio;

unexpected<Error> fault(std::string code, const std::string& server, std::string why, std::string next) {
    return failed(std::move(code), "going over to TLS with " + server, std::move(why), std::move(next));
}

/// Whether something is there to be read already.
bool has_more(Socket& socket) {
    ErrorCode ignored;
    return socket.available(ignored) != 0;
}

}  // namespace

asio::awaitable<Result<void>> start_tls(Reactor& reactor, Socket& socket, StartTls protocol, std::string server,
                                        std::string host, Deadline& deadline) {
    using State = StartTlsDialogue::State;
    constexpr std::size_t kRead = 4096;
    StartTlsDialogue dialogue(protocol, host);
    deadline.guard(&socket);
    ByteVector received;
    for (;;) {
        const State state = dialogue.take(received);
        if (state == State::kRefused) {
            co_return fault("starttls_refused", server, dialogue.why(),
                            "check the port and the --starttls protocol; nothing is sent without TLS");
        }
        const std::string words = dialogue.say();
        const auto* const begin = static_cast<const std::byte*>(static_cast<const void*>(words.data()));
        if (state == State::kReady && has_more(socket)) {
            co_return fault("starttls_refused", server, "the server sent more in clear text after it had agreed to TLS",
                            "somebody between may have put it there: do not use this server from here");
        }
        const bool is_sent = co_await send_all(socket, Bytes(begin, words.size()));
        if (is_sent && state == State::kReady) co_return Result<void>();

        Moved moved{Moved::Outcome::kFailed};
        // No         // A loop without && before its co_await, which g++ 12 evaluates even where it must not.        //
        // A loop without && before its co_await, which g++ 12 evaluates even where it must not. in the condition: g++
        // 12 awaits what stands after it in a loop even where it must not.
        for (bool waits = is_sent; waits;) {
            const bool is_readable = co_await until_readable(socket);
            if (is_readable) moved = receive(socket, reactor.receive_buffer().first(kRead));
            waits = is_readable && moved.outcome == Moved::Outcome::kWouldBlock;
        }
        if (deadline.is_expired()) {
            co_return fault("handshake_timeout", server, "it did not say in time that TLS can begin",
                            "check the port and the --starttls protocol");
        }
        if (moved.outcome != Moved::Outcome::kDone) {
            co_return fault("handshake_closed", server, "the server closed the connection",
                            "check the port and the --starttls protocol, and the server's log");
        }
        const Bytes bytes = reactor.receive_buffer().first(moved.size);
        received.assign(bytes.begin(), bytes.end());
    }
}

}  // namespace cotter::stream
