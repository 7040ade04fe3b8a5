// PeerList: everything that a known_peers file says, asked and changed in memory. A change touches only the lines that
// it is about: all others keep their place and every octet. Files are known_peers.h.
#pragma once

#include "evidence/peer_line.h"
#include "trust/evidence.h"

#include <cotter/error.h>

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cotter::evidence {

/// How the names of new lines are written.
struct NewNames {
    bool are_hashed =
        false;  ///< so are they, too, once a line of the file is: nobody hides one name and shows the next
    std::function<PeerName::Salt()> draw_salt;
};

/// What is remembered of a server when it is seen.
struct Sighting {
    Pin pin;  ///< the key's, as canonical text of an SPKI; or as somebody gave it
    trust::Sight sight{};
};

/// Of a chain as presented, leaf first and not empty.
[[nodiscard]] Sighting sighting_of(const std::vector<x509::Certificate>& presented, trust::Time now);

class PeerList {
  public:
    /// The whole text or nothing: a line that can't be read might have been the one that counts, and a last line
    /// without its newline may be half of one (INVARIANTS A130, A132). `source` names the file in the Error.
    [[nodiscard]] static Result<PeerList> parse(std::string_view text, std::string_view source);

    [[nodiscard]] std::string text() const;
    [[nodiscard]] const std::vector<PeerLine>& lines() const { return lines_; }

    /// What is remembered of this host, port and leaf: kError where a foreign mark may be about it.
    [[nodiscard]] trust::Continuity ask(const HostPort& peer, const x509::Certificate& leaf) const;

    /// Every pin remembered for it, without revoked ones; an Error where a foreign mark may be about it.
    [[nodiscard]] Result<std::vector<Pin>> pins_of(const HostPort& peer) const;

    /// Adds a key for a host and port; where it is known already nothing changes. An Error where another key is
    /// remembered, unless `additional`, where the key is revoked, and where a foreign mark may be about either. Gives
    /// whether a line was added.
    [[nodiscard]] Result<bool> remember(const HostPort& peer, const Sighting& seen, trust::Time now,
                                        const NewNames& names, bool additional = false);

    /// Remembers a key in place of these others of that host and port; revoked marks stay. Errors as of remember():
    /// also where yet another key is remembered, since it may be a later one.
    [[nodiscard]] Result<bool> replace(const HostPort& peer, const std::vector<Pin>& former, const Sighting& seen,
                                       trust::Time now, const NewNames& names);

    enum class Noted : std::uint8_t {
        kNothing,
        kSeen,
        kSucceeded,  ///< an announced key was presented: it is remembered now, and the one that announced it no longer
    };
    /// Notes that a key that is remembered was seen: LAST-SEEN moves where it is more than a day old, and what the
    /// certificate says is written down with it. Whoever has seen the new key never takes the old one again.
    [[nodiscard]] Noted note_seen(const HostPort& peer, const std::vector<x509::Certificate>& presented,
                                  trust::Time now);

    /// Remembers the key that will follow the one presented, which must be remembered for that host and port: there,
    /// and wherever else it is remembered, since whoever holds it speaks for it anywhere (a server has several ports
    /// and names). A key that it had announced before and that never came is forgotten. An Error where the next key is
    /// revoked, and where a foreign mark may be about either. Gives whether anything changed.
    [[nodiscard]] Result<bool> expect(const HostPort& peer, const x509::Certificate& presented, const Pin& next,
                                      trust::Time now);
    /// Forgets what the key presented had announced for that host and port. Gives whether anything was.
    [[nodiscard]] bool expect_none(const HostPort& peer, const x509::Certificate& presented);

    struct Forgotten {
        std::size_t removed = 0;
        std::size_t kept_marks = 0;  ///< lines about it that stay: revoked keys, and marks that aren't known
    };
    /// Removes the keys of a host and port, or only one of them.
    [[nodiscard]] Forgotten forget(const HostPort& peer, const Pin* only = nullptr);

    /// Marks a key as refused at every host. `comment` is text without control characters, or empty. Gives false
    /// where it was marked so already.
    [[nodiscard]] bool revoke(const Pin& pin, trust::Time now, std::string_view comment);

    struct Imported {
        std::size_t added = 0;
        std::size_t revoked = 0;  ///< of those, marks of revoked keys
        std::size_t known_already = 0;
    };
    /// Adds what another list says, all of it or nothing: an Error that names each line that would put another key
    /// beside one that is remembered, or beside a hashed name that it can't be compared with, or that trusts a key
    /// which is revoked here.
    [[nodiscard]] Result<Imported> import(std::span<const PeerEntry> entries, const NewNames& names);

  private:
    [[nodiscard]] const PeerLine* foreign_about(const HostPort& peer, const Pin* pin,
                                                const x509::Certificate* leaf) const;
    [[nodiscard]] bool has_revoked(const Pin& pin) const;
    [[nodiscard]] PeerName name_of(const HostPort& peer, const NewNames& names) const;
    [[nodiscard]] std::string obstacle_to(const PeerEntry& entry) const;
    [[nodiscard]] bool has(const PeerEntry& entry) const;

    std::string source_;
    std::vector<PeerLine> lines_;
};

}  // namespace cotter::evidence
