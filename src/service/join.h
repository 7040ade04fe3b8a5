// join: a client uses an invitation: its key is made here, proven by the handshake, and admitted by the server.
#pragma once

#include "registry/invitation.h"
#include "service/client_settings.h"
#include "service/connect_failure.h"
#include "service/join_exchange.h"

#include <cotter/expected.h>

#include <string>

namespace cotter::service {

struct Joined {
    JoinAnswer answer;
    std::string connection_id;
};

/// Connects to the server that `settings` names and pins, and sends the secret only to it. A refused code is an answer
/// without a name. `settings.identity` is the key that is admitted.
[[nodiscard]] expected<Joined, ConnectFailure> join(const ClientSettings& settings,
                                                    const registry::InvitationSecret& secret);

}  // namespace cotter::service
