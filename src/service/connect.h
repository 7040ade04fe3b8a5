// connect: a client's streams to one server, over standard input and output or for whoever connects to a local
// listener.
#pragma once

#include "service/client_settings.h"
#include "service/connect_failure.h"
#include "service/log.h"
#include "stream/relay_end.h"

#include <cotter/error.h>

#include <functional>
#include <string>

namespace cotter::service {

/// How a stream over standard input and output ended.
struct StreamOutcome {
    stream::EndReason reason;
    stream::RelayCounts counts;
    std::optional<tls::Alert> alert;
    std::string connection_id;
    int output_error = 0;  ///< the error number, where standard output did not take everything
};

/// One stream, joined to standard input and output, until both directions have ended.
[[nodiscard]] expected<StreamOutcome, ConnectFailure> connect_standard_streams(const ClientSettings& settings);

/// Where a client that listens does so.
struct ListeningAt {
    std::string address;
    std::string metrics;  ///< where they are served; empty: nowhere
};

/// Listens at settings.listen and gives each accepted connection a stream of its own, until SIGTERM or SIGINT. SIGHUP
/// reads the files again. `on_failure` gets each connection that came to nothing.
[[nodiscard]] Result<void> connect_listening(const ClientSettings& settings, Log& log,
                                             const std::function<void(const ListeningAt&)>& on_listening,
                                             const std::function<void(const ConnectFailure&)>& on_failure);

}  // namespace cotter::service
