// Backends: where the streams of a service go: the first that is up, in the order given. One object for all threads.
#pragma once

#include "stream/dial.h"
#include "stream/endpoint.h"

#include <boost/asio/awaitable.hpp>

#include <atomic>
#include <deque>
#include <functional>
#include <string>
#include <vector>

namespace cotter::service {

struct ServiceSettings;

class Backends {
  public:
    /// Told on any thread: `why` is empty if it is up again.
    using OnChange = std::function<void(const stream::Target&, const std::string& why)>;

    /// Of `settings`, which must outlive it.
    Backends(const ServiceSettings& settings, OnChange on_change);

    struct Reached {
        stream::Socket socket;
        const stream::Target* target;
    };
    /// A connection to the first that can be had: those that are up first, the rest as the last hope. All must be done
    /// within the service's connect timeout, of which each that is left gets its share. The Error names all of them.
    [[nodiscard]] boost::asio::awaitable<Result<Reached>> reach(stream::Reactor& reactor);

    /// Connects to each and closes again, every `health_check` of the service; does nothing where none is set. Runs
    /// until the reactor's end.
    [[nodiscard]] boost::asio::awaitable<void> check(stream::Reactor& reactor);

    /// How one of them stands, in the order given.
    struct State {
        const stream::Target* target;
        bool is_up;
    };
    [[nodiscard]] std::vector<State> states() const;

  private:
    struct Backend {
        explicit Backend(stream::Target where) : target(std::move(where)) {}
        const stream::Target target;
        /// Until when it is passed over: after a failure for a while, or, where it is checked, until a check succeeds.
        std::atomic<stream::SteadyTime> down_until{stream::SteadyTime::min()};
    };

    [[nodiscard]] std::vector<Backend*> by_preference();
    boost::asio::awaitable<Result<stream::Socket>> dial(stream::Reactor& reactor, Backend& backend,
                                                        std::chrono::milliseconds timeout);

    const ServiceSettings& settings_;
    OnChange on_change_;
    std::deque<Backend> backends_;  ///< which never move
};

}  // namespace cotter::service
