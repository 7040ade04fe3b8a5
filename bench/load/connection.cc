// Bytes of the load, through OpenSSL or not.
#include "connection.h"

#include "stream/await.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <openssl/err.h>

#include <cerrno>
#include <new>
#include <utility>

namespace cotter::load {
namespace {

namespace asio = boost::asio;

/// Where a connection keeps its caller's session.
int take_session(SSL* ssl, SSL_SESSION* session) {
    auto* const slot = static_cast<SessionPtr*>(SSL_get_ex_data(ssl, 0));
    if (slot == nullptr) return 0;
    slot->reset(session);
    return 1;
}

int accept_any(X509_STORE_CTX* /*store*/, void* /*unused*/) {
    return 1;
}

unexpected<Error> could_not(const std::string& what) {
    return failed("load_setup", what, x509::drain_error_queue(), "check the files and libssl3");
}

}  // namespace

Result<Tls> Tls::make(Side side, const std::string& certificate, const std::string& key) {
    auto library = tls::LibraryContext::make();
    if (!library) return unexpected(library.error());
    x509::SslContextPtr context(SSL_CTX_new_ex(library->get(), nullptr, TLS_method()));
    if (!context) return could_not("making a TLS context");
    SSL_CTX* const ctx = context.get();
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
    const bool is_set = SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) == 1 &&
                        SSL_CTX_set_ciphersuites(ctx, "TLS_AES_128_GCM_SHA256") == 1 &&
                        SSL_CTX_set1_groups_list(ctx, "X25519") == 1 && SSL_CTX_set_num_tickets(ctx, 0) == 1;
    if (!is_set) return could_not("setting the TLS rules");
    if (SSL_CTX_use_certificate_chain_file(ctx, certificate.c_str()) != 1 ||
        SSL_CTX_use_PrivateKey_file(ctx, key.c_str(), SSL_FILETYPE_PEM) != 1) {
        return could_not("reading " + certificate + " and " + key);
    }
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(ctx, &take_session);
    SSL_CTX_set_cert_verify_callback(ctx, &accept_any, nullptr);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    return Tls(std::move(*library), std::move(context), side);
}

SslPtr Tls::connection(SessionPtr* session) const {
    SslPtr ssl(SSL_new(context_.get()));
    if (!ssl || SSL_set_ex_data(ssl.get(), 0, session) != 1) throw std::bad_alloc();
    if (session != nullptr && *session) SSL_set_session(ssl.get(), session->get());
    if (side_ == Side::kClient) {
        SSL_set_connect_state(ssl.get());
    } else {
        SSL_set_accept_state(ssl.get());
    }
    return ssl;
}

asio::awaitable<bool> Connection::shake_hands() {
    if (!ssl_) co_return true;
    tls::Wire& wire = reactor_.wire();
    BIO_up_ref(wire.bio());
    SSL_set_bio(ssl_.get(), wire.bio(), wire.bio());
    Bytes received;
    for (;;) {
        wire.lend(received);
        ERR_clear_error();
        const int outcome = SSL_do_handshake(ssl_.get());
        const bool needs_input = outcome != 1 && SSL_get_error(ssl_.get(), outcome) == SSL_ERROR_WANT_READ;
        const Bytes rest = wire.unread();
        unread_.assign(rest.begin(), rest.end());
        const bool is_sent = co_await stream::send_wire(reactor_, socket_);
        if (!is_sent || (outcome != 1 && !needs_input)) co_return false;
        if (outcome == 1) co_return true;
        stream::Moved moved;
        do {
            const bool is_readable = co_await stream::until_readable(socket_);
            if (!is_readable) co_return false;
            moved = stream::receive(socket_, reactor_.receive_buffer());
        } while (moved.outcome == stream::Moved::Outcome::kWouldBlock);
        if (moved.outcome != stream::Moved::Outcome::kDone) co_return false;
        received = reactor_.receive_buffer().first(moved.size);
    }
}

