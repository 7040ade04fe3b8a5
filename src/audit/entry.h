// Entry: one line of the audit log: what was done to whom, by whom and when. Its octets are what the tree's leaf is the
// hash of, so they are written in one way only (docs/audit-log.md).
#pragma once

#include "audit/hash_tree.h"

#include <cotter/bytes.h>
#include <cotter/error.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cotter::audit {

using Time = std::chrono::sys_seconds;

/// Everything that is recorded. A new kind of change is a new one here; none is ever renamed, for entries of it are
/// kept.
enum class Action : std::uint8_t {
    // The list of clients.
    kAdd,
    kSuspend,
    kRestore,
    kRevoke,
    kRemove,
    kAddKey,
    kDropKey,
    kLearnKey,  ///< a server met the key behind a pin that was registered alone
    kInvite,
    kWithdraw,
    kJoin,
    kApprove,
    kRules,  ///< a client is bounded by others than before
    kDisconnect,
    // What servers refused: one, or `count` of them.
    kRefuse,
    kRefuseJoin,
    // Our own authority.
    kCaInit,
    kCaIssue,
    kCaRevoke,
    kCaList,  ///< a list of revoked certificates was signed
    // A server's own key.
    kServerKey,      ///< it serves with another key than before, or for the first time
    kRotatePrepare,  ///< a next key was made, and is announced from then on
    kRotateCommit,   ///< it takes the place of the present one
    kRotateAbort,    ///< it will not
    // The log itself.
    kPrune,
};
[[nodiscard]] std::string_view text_of(Action action);  ///< "add-key"
[[nodiscard]] std::optional<Action> action_of(std::string_view word);
[[nodiscard]] std::vector<std::string> action_words();  ///< of every action

/// What happened, for whoever records it. Text is escaped where it is recorded; what is empty is left out.
struct Event {
    Action action = Action::kAdd;
    std::string client{};      ///< the name on the list; or "ca:" and a certificate's name
    std::string pin{};         ///< of the key that it is about
    std::string peer{};        ///< the address that a refused connection came from
    std::string connection{};  ///< its id, as both ends print it
    std::uint64_t count = 1;   ///< how many refusals this stands for
    std::string detail{};
};

struct Entry {
    std::uint64_t sequence = 0;  ///< from 0 on, without gaps: the leaf's index in the tree
    Time at{};
    std::string actor{};   ///< login name and host
    std::string action{};  ///< an Action's text; a newer program may have written others
    std::string client{};
    std::string pin{};
    std::string peer{};
    std::string connection{};
    std::uint64_t count = 1;
    std::string detail{};

    bool operator==(const Entry&) const = default;
};

/// That event, recorded: every text escaped and cut to a length that keeps an entry below 8 KiB.
[[nodiscard]] Entry recorded(const Event& event, std::uint64_t sequence, std::string_view actor, Time at);

/// One line of JSON as RFC 8785 writes it, without a newline: keys in the order of the alphabet, no white space, times
/// by RFC 3339 in UTC. Keys: action, actor, at, client, connection, count, detail, peer, pin, sequence; empty ones, and
/// a count of 1, are left out.
[[nodiscard]] std::string canonical_text(const Entry& entry);
[[nodiscard]] Hash leaf_hash(const Entry& entry);

/// Reads such a line; anything that canonical_text() doesn't write is an Error.
[[nodiscard]] Result<Entry> parse_entry(std::string_view line);

}  // namespace cotter::audit
