// STARTTLS on a socket: the dialogue before the handshake, under the handshake's own deadline.
#pragma once

#include "stream/deadline.h"
#include "stream/reactor.h"
#include "stream/socket.h"
#include "stream/starttls_dialogue.h"

#include <cotter/error.h>

#include <boost/asio/awaitable.hpp>

#include <string>

namespace cotter::stream {

/// Talks the server over to TLS; nothing has been sent or received on the socket before. `server`: where it is, for
/// errors; `host`: what it is called. Afterwards the next octet in each direction is TLS, or there is an Error: there
/// is no way round it (INVARIANTS A229, A230, A231).
[[nodiscard]] boost::asio::awaitable<Result<void>> start_tls(Reactor& reactor, Socket& socket, StartTls protocol,
                                                             std::string server, std::string host, Deadline& deadline);

}  // namespace cotter::stream
