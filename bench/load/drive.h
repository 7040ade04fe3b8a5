// The driver: kinds of work against a proxy whose backend is this program's.
#pragma once

#include "connection.h"
#include "tally.h"

#include <cstdint>

namespace cotter::load {

struct Drive {
    std::uint16_t port = 0;
    const Tls* tls = nullptr;       ///< null: plain
    std::uint64_t connections = 1;  ///< at once
    std::uint64_t count = 1;        ///< of the work, in all
};

/// Connects, has one octet echoed, ends; `resume`: from the second connection of each place on with the session of the
/// one before.
[[nodiscard]] Tally drive_handshakes(const Drive& drive, bool resume);

/// Connects and must be refused: an echo counts as a failure.
[[nodiscard]] Tally drive_strangers(const Drive& drive);

/// Moves `count` octets in all in the directions that are asked for, over so many connections.
[[nodiscard]] Tally drive_bulk(const Drive& drive, bool up, bool down);

/// Has lots of `size` octets echoed, one after the other on each connection, `count` in all.
[[nodiscard]] Tally drive_echo(const Drive& drive, std::uint64_t size);

/// Opens the connections, has one octet echoed on each, says "open" on standard output, and holds them till standard
/// input ends.
[[nodiscard]] Tally drive_idle(const Drive& drive);

/// Attacks till standard input ends, from many addresses: a third of the connections stop in the middle of a
/// ClientHello, a third write one octet of it at a time, a third are strangers who finish. Says "open" when it has
/// begun.
[[nodiscard]] Tally drive_flood(const Drive& drive);

}  // namespace cotter::load
