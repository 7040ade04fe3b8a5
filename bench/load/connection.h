// Connection: one connection of the load, TLS or plain, for a coroutine. It moves bytes in batches as cotter itself
// does, so that the load is never what is measured; and it judges nobody.
#pragma once

#include "stream/reactor.h"
#include "stream/socket.h"
#include "tls/library_context.h"
#include "x509/openssl.h"

#include <cotter/bytes.h>
#include <cotter/error.h>

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <string>

namespace cotter::load {

using SslPtr = std::unique_ptr<SSL, x509::FreeBy<SSL_free>>;
using SessionPtr = std::unique_ptr<SSL_SESSION, x509::FreeBy<SSL_SESSION_free>>;

/// The TLS of the load: 1.3 with X25519 and AES-128-GCM and nothing else, so that every proxy does the same work.
class Tls {
  public:
    enum class Side : std::uint8_t { kClient, kServer };

    /// Certificate and key in PEM, proven to the other side. A server asks for a certificate and takes any.
    [[nodiscard]] static Result<Tls> make(Side side, const std::string& certificate, const std::string& key);

    /// A connection's state. `session`, where given and set, is offered for resumption, and takes the next one; it must
    /// outlive the connection.
    [[nodiscard]] SslPtr connection(SessionPtr* session) const;

  private:
    Tls(tls::LibraryContext library, x509::SslContextPtr context, Side side)
        : library_(std::move(library)), context_(std::move(context)), side_(side) {}
    tls::LibraryContext library_;
    x509::SslContextPtr context_;
    Side side_;
};

class Connection {
  public:
    /// `ssl` null: plain.
    Connection(stream::Reactor& reactor, stream::Socket socket, SslPtr ssl)
        : reactor_(reactor), socket_(std::move(socket)), ssl_(std::move(ssl)) {}

    /// False if the other side ended it. A client of TLS 1.3 has finished before it knows whether it is let in.
    [[nodiscard]] boost::asio::awaitable<bool> shake_hands();
    /// Sends all; false if the connection broke. `plaintext` must stay until it returns.
    [[nodiscard]] boost::asio::awaitable<bool> send(Bytes plaintext);
    /// What came next, valid until the next suspension; empty at the end of data or of the connection.
    [[nodiscard]] boost::asio::awaitable<Bytes> receive();
    /// Ends our direction, waits for the other's end, closes.
    [[nodiscard]] boost::asio::awaitable<void> finish();

    [[nodiscard]] bool is_resumed() const { return ssl_ != nullptr && SSL_session_reused(ssl_.get()) == 1; }
    [[nodiscard]] stream::Socket& socket() { return socket_; }
    /// A client's first flight, as if it had been sent.
    [[nodiscard]] ByteVector client_hello();

  private:
    stream::Reactor& reactor_;
    stream::Socket socket_;
    SslPtr ssl_;
    ByteVector unread_;  ///< ciphertext that came with the end of the handshake
};

/// A connected socket to a port of this machine, from 127.0.0.0 + `source` (0: the kernel chooses). Closed: it could
/// not be had.
[[nodiscard]] boost::asio::awaitable<stream::Socket> connect(stream::Reactor& reactor, std::uint16_t port,
                                                             std::uint32_t source = 0);

}  // namespace cotter::load
