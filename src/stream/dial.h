// Dialling: a connected socket to a target, trying the addresses of a name in turn.
#pragma once

#include "stream/deadline.h"
#include "stream/endpoint.h"
#include "stream/reactor.h"
#include "stream/socket.h"

#include <cotter/error.h>

#include <boost/asio/awaitable.hpp>

namespace cotter::stream {

/// Which addresses may be dialled: a plaintext backend is near unless somebody says otherwise.
enum class Reach : std::uint8_t { kAnywhere, kLoopbackOrPrivate };

/// A prepared, connected socket. Each address gets its share of the time that is left. The Error's `why` names every
/// address tried and what it said.
[[nodiscard]] boost::asio::awaitable<Result<Socket>> dial(Reactor& reactor, const Target& target, Reach reach,
                                                          std::chrono::milliseconds timeout);

}  // namespace cotter::stream
