// What a client makes of a server's word about its next key: learns it where it goes by memory, says that a person must
// add it where one gave the pins, and believes nothing that is not proved (docs/rotation.md).
#pragma once

#include "evidence/known_peers.h"
#include "registry/rotations.h"
#include "stream/preface.h"
#include "tls/handshake.h"
#include "trust/policy.h"

#include <optional>
#include <string>
#include <string_view>

namespace cotter::service {

/// Something that a person may want to know of a server's keys.
struct KeyEvent {
    enum class Kind : std::uint8_t {
        kLearnt,        ///< the next key is trusted from now on, beside the present one
        kSucceeded,     ///< the announced key is the present one now, and the former is forgotten
        kWithdrawn,     ///< the announced key will not come, and is forgotten
        kByHand,        ///< the next key must be added by hand to the pins that were given
        kNotForgotten,  ///< the announced key is the present one, and the former could not be forgotten
        kLogged,        ///< the server has another key than was remembered, its key log has it, and so it is now
        kRefused,       ///< what is said of a next key is not believed, or the key is not wanted
    };
    Kind kind;
    HostPort server;
    std::optional<Pin> key;
    std::string why;  ///< for the last four
};
[[nodiscard]] std::string_view text_of(KeyEvent::Kind kind);  ///< "key_learnt", …: the log's word

/// What came of it.
struct Heard {
    std::optional<KeyEvent> event;
    registry::KeyAnswer answer = registry::KeyAnswer::kNone;  ///< to be told to the server; kNone: nothing is
    std::optional<Pin> next;                                  ///< what the answer is about
};

/// Hears what the server said at the beginning of a stream that was opened to it. Nothing is believed on a resumed
/// session, or where the verdict is not plain trust. `memory` changes only where the policy goes by it.
[[nodiscard]] Heard hear_of_next_key(const stream::KeyNews& news, const tls::Stream& stream, const HostPort& server,
                                     const trust::ServerPolicy& policy, const evidence::KnownPeers& memory,
                                     trust::Time now);

}  // namespace cotter::service
