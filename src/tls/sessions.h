// Sessions that may be resumed, each with the peer that was authenticated in it, so that it can be judged again.
// Bounded; on one thread; nothing of it ever leaves the process (INVARIANTS A36–A41, A167).
#pragma once

#include "tls/peer.h"
#include "x509/openssl.h"

#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace cotter::tls {

using SessionPtr = std::unique_ptr<SSL_SESSION, x509::FreeBy<SSL_SESSION_free>>;

/// How long after the last proof of the key a session may be resumed.
inline constexpr std::chrono::minutes kMostSessionAge{60};

struct RememberedSession {
    SessionPtr session;
    Peer peer;
};

/// A server's side: by session id, the oldest dropped first.
class ServerSessions {
  public:
    void remember(std::string_view id, RememberedSession session);
    /// The session of that id, if it is young enough; valid until the next call.
    [[nodiscard]] const RememberedSession* find(std::string_view id, std::chrono::steady_clock::time_point now);
    void forget(std::string_view id);
    [[nodiscard]] std::size_t size() const { return by_id_.size(); }

    static constexpr std::size_t kMost = 4096;

  private:
    struct Entry {
        RememberedSession session;
        std::list<std::string>::iterator age;
    };
    std::list<std::string> oldest_first_;
    std::unordered_map<std::string, Entry> by_id_;
};

/// A client's side: the last session with one server under one policy and identity; its owner clears it when any of
/// these changes (INVARIANT A39).
class ClientSession {
  public:
    /// Ignored unless `era` is still the one: a session that arrives after the clearing belongs to what was before it.
    void remember(std::uint64_t era, RememberedSession session) {
        if (era == era_) last_.emplace(std::move(session));
    }
    void clear() {
        last_.reset();
        ++era_;
    }
    /// Counts the clearings; a handshake notes it at its beginning.
    [[nodiscard]] std::uint64_t era() const { return era_; }
    [[nodiscard]] const RememberedSession* find(std::chrono::steady_clock::time_point now) const;

  private:
    std::optional<RememberedSession> last_;
    std::uint64_t era_ = 0;
};

}  // namespace cotter::tls
