// PassedSockets: the listening sockets that systemd has opened for this process. What is passed must be asked for, and
// what is asked for must be passed: a doubt is an Error, never a listener of one's own.
#pragma once

#include "stream/endpoint.h"
#include "stream/listener.h"

#include <cotter/error.h>

#include <string>
#include <vector>

namespace cotter::stream {

class PassedSockets {
  public:
    /// What the environment says ($LISTEN_FDS, $LISTEN_PID, $LISTEN_FDNAMES: sd_listen_fds(3)); none, where it says
    /// nothing or speaks of another process. At most once in a process, which owns them from then on.
    [[nodiscard]] static Result<PassedSockets> receive();

    struct Passed {
        std::string name;
        int descriptor = -1;
    };
    /// Owns these descriptors.
    explicit PassedSockets(std::vector<Passed> passed) : passed_(std::move(passed)) {}
    PassedSockets(PassedSockets&& other) noexcept;
    PassedSockets& operator=(PassedSockets&&) = delete;
    ~PassedSockets();

    /// The one of that name. None, several of one name, or one that listens for no streams is an Error.
    [[nodiscard]] Result<ListenSocket> take(const SystemdSocket& wanted);
    /// An Error that names what nobody took: who connects to it would wait for ever.
    [[nodiscard]] Result<void> all_are_taken() const;

  private:
    [[nodiscard]] std::string names() const;
    std::vector<Passed> passed_;
};

/// `everywhere` as ListenSocket::open says.
[[nodiscard]] Result<ListenSocket> open_listener(const ListenAddress& address, bool everywhere, PassedSockets& passed);

}  // namespace cotter::stream
