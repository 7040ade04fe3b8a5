// A client's side of the control exchange.
#pragma once

#include "service/client_settings.h"
#include "service/connect_failure.h"
#include "service/control_exchange.h"
#include "service/dialer.h"

#include <cotter/expected.h>

#include <functional>
#include <string>

namespace cotter::service {

struct Controlled {
    ControlAnswer answer;
    std::string connection_id;
};

/// Makes the request once the server is trusted, since a proof is of the connection that it goes over. An Error of it
/// ends the exchange.
using MakeRequest = std::function<Result<ControlRequest>(const tls::ControlChannel&)>;

/// Over a connection whose handshake is done, within some seconds.
[[nodiscard]] boost::asio::awaitable<expected<Controlled, ConnectFailure>> control_over(Shaken shaken, Dialer& dialer,
                                                                                        MakeRequest make_request);

/// Connects to the server that `settings` names, as `settings.identity`, and asks once.
[[nodiscard]] expected<Controlled, ConnectFailure> control(const ClientSettings& settings, MakeRequest make_request);

}  // namespace cotter::service
