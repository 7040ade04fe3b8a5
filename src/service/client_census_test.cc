// How the list is counted.
#include "service/client_census.h"

#include <gtest/gtest.h>

namespace cotter::service {
namespace {

using std::chrono::days;

constexpr x509::Time kNow{std::chrono::sys_days{std::chrono::year{2026} / 5 / 4}};

registry::Client client(std::string_view name, registry::ClientState state, std::optional<x509::Time> expires = {}) {
    registry::Client client{.name = *registry::ClientName::parse(name),
                            .state_reason = {},
                            .state_actor = {},
                            .expires = {},
                            .note = {},
                            .keys = {}};
    client.state = state;
    client.expires = expires;
    return client;
}

TEST(ClientCensus, CountsEachClientOnceAndFindsTheNextEnd) {
    using enum registry::ClientState;
    registry::SnapshotRows rows;
    rows.clients = {
        client("always", kActive),
        client("late", kActive, kNow + days(40)),
        client("next", kActive, kNow + days(2)),
        client("over", kActive, kNow),  // an admission ends with the second before
        client("waiting", kSuspended, kNow + days(1)),
        client("waited", kSuspended, kNow - days(1)),
        client("gone", kRevoked, kNow + days(1)),
    };
    const registry::Snapshot snapshot(rows);
    const ClientCensus now = census_of(snapshot, kNow);
    EXPECT_EQ(now.active, 3U);
    EXPECT_EQ(now.suspended, 2U);
    EXPECT_EQ(now.revoked, 1U);
    EXPECT_EQ(now.expired, 1U);
    EXPECT_EQ(now.first_expiry, kNow + days(2));
    const ClientCensus later = census_of(snapshot, kNow + days(50));
    EXPECT_EQ(later.active, 1U);
    EXPECT_EQ(later.expired, 3U);
    EXPECT_FALSE(later.first_expiry);
}

}  // namespace
}  // namespace cotter::service
