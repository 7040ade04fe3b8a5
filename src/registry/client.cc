// The words for a client's state.
#include "registry/client.h"

namespace cotter::registry {

std::string_view text_of(ClientState state) {
    switch (state) {
        case ClientState::kActive: return "active";
        case ClientState::kSuspended: return "suspended";
        case ClientState::kRevoked: return "revoked";
    }
    return "unknown";
}

}  // namespace cotter::registry
