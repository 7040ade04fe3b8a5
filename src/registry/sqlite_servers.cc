// What running servers report: their heartbeat, the version they hold, and what they saw of clients. None of it moves
// the registry's version.
#include "registry/sqlite_registry.h"

#include "text/escape.h"

#include <chrono>

namespace cotter::registry {
namespace {

using std::chrono::seconds;

/// A server that hasn't been heard of for longer counts as dead.
constexpr seconds kServerSilence{3};
/// Then its row goes, so that crashed servers don't pile up.
constexpr seconds kServerForgotten = std::chrono::hours(1);
/// How long it is known how many streams a change closed.
constexpr seconds kClosuresKept = std::chrono::days(1);

}  // namespace

Result<void> SqliteRegistry::report(const ServerReport& report) {
    return write("reporting to the registry", [&]() -> Result<void> {
        Query(database_,
              "INSERT INTO servers (id, heartbeat, applied_version) VALUES (?, ?, ?) "
              "ON CONFLICT (id) DO UPDATE SET heartbeat = excluded.heartbeat, "
              "applied_version = excluded.applied_version",
              report.server_id, report.now, report.applied_version)
            .run();
        Query(database_, "DELETE FROM servers WHERE heartbeat < ?", report.now - kServerForgotten).run();
        Query(database_, "DELETE FROM closures WHERE at < ?", report.now - kClosuresKept).run();
        for (const ServerReport::Row& row : report.rows) {
            if (row.closed > 0) {
                Query(database_,
                      "INSERT INTO closures (client, version, streams, at) VALUES (?, ?, ?, ?) "
                      "ON CONFLICT (client, version) DO UPDATE SET streams = streams + excluded.streams, "
                      "at = excluded.at",
                      row.client, report.applied_version, row.closed, report.now)
                    .run();
            }
            // A client that was removed meanwhile, or that only a CA knows, has nowhere to keep more.
            if (!Query(database_, "SELECT 1 FROM clients WHERE name = ?", row.client).next()) continue;
            Query(database_,
                  "INSERT INTO open_streams (server, client, streams) VALUES (?, ?, ?) "
                  "ON CONFLICT (server, client) DO UPDATE SET streams = excluded.streams",
                  report.server_id, row.client, row.open_streams)
                .run();
            Query(database_,
                  "INSERT INTO activity (client, last_seen, last_address, bytes_in, bytes_out, refused) "
                  "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (client) DO UPDATE SET "
                  "last_address = iif(excluded.last_seen >= last_seen, excluded.last_address, last_address), "
                  "last_seen = max(last_seen, excluded.last_seen), bytes_in = bytes_in + excluded.bytes_in, "
                  "bytes_out = bytes_out + excluded.bytes_out, refused = refused + excluded.refused",
                  row.client, row.last_seen, text::escape(row.last_address), row.bytes_in, row.bytes_out, row.refused)
                .run();
        }
        return {};
    });
}

Result<void> SqliteRegistry::retire(std::string_view server_id) {
    return write("taking leave of the registry", [&]() -> Result<void> {
        Query(database_, "DELETE FROM servers WHERE id = ?", server_id).run();
        return {};
    });
}

Result<Activity> SqliteRegistry::activity_of(const ClientName& name, Time now) {
    const std::string what = "reading the activity of " + name.text();
    return read(what, [&]() -> Result<Activity> {
        if (const auto state = state_of(what, name); !state) return unexpected(state.error());
        Activity activity;
        Query totals(database_,
                     "SELECT last_seen, last_address, bytes_in, bytes_out, refused FROM activity WHERE client = ?",
                     name.text());
        if (totals.next()) {
            activity.last_seen = totals.time(0);
            activity.last_address = totals.text(1);
            activity.bytes_in = totals.count(2);
            activity.bytes_out = totals.count(3);
            activity.refused = totals.count(4);
        }
        Query open(database_,
                   "SELECT coalesce(sum(streams), 0) FROM open_streams JOIN servers ON servers.id = server "
                   "WHERE client = ? AND heartbeat >= ?",
                   name.text(), now - kServerSilence);
        if (open.next()) activity.open_streams = open.count(0);
        return activity;
    });
}

Result<Enforcement> SqliteRegistry::enforcement(std::string_view client, std::uint64_t version, Time now) {
    return read("asking what the servers did", [&]() -> Result<Enforcement> {
        Enforcement enforcement;
        Query servers(database_,
                      "SELECT count(*), coalesce(sum(applied_version >= ?), 0) FROM servers WHERE heartbeat >= ?",
                      version, now - kServerSilence);
        if (servers.next()) {
            enforcement.servers = servers.count(0);
            enforcement.servers_applied = servers.count(1);
        }
        Query closed(database_, "SELECT coalesce(sum(streams), 0) FROM closures WHERE client = ? AND version >= ?",
                     client, version);
        if (closed.next()) enforcement.streams_closed = closed.count(0);
        return enforcement;
    });
}

}  // namespace cotter::registry
