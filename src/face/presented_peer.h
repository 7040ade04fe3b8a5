// From what a program says of its connection's other end to what the judges take.
#pragma once

#include "tls/peer.h"

#include <cotter/presented.h>

namespace cotter {

[[nodiscard]] trust::Protocol protocol_of(TlsVersion version);

/// Each certificate is read strictly; one that can't be read makes the peer malformed.
[[nodiscard]] tls::Peer peer_of(const Presented& presented);

}  // namespace cotter
