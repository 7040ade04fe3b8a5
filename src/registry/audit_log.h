// AuditLog: the log of what was done, in the registry's store: its entries, the tiles of their Merkle tree, and its
// head. Whoever changes something appends its entry in the same transaction:
//
//     store.write("issuing a certificate", [&]() -> Result<void> {
//         …
//         AuditLog(store).append(change, {.action = audit::Action::kCaIssue, .client = name.text(), .detail = serial});
//         return {};
//     });
#pragma once

#include "audit/entry.h"
#include "audit/tiles.h"
#include "registry/client.h"
#include "registry/store.h"

#include <cotter/error.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace cotter::registry {

struct LogHead {
    std::string origin;      ///< which log this is: random, made with it
    std::uint64_t size = 0;  ///< entries, those that were pruned too
    audit::Hash root{};
    std::uint64_t pruned = 0;  ///< entries before this one are gone, all but their hashes
};

/// Which entries; what is empty leaves all.
struct LogFilter {
    std::string client{};
    std::string action{};
    std::string connection{};  ///< the id that both ends print
    std::optional<Time> since{};
    std::uint64_t from = 0;       ///< the first sequence
    bool decisions_only = false;  ///< not what servers met by themselves: refusals, and the keys behind pins
};

/// An entry with what shows that it is in the log of that head.
struct ProvenEntry {
    audit::Entry entry;
    std::vector<audit::Hash> hashes;
    LogHead head;
};

/// What shows that the log of `head` begins with one of fewer entries, whose root is `old_root`.
struct ProvenGrowth {
    audit::Hash old_root{};
    std::vector<audit::Hash> hashes;
    LogHead head;
};

class AuditLog {
  public:
    enum class Order : std::uint8_t { kAscending, kDescending };

    explicit AuditLog(Store& store) : store_(store) {}

    /// Once for a store: gives the log its origin, and takes over what was recorded before there was a tree.
    [[nodiscard]] Result<void> begin();

    // Within Store::write; these throw StoreFault.
    void append(const Change& change, const audit::Event& event);
    void append(const Change& change, std::span<const audit::Event> events);

    /// Drops entries from the oldest on, up to the first that is not older; their hashes stay, so that every proof of
    /// what remains can be made. Gives how many went. An entry says so, unless there were none.
    [[nodiscard]] Result<std::uint64_t> prune(Time before, const Change& change);

    [[nodiscard]] Result<LogHead> head();
    /// Ascending, at most that many from `filter.from` on.
    [[nodiscard]] Result<std::vector<audit::Entry>> entries(const LogFilter& filter, std::size_t most);
    /// Descending, at most that many.
    [[nodiscard]] Result<std::vector<audit::Entry>> newest(const LogFilter& filter, std::size_t most);

    /// Error codes: "no_such_entry", "entry_pruned".
    [[nodiscard]] Result<ProvenEntry> prove(std::uint64_t sequence);
    /// Error code "log_shorter": the log has fewer entries than that.
    [[nodiscard]] Result<ProvenGrowth> prove_growth(std::uint64_t old_size);

    // Within Store::read or write; these throw StoreFault. For audit_check.h.
    [[nodiscard]] LogHead read_head();
    [[nodiscard]] std::vector<audit::Entry> read_entries(const LogFilter& filter, std::size_t most,
                                                         Order order = Order::kAscending);
    /// The tree as its tiles say; valid as long as this.
    [[nodiscard]] audit::TiledTree tree(std::uint64_t size);

  private:
    void append_entry(audit::TiledTree& tree, const audit::Entry& entry);
    void keep(audit::TiledTree& tree);
    void take_over();
    void drop_before(std::uint64_t sequence, const Change& change);

    Store& store_;
};

}  // namespace cotter::registry
