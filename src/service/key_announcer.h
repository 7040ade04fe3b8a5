// KeyAnnouncer: what a server says of its next key at the beginning of each stream, and what clients have answered. One
// object for a present key and a next one, shared by all threads.
#pragma once

#include "identity/identity.h"
#include "registry/rotations.h"
#include "stream/preface.h"
#include "tls/handshake.h"

#include <map>
#include <mutex>
#include <optional>

namespace cotter::service {

class KeyAnnouncer {
  public:
    /// Announces `next`, or says that there is none.
    KeyAnnouncer(x509::PublicKey present, std::optional<identity::Identity> next);

    [[nodiscard]] const std::optional<identity::Identity>& next() const { return next_; }

    /// What the client of this stream is told. Nothing where nothing can be proved: on a resumed session, whose
    /// handshake proved no key, and where signing failed.
    [[nodiscard]] std::optional<stream::KeyNews> news_for(const tls::Stream& stream) const;

    /// Remembers an answer, so that it isn't asked for at each connection. Other servers, and this one when it starts
    /// again, hear it once more.
    void note(const x509::CanonicalKey& client_key, registry::KeyAnswer answer);

  private:
    x509::PublicKey present_;
    std::optional<identity::Identity> next_;
    mutable std::mutex mutex_;
    std::map<x509::CanonicalKey, registry::KeyAnswer> answers_;
};

}  // namespace cotter::service
