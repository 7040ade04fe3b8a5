// What a peer has shown of itself, as evidence.
#include "tls/peer.h"

namespace cotter::tls {

trust::Evidence evidence_of(const Peer& peer) {
    trust::Evidence evidence;
    evidence.presented = peer.presented;
    evidence.malformed = peer.malformed;
    evidence.possession = peer.possession;
    evidence.protocol = peer.protocol;
    return evidence;
}

}  // namespace cotter::tls
