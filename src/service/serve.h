// serve: the server from its start to its end: threads, registry, reload, drain.
#pragma once

#include "service/log.h"
#include "service/settings.h"

#include <cotter/error.h>
#include <cotter/pin.h>

#include <functional>
#include <string>
#include <vector>

namespace cotter::service {

/// What a running server is, for the lines that say so.
struct Listening {
    struct Service {
        std::string name;    ///< empty where there is but one, from flags
        std::string listen;  ///< with the port that was taken
        std::vector<std::string> to;
    };
    std::vector<Service> services;
    Pin pin;  ///< spki sha256 of the server's key
    std::size_t clients = 0;
    std::string metrics{};  ///< where they are served; empty: nowhere
};

/// Runs until SIGTERM or SIGINT and the drain after it (the second signal ends it at once). SIGHUP reads identity,
/// client CA and CRLs again: all of it, or none, and says which. `on_new_key` is told, on the calling thread, when a
/// rotation has given the server another key. An Error means that it did not start.
[[nodiscard]] Result<void> serve(const ServeSettings& settings, Log& log,
                                 const std::function<void(const Listening&)>& on_listening,
                                 const std::function<void(const Pin&)>& on_new_key);

}  // namespace cotter::service
