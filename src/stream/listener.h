// Listener: accepting connections on one reactor. Running out of descriptors pauses it; it never spins and never ends.
#pragma once

#include "stream/endpoint.h"
#include "stream/reactor.h"
#include "stream/socket.h"

#include <cotter/error.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <functional>
#include <string>
#include <utility>

namespace cotter::stream {

/// A bound and listening descriptor, not yet on any reactor.
class ListenSocket {
  public:
    /// Where no host is given: `everywhere` takes [::] for IPv6 and IPv4 alike (or 0.0.0.0 where there is no IPv6),
    /// else 127.0.0.1. Fails if anything else listens there already, also another cotter (INVARIANT A222).
    [[nodiscard]] static Result<ListenSocket> open(const TcpListen& listen, bool everywhere);
    /// Made 0600; a stale one of ours is replaced, anything else is not (INVARIANT A218).
    [[nodiscard]] static Result<ListenSocket> open(const UnixPath& path);
    /// Owns a descriptor that somebody else has opened: a listening stream socket, TCP or UNIX, or an Error that calls
    /// it `name`. A UNIX socket's path stays when this ends.
    [[nodiscard]] static Result<ListenSocket> adopt(int descriptor, const std::string& name);
    /// One more socket on the same address, for another reactor of this process.
    [[nodiscard]] Result<ListenSocket> another() const;

    ListenSocket(ListenSocket&& other) noexcept;
    ListenSocket& operator=(ListenSocket&&) = delete;
    ~ListenSocket();  ///< closes it, and removes the UNIX socket that open() made

    /// "127.0.0.1:7000", "[::]:7000", "unix:/run/x.sock".
    [[nodiscard]] const std::string& address() const { return address_; }
    /// Whether only this machine reaches it.
    [[nodiscard]] bool is_local() const { return is_local_; }
    /// Gives the descriptor to a reactor; a UNIX socket's path is still removed by this object's end.
    [[nodiscard]] int hand_over() { return std::exchange(descriptor_, -1); }

  private:
    ListenSocket() = default;
    int descriptor_ = -1;
    std::string address_;
    bool has_one_queue_ = false;  ///< which reactors share
    std::string unix_path_;       ///< to remove; only in the one that made it
    bool is_local_ = false;
};

/// Why accepting rests, said once a pause; an empty reason when it goes on.
using OnPause = std::function<void(const std::string& why)>;

/// Accepts until the descriptor is closed, one connection a turn. `on_accept` gets each socket prepared; `may_accept`
/// is asked before each accept and, if it says no, accepting rests for a tick.
[[nodiscard]] boost::asio::awaitable<void> accept_each(Reactor& reactor,
                                                       boost::asio::posix::stream_descriptor& descriptor,
                                                       std::function<bool()> may_accept,
                                                       std::function<void(Socket)> on_accept, OnPause on_pause);

}  // namespace cotter::stream