asio::awaitable<bool> Connection::send(Bytes plaintext) {
    if (!ssl_) {
        const stream::Moved first = stream::send(socket_, plaintext);
        if (first.outcome == stream::Moved::Outcome::kFailed) co_return false;
        const Bytes rest = plaintext.subspan(first.size);
        if (rest.empty()) co_return true;
        co_return co_await stream::send_all(socket_, rest);
    }
    reactor_.wire().lend({});
    ERR_clear_error();
    std::size_t written = 0;
    if (SSL_write_ex(ssl_.get(), plaintext.data(), plaintext.size(), &written) != 1) co_return false;
    co_return co_await stream::send_wire(reactor_, socket_);
}

asio::awaitable<Bytes> Connection::receive() {
    for (;;) {
        const std::span<std::byte> buffer = reactor_.plaintext_buffer();
        if (!unread_.empty()) {
            const ByteVector unread = std::exchange(unread_, {});
            reactor_.wire().lend(unread);
            std::size_t size = 0;
            ERR_clear_error();
            const bool has_more = SSL_read_ex(ssl_.get(), buffer.data(), buffer.size(), &size) == 1;
            const Bytes rest = reactor_.wire().unread();
            if (has_more) {
                unread_.assign(rest.begin(), rest.end());
                co_return buffer.first(size);
            }
        }
        const stream::Moved moved = stream::receive(socket_, reactor_.receive_buffer());
        if (moved.outcome == stream::Moved::Outcome::kWouldBlock) {
            const bool is_readable = co_await stream::until_readable(socket_);
            if (!is_readable) co_return Bytes{};
            continue;
        }
        if (moved.outcome != stream::Moved::Outcome::kDone) co_return Bytes{};
        if (!ssl_) co_return reactor_.receive_buffer().first(moved.size);
        reactor_.wire().lend(reactor_.receive_buffer().first(moved.size));
        std::size_t total = 0;
        for (;;) {
            std::size_t size = 0;
            ERR_clear_error();
            const int outcome = SSL_read_ex(ssl_.get(), buffer.data() + total, buffer.size() - total, &size);
            if (outcome == 1) {
                total += size;
                continue;
            }
            if (SSL_get_error(ssl_.get(), outcome) != SSL_ERROR_WANT_READ && total == 0) co_return Bytes{};
            break;
        }
        if (total != 0) co_return buffer.first(total);
    }
}

asio::awaitable<void> Connection::finish() {
    if (ssl_) {
        reactor_.wire().lend({});
        ERR_clear_error();
        static_cast<void>(SSL_shutdown(ssl_.get()));
        static_cast<void>(co_await stream::send_wire(reactor_, socket_));
    }
    co_await stream::linger(reactor_, socket_);
}

ByteVector Connection::client_hello() {
    tls::Wire& wire = reactor_.wire();
    BIO_up_ref(wire.bio());
    SSL_set_bio(ssl_.get(), wire.bio(), wire.bio());
    wire.lend({});
    static_cast<void>(SSL_do_handshake(ssl_.get()));
    ERR_clear_error();
    ByteVector hello(wire.output().begin(), wire.output().end());
    wire.clear_output();
    return hello;
}

asio::awaitable<stream::Socket> connect(stream::Reactor& reactor, std::uint16_t port, std::uint32_t source) {
    constexpr std::uint32_t kNetwork = 127U << 24U;
    using Tcp = asio::ip::tcp;
    stream::Socket socket(reactor.io());
    stream::ErrorCode fault;
    socket.open(Tcp::v4(), fault);
    socket.native_non_blocking(true, fault);
    if (source != 0) socket.bind(Tcp::endpoint(asio::ip::address_v4(kNetwork + source), 0), fault);
    stream::prepare_tcp(socket.native_handle());
    const Tcp::endpoint target(asio::ip::address_v4::loopback(), port);
    if (::connect(socket.native_handle(), target.data(), static_cast<socklen_t>(target.size())) == 0) co_return socket;
    if (errno == EINPROGRESS) {
        const auto [waiting] =
            co_await socket.async_wait(stream::Socket::wait_write, asio::as_tuple(asio::use_awaitable));
        if (!waiting && stream::pending_error(socket) == 0) co_return socket;
    }
    socket.close(fault);
    co_return socket;
}

}  // namespace cotter::load
