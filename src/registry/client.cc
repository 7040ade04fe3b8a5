// The words for a client's state, both ways.
#include "registry/client.h"

namespace cotter::registry {

std::string_view text_of(ClientState state) {
    switch (state) {
        case ClientState::kActive: return "active";
        case ClientState::kSuspended: return "suspended";
        case ClientState::kRevoked: return "revoked";
    }
    return "";
}

std::optional<ClientState> client_state_of(std::string_view word) {
    for (const auto state : {ClientState::kActive, ClientState::kSuspended, ClientState::kRevoked}) {
        if (word == text_of(state)) return state;
    }
    return std::nullopt;
}

}  // namespace cotter::registry
