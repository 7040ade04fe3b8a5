// known_peers: what key continuity remembers of servers, one line each; read, asked and rewritten atomically under a
// lock (INVARIANTS A127–A132).
#pragma once

#include "trust/evidence.h"
#include "x509/host_name.h"

#include <cotter/error.h>
#include <cotter/pin.h>

#include <filesystem>

namespace cotter::evidence {

/// The file of that path; it need not exist. Format (docs/files.md): `host:port PIN first-seen last-seen [# comment]`,
/// marker `@revoked` in front, which refuses that key at every host; `#` lines and empty lines are kept. Times RFC 3339
/// UTC. A line with anything else in it, or a torn last line, makes the whole file count as unreadable.
class KnownPeers {
  public:
    explicit KnownPeers(std::filesystem::path path) : path_(std::move(path)) {}

    /// What the file says of this host, port and leaf. Any failure to read (mode, owner, link, torn or unknown line) is
    /// kError, never kUnknown.
    [[nodiscard]] trust::Continuity ask(const x509::HostPort& peer, const x509::Certificate& leaf) const;

    /// Every pin remembered for it (without revoked lines); an Error if the file can't be trusted.
    [[nodiscard]] Result<std::vector<Pin>> pins_of(const x509::HostPort& peer) const;

    /// Remembers a pin for a host and port; a second call with the same changes nothing but last-seen. A different key
    /// for a known host and port is an Error (the file is untouched), unless `additional`.
    [[nodiscard]] Result<void> remember(const x509::HostPort& peer, const Pin& pin, trust::Time now,
                                        bool additional = false) const;

  private:
    std::filesystem::path path_;
};

}  // namespace cotter::evidence
