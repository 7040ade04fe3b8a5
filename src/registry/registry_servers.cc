// What running servers report: their heartbeat, the version they hold, and what they saw of clients. None of it moves
// the registry's version.
#include "registry/registry.h"

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

Result<void> Registry::report(const ServerReport& report) {
    return store_->write("reporting to the registry", [&]() -> Result<void> {
        Query(*store_,
              "INSERT INTO servers (id, heartbeat, applied_version) VALUES ($1, $2, $3) "
              "ON CONFLICT (id) DO UPDATE SET heartbeat = excluded.heartbeat, "
              "applied_version = excluded.applied_version",
              report.server_id, report.now, report.applied_version)
            .run();
        Query(*store_, "DELETE FROM servers WHERE heartbeat < $1", report.now - kServerForgotten).run();
        Query(*store_, "DELETE FROM closures WHERE at < $1", report.now - kClosuresKept).run();
        for (const ServerReport::Row& row : report.rows) {
            if (row.closed > 0) {
                Query(*store_,
                      "INSERT INTO closures (client, version, streams, at) VALUES ($1, $2, $3, $4) "
                      "ON CONFLICT (client, version) DO UPDATE SET streams = closures.streams + excluded.streams, "
                      "at = excluded.at",
                      row.client, report.applied_version, row.closed, report.now)
                    .run();
            }
            // A client that was removed meanwhile, or that only a CA knows, has nowhere to keep more.
            if (!Query(*store_, "SELECT 1 FROM clients WHERE name = $1", row.client).next()) continue;
            Query(*store_,
                  "INSERT INTO open_streams (server, client, streams) VALUES ($1, $2, $3) "
                  "ON CONFLICT (server, client) DO UPDATE SET streams = excluded.streams",
                  report.server_id, row.client, row.open_streams)
                .run();
            Query(*store_,
                  "INSERT INTO activity (client, last_seen, last_address, bytes_in, bytes_out, refused) "
                  "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (client) DO UPDATE SET "
                  "last_address = CASE WHEN excluded.last_seen >= activity.last_seen THEN excluded.last_address "
                  "ELSE activity.last_address END, "
                  "last_seen = CASE WHEN excluded.last_seen >= activity.last_seen THEN excluded.last_seen "
                  "ELSE activity.last_seen END, bytes_in = activity.bytes_in + excluded.bytes_in, "
                  "bytes_out = activity.bytes_out + excluded.bytes_out, refused = activity.refused + excluded.refused",
                  row.client, row.last_seen, text::escape(row.last_address), row.bytes_in, row.bytes_out, row.refused)
                .run();
        }
        return {};
    });
}

Result<void> Registry::retire(std::string_view server_id) {
    return store_->write("taking leave of the registry", [&]() -> Result<void> {
        Query(*store_, "DELETE FROM servers WHERE id = $1", server_id).run();
        return {};
    });
}

Result<Activity> Registry::activity_of(const ClientName& name, Time now) {
    const std::string what = "reading the activity of " + name.text();
    return store_->read(what, [&]() -> Result<Activity> {
        if (const auto state = state_of(what, name); !state) return unexpected(state.error());
        Activity activity;
        Query totals(*store_,
                     "SELECT last_seen, last_address, bytes_in, bytes_out, refused FROM activity WHERE client = $1",
                     name.text());
        if (totals.next()) {
            // Who was only ever refused has a row, and was never seen.
            if (const Time seen = totals.time(0); seen != Time{}) activity.last_seen = seen;
            activity.last_address = totals.text(1);
            activity.bytes_in = totals.count(2);
            activity.bytes_out = totals.count(3);
            activity.refused = totals.count(4);
        }
        Query open(
            *store_,
            "SELECT CAST(coalesce(sum(streams), 0) AS BIGINT) FROM open_streams JOIN servers ON servers.id = server "
            "WHERE client = $1 AND heartbeat >= $2",
            name.text(), now - kServerSilence);
        if (open.next()) activity.open_streams = open.count(0);
        return activity;
    });
}

Result<Enforcement> Registry::enforcement(std::string_view client, std::uint64_t version, Time now) {
    return store_->read("asking what the servers did", [&]() -> Result<Enforcement> {
        Enforcement enforcement;
        Query servers(
            *store_,
            "SELECT count(*), count(*) FILTER (WHERE applied_version >= $1) FROM servers WHERE heartbeat >= $2",
            version, now - kServerSilence);
        if (servers.next()) {
            enforcement.servers = servers.count(0);
            enforcement.servers_applied = servers.count(1);
        }
        Query closed(
            *store_,
            "SELECT CAST(coalesce(sum(streams), 0) AS BIGINT) FROM closures WHERE client = $1 AND version >= $2",
            client, version);
        if (closed.next()) enforcement.streams_closed = closed.count(0);
        return enforcement;
    });
}

}  // namespace cotter::registry
