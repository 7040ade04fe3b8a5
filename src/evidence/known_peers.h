// known_peers: what key continuity remembers of servers, as a file: private, locked while it changes, replaced whole
// (INVARIANTS A127–A132). What stands in it is peer_list.h.
#pragma once

#include "evidence/peer_list.h"
#include "trust/evidence.h"

#include <cotter/error.h>
#include <cotter/host_name.h>
#include <cotter/pin.h>

#include <filesystem>
#include <functional>

namespace cotter::evidence {

enum class HostNames : std::uint8_t { kInClear, kHashed };

class KnownPeers {
  public:
    /// The file of that path; it need not exist. `names`: how those of new lines are written.
    explicit KnownPeers(std::filesystem::path path, HostNames names = HostNames::kInClear);

    /// Everything that stands in it.
    [[nodiscard]] Result<PeerList> read() const;

    /// PeerList::ask. Any failure to read (mode, owner, link, torn or unknown line) is kError, never kUnknown.
    [[nodiscard]] trust::Continuity ask(const HostPort& peer, const x509::Certificate& leaf) const;
    /// PeerList::pins_of; an Error, too, if the file can't be trusted.
    [[nodiscard]] Result<std::vector<Pin>> pins_of(const HostPort& peer) const;

    /// PeerList::remember, in the file.
    [[nodiscard]] Result<void> remember(const HostPort& peer, const Sighting& seen, trust::Time now) const;
    /// PeerList::replace, in the file.
    [[nodiscard]] Result<void> replace(const HostPort& peer, const std::vector<Pin>& former, const Sighting& seen,
                                       trust::Time now) const;
    /// PeerList::note_seen, in the file. Nobody is trusted by it, so that a file which can't be written is no failure;
    /// only a former key that stays remembered beside its successor is an Error.
    [[nodiscard]] Result<PeerList::Noted> note_seen(const HostPort& peer,
                                                    const std::vector<x509::Certificate>& presented,
                                                    trust::Time now) const;
    /// PeerList::expect, in the file; where there is nothing to change it is only read.
    [[nodiscard]] Result<bool> expect(const HostPort& peer, const x509::Certificate& presented, const Pin& next,
                                      trust::Time now) const;
    /// PeerList::expect_none, in the file; where there is nothing to change it is only read.
    [[nodiscard]] Result<bool> expect_none(const HostPort& peer, const x509::Certificate& presented) const;

    /// A change of the list: gives whether there is anything to write.
    using Change = std::function<Result<bool>(PeerList&, const NewNames&)>;
    /// Makes the change under the lock and writes what comes out; an Error leaves the file untouched.
    [[nodiscard]] Result<void> update(const Change& change) const;
    /// Makes it for nothing but its outcome.
    [[nodiscard]] Result<void> rehearse(const Change& change) const;

  private:
    [[nodiscard]] Result<bool> update_if_due(const Change& change) const;

    std::filesystem::path path_;
    NewNames names_;
};

}  // namespace cotter::evidence
