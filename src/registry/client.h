// Client: one row of the list of those who are admitted, with its keys, its state and what happened to it.
#pragma once

#include "registry/client_name.h"
#include "trust/client_rules.h"
#include "x509/certificate.h"

#include <cotter/pin.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cotter::registry {

using x509::Time;

enum class ClientState : std::uint8_t { kActive, kSuspended, kRevoked };
[[nodiscard]] std::string_view text_of(ClientState state);
/// Nothing for a word that is no state: whoever meets one refuses.
[[nodiscard]] std::optional<ClientState> client_state_of(std::string_view word);

/// One registered key. A bare digest says nothing of the key's canonical form; that is learnt when the key is given
/// whole, or when a server first meets it in a handshake.
struct ClientKey {
    Pin pin;
    std::optional<x509::CanonicalKey> canonical;
    std::optional<x509::IssuerAndSerial> certificate;  ///< where a certificate was given or met
    Time added{};
};

/// What servers have seen of a client, summed over them.
struct Activity {
    std::optional<Time> last_seen;
    std::string last_address;  ///< escaped
    std::uint64_t open_streams = 0;
    std::uint64_t bytes_in = 0;   ///< from the client
    std::uint64_t bytes_out = 0;  ///< to the client
    std::uint64_t refused = 0;
};

struct Client {
    ClientName name;
    ClientState state = ClientState::kActive;
    std::string state_reason;  ///< escaped, as are the note and the actor
    Time state_since{};
    std::string state_actor;
    std::optional<Time> expires;
    std::string note;
    Time added{};
    std::vector<ClientKey> keys;
    std::shared_ptr<const trust::ClientRules> rules{};  ///< null: none
    std::uint64_t disconnects = 0;                      ///< how often the owner ended all of its streams
    std::string farewell{};                             ///< what its holder is told now that it is revoked
};

/// Who makes a change and when: recorded with it.
struct Change {
    std::string actor;  ///< login name and host, escaped
    Time now{};
};

}  // namespace cotter::registry
