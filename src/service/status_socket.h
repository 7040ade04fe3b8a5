// StatusSocket: where the owner asks a running server how it is. Whoever connects, and is the same user (or root), is
// told, and nothing is ever read: so the socket can change nothing (INVARIANTS A218, A219, A227).
#pragma once

#include "stream/listener.h"
#include "stream/reactor.h"

#include <cotter/error.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <filesystem>
#include <functional>
#include <string>

namespace cotter::service {

class StatusSocket {
  public:
    /// Of mode 0600, in a folder that only we can enter. Fails if another server answers there already.
    [[nodiscard]] static Result<StatusSocket> open(const std::filesystem::path& path);

    /// Serves until the reactor's end, one after the other; who doesn't take the answer within two seconds is left.
    [[nodiscard]] boost::asio::awaitable<void> serve(stream::Reactor& reactor,
                                                     std::function<boost::asio::awaitable<std::string>()> answer);

  private:
    explicit StatusSocket(stream::ListenSocket socket) : socket_(std::move(socket)) {}
    stream::ListenSocket socket_;
};

/// What the server says whose socket that is. Error code "not_running": there is none.
[[nodiscard]] Result<std::string> ask_status(const std::filesystem::path& path);

}  // namespace cotter::service
