// MetricsListener: the small HTTP server on a thread of its own that shows how this process is: /metrics, /livez and
// /readyz. It has few connections, a deadline for each and a pace at which it takes them, so that nobody who asks can
// take the processor from the streams (INVARIANT A226). It cannot reach a backend (A34).
#pragma once

#include "stream/endpoint.h"
#include "stream/listener.h"

#include <cotter/error.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace cotter::metrics {

struct ListenerSettings {
    stream::TcpListen listen;  ///< without an address: 127.0.0.1
    bool unsafe = false;       ///< beyond loopback, too
};

/// "[HOST:]PORT", as --metrics takes it.
[[nodiscard]] Result<stream::TcpListen> parse_listen(std::string_view text);

/// What the pages say. All are called on the listener's thread, one at a time.
struct Pages {
    std::function<std::string()> metrics;                   ///< Prometheus's text
    std::function<std::optional<std::string>()> why_stuck;  ///< nothing: the process's loops turn
    std::function<std::optional<std::string>()> why_not_ready;
};

class MetricsListener {
  public:
    /// Takes the address. Fails if it is not of this machine alone and `unsafe` is not said.
    [[nodiscard]] static Result<std::unique_ptr<MetricsListener>> open(const ListenerSettings& settings);
    ~MetricsListener();  ///< stops
    MetricsListener(const MetricsListener&) = delete;
    MetricsListener& operator=(const MetricsListener&) = delete;

    /// "127.0.0.1:9309", with the port that was taken.
    [[nodiscard]] const std::string& address() const { return address_; }

    /// Answers from now on.
    void start(Pages pages);
    /// Ends its connections, its thread and its socket; `pages` are called no more.
    void stop();

  private:
    class Server;
    explicit MetricsListener(stream::ListenSocket socket);

    std::string address_;
    stream::ListenSocket socket_;
    std::unique_ptr<Server> server_;
};

}  // namespace cotter::metrics
