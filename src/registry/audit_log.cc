// The log's statements.
#include "registry/audit_log.h"

#include "text/encoding.h"
#include "x509/openssl.h"

#include <openssl/rand.h>

#include <algorithm>
#include <array>

namespace cotter::registry {
namespace {

// So that the table does not grow without end, whatever happens (INVARIANT A202): with more, the oldest tenth goes.
constexpr std::uint64_t kMostEntries = 1'000'000;
constexpr std::uint64_t kKeptEntries = 900'000;

constexpr std::string_view kSelect =
    "SELECT sequence, at, actor, action, client, pin, peer, connection, count, detail FROM log_entries "
    "WHERE sequence >= $1 AND at >= $2 AND ($3 = '' OR action = $3) AND ($4 = 0 OR (action <> 'learn-key' AND action "
    "NOT LIKE 'refuse%'))";

audit::Entry entry_at(Query& row) {
    return {.sequence = row.count(0),
            .at = row.time(1),
            .actor = row.text(2),
            .action = row.text(3),
            .client = row.text(4),
            .pin = row.text(5),
            .peer = row.text(6),
            .connection = row.text(7),
            .count = row.count(8),
            .detail = row.text(9)};
}

std::vector<audit::Entry> entries_of(Query& row) {
    std::vector<audit::Entry> entries;
    while (row.next()) entries.push_back(entry_at(row));
    return entries;
}

template <class T>
T or_fault(Result<T> result) {
    if (!result) throw StoreFault(result.error().code, result.error().why, result.error().next);
    if constexpr (!std::is_void_v<T>) return *std::move(result);
}

std::string random_origin() {
    std::array<std::byte, 8> octets{};
    if (RAND_bytes(x509::octets(std::span<std::byte>(octets)), static_cast<int>(octets.size())) != 1) {
        throw StoreFault("registry_unavailable", "there are no random numbers", {});
    }
    return "cotter-audit/" + text::hex(octets);
}

}  // namespace

Result<void> AuditLog::begin() {
    const std::string what = "opening the audit log of " + store_.name();
    const auto has_begun = [&]() -> Result<bool> {
        return Query(store_, "SELECT 1 FROM log_head WHERE id = 1").next();
    };
    const auto begun = store_.read(what, has_begun);
    if (!begun) return unexpected(begun.error());
    if (*begun) return {};
    return store_.write(what, [&]() -> Result<void> {
        // Again, since another program may have been here meanwhile.
        if (*has_begun()) return {};
        Query(store_, "INSERT INTO log_head (id, origin, size, root, pruned) VALUES (1, $1, 0, $2, 0)", random_origin(),
              Bytes(audit::empty_root()))
            .run();
        if (store_.has_table("audit")) take_over();
        return {};
    });
}

void AuditLog::take_over() {
    audit::TiledTree grown = tree(0);
    Query row(store_, "SELECT at, actor, action, client, detail FROM audit ORDER BY sequence");
    while (row.next()) {
        append_entry(grown, {.sequence = grown.size(),
                             .at = row.time(0),
                             .actor = row.text(1),
                             .action = row.text(2),
                             .client = row.text(3),
                             .detail = row.text(4)});
    }
    keep(grown);
    store_.run_script("DROP TABLE audit");
}

void AuditLog::append(const Change& change, const audit::Event& event) {
    append(change, std::span(&event, 1));
}

void AuditLog::append(const Change& change, std::span<const audit::Event> events) {
    const LogHead head = read_head();
    audit::TiledTree grown = tree(head.size);
    for (const audit::Event& event : events)
        append_entry(grown, audit::recorded(event, grown.size(), change.actor, change.now));
    keep(grown);
    if (grown.size() - head.pruned > kMostEntries) drop_before(grown.size() - kKeptEntries, change);
}

void AuditLog::append_entry(audit::TiledTree& tree, const audit::Entry& entry) {
    Query(store_,
          "INSERT INTO log_entries (sequence, at, actor, action, client, pin, peer, connection, count, detail) "
          "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
          entry.sequence, entry.at, entry.actor, entry.action, entry.client, entry.pin, entry.peer, entry.connection,
          entry.count, entry.detail)
        .run();
    or_fault(tree.append(audit::leaf_hash(entry)));
}

void AuditLog::keep(audit::TiledTree& tree) {
    for (const auto& [name, hashes] : tree.changed()) {
        Query(store_,
              "INSERT INTO log_tiles (level, place, hashes) VALUES ($1, $2, $3) "
              "ON CONFLICT (level, place) DO UPDATE SET hashes = excluded.hashes",
              name.level, name.index, hashes)
            .run();
    }
    const audit::Hash root = or_fault(tree.root());
    Query(store_, "UPDATE log_head SET size = $1, root = $2 WHERE id = 1", tree.size(), Bytes(root)).run();
}

void AuditLog::drop_before(std::uint64_t sequence, const Change& change) {
    Query(store_, "UPDATE log_head SET pruned = $1 WHERE id = 1", sequence).run();
    Query(store_, "DELETE FROM log_entries WHERE sequence < $1", sequence).run();
    append(change, {.action = audit::Action::kPrune, .detail = "entries before " + std::to_string(sequence)});
}

Result<std::uint64_t> AuditLog::prune(Time before, const Change& change) {
    return store_.write("pruning the audit log", [&]() -> Result<std::uint64_t> {
        const LogHead head = read_head();
        Query kept(store_, "SELECT min(sequence) FROM log_entries WHERE at >= $1", before);
        const std::uint64_t first = kept.next() && !kept.is_null(0) ? kept.count(0) : head.size;
        if (first <= head.pruned) return 0;
        drop_before(first, change);
        return first - head.pruned;
    });
}

LogHead AuditLog::read_head() {
    Query row(store_, "SELECT origin, size, root, pruned FROM log_head WHERE id = 1");
    LogHead head;
    ByteVector root;
    if (row.next()) {
        head.origin = row.text(0);
        head.size = row.count(1);
        root = row.octets(2);
        head.pruned = row.count(3);
    }
    if (root.size() != head.root.size()) {
        throw StoreFault("audit_corrupt", "the audit log has lost its head", "bring the registry back from a backup");
    }
    std::ranges::copy(root, head.root.begin());
    return head;
}

Result<LogHead> AuditLog::head() {
    return store_.read("reading the audit log", [&]() -> Result<LogHead> { return read_head(); });
}

audit::TiledTree AuditLog::tree(std::uint64_t size) {
    return {size, [this](audit::TileName name) -> Result<ByteVector> {
                Query row(store_, "SELECT hashes FROM log_tiles WHERE level = $1 AND place = $2", name.level,
                          name.index);
                return row.next() ? row.octets(0) : ByteVector();
            }};
}

std::vector<audit::Entry> AuditLog::read_entries(const LogFilter& filter, std::size_t most, Order order) {
    const std::int64_t since = filter.since ? filter.since->time_since_epoch().count() : 0;
    std::string sql(kSelect);
    // Said only where it counts, so that the index on clients is used.
    sql += filter.client.empty() ? " AND $6 = ''" : " AND client = $6";
    sql += filter.connection.empty() ? " AND $7 = ''" : " AND connection = $7";
    sql += std::string(" ORDER BY sequence") + (order == Order::kDescending ? " DESC" : "") + " LIMIT $5";
    Query row(store_, sql.c_str(), filter.from, since, filter.action, filter.decisions_only, most, filter.client,
              filter.connection);
    return entries_of(row);
}

Result<std::vector<audit::Entry>> AuditLog::entries(const LogFilter& filter, std::size_t most) {
    return store_.read("reading the audit log",
                       [&]() -> Result<std::vector<audit::Entry>> { return read_entries(filter, most); });
}

Result<std::vector<audit::Entry>> AuditLog::newest(const LogFilter& filter, std::size_t most) {
    return store_.read("reading the audit log", [&]() -> Result<std::vector<audit::Entry>> {
        return read_entries(filter, most, Order::kDescending);
    });
}

Result<ProvenEntry> AuditLog::prove(std::uint64_t sequence) {
    const std::string what = "proving entry " + std::to_string(sequence);
    return store_.read(what, [&]() -> Result<ProvenEntry> {
        const LogHead head = read_head();
        if (sequence >= head.size) {
            return failed("no_such_entry", what,
                          "the log has " + std::to_string(head.size) + " entries, counted from 0",
                          "\"cotter log show\" lists them");
        }
        if (sequence < head.pruned) {
            return failed("entry_pruned", what, "entries before " + std::to_string(head.pruned) + " were pruned",
                          "only their hashes are left");
        }
        const auto found = read_entries({.from = sequence}, 1);
        if (found.empty() || found.front().sequence != sequence) {
            return failed("audit_corrupt", what, "the entry is not there",
                          "\"cotter log verify\" says what is missing");
        }
        audit::TiledTree present = tree(head.size);
        auto hashes = audit::prove_inclusion(sequence, head.size, present.subtrees());
        if (!hashes) return unexpected(hashes.error());
        return ProvenEntry{found.front(), std::move(*hashes), head};
    });
}

Result<ProvenGrowth> AuditLog::prove_growth(std::uint64_t old_size) {
    const std::string what =
        "proving that the log has only grown since its first " + std::to_string(old_size) + " entries";
    return store_.read(what, [&]() -> Result<ProvenGrowth> {
        const LogHead head = read_head();
        if (old_size > head.size) {
            return failed("log_shorter", what, "it has " + std::to_string(head.size) + " entries");
        }
        audit::TiledTree present = tree(head.size);
        const auto old_root = audit::root_of(old_size, present.subtrees());
        if (!old_root) return unexpected(old_root.error());
        auto hashes = audit::prove_consistency(old_size, head.size, present.subtrees());
        if (!hashes) return unexpected(hashes.error());
        return ProvenGrowth{*old_root, std::move(*hashes), head};
    });
}

}  // namespace cotter::registry
