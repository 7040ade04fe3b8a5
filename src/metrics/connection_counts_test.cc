// What becomes of connections, summed over threads, by service.
#include "metrics/connection_counts.h"

#include "metrics/exposition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cotter::metrics {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

std::string text_of(const CountTable& table) {
    Exposition exposition;
    table.add_to(exposition);
    return exposition.text();
}

TEST(CountTable, SumsThreadsAndTellsServicesApart) {
    CountTable table(2, {"db", "web"});
    for (std::size_t thread = 0; thread < 2; ++thread) {
        ConnectionCounts& db = table.of(thread, 0);
        db.accepted();
        db.handshake_ended(Admitted{}, 3ms);
        db.stream_opened();
        db.moved(10, 100);
    }
    table.of(1, 0).stream_ended(stream::EndReason::kDone);
    table.of(0, 1).accepted();
    table.of(0, 1).accepted();
    table.of(0, 1).handshake_ended(trust::ReasonCode::kRevoked, 2s);
    const std::string text = text_of(table);
    for (const std::string_view line : {
             "cotter_connections_total{service=\"db\"} 2\n",
             "cotter_connections_total{service=\"web\"} 2\n",
             "cotter_open_handshakes{service=\"db\"} 0\n",
             "cotter_open_handshakes{service=\"web\"} 1\n",
             "cotter_handshakes_total{service=\"db\",outcome=\"admitted\"} 2\n",
             "cotter_handshakes_total{service=\"web\",outcome=\"refused\",reason=\"revoked\"} 1\n",
             "cotter_handshakes_total{service=\"web\",outcome=\"refused\",reason=\"not_admitted\"} 0\n",
             "cotter_handshake_seconds_bucket{service=\"db\",outcome=\"admitted\",le=\"0.0025\"} 0\n",
             "cotter_handshake_seconds_bucket{service=\"db\",outcome=\"admitted\",le=\"0.005\"} 2\n",
             "cotter_handshake_seconds_sum{service=\"web\",outcome=\"refused\"} 2\n",
             "cotter_open_streams{service=\"db\"} 1\n",
             "cotter_streams_ended_total{service=\"db\",reason=\"done\"} 1\n",
             "cotter_stream_bytes_total{service=\"db\",direction=\"in\"} 20\n",
             "cotter_stream_bytes_total{service=\"db\",direction=\"out\"} 200\n",
         })
        EXPECT_THAT(text, HasSubstr(line));
}

TEST(CountTable, CountsEachOutcomeUnderItsOwnName) {
    struct Row {
        HandshakeOutcome outcome;
        std::string_view labels;
    };
    const Row rows[] = {
        {Admitted{}, "outcome=\"admitted\""},
        {Exchanged{}, "outcome=\"exchange\""},
        {NotAdmitted{}, "outcome=\"not_admitted\""},
        {trust::ReasonCode::kMalformed, "outcome=\"refused\",reason=\"malformed\""},
        {trust::ReasonCode::kDowngradedProtocol, "outcome=\"refused\",reason=\"downgraded_protocol\""},
        {HandshakeFault::kUnreachable, "outcome=\"failed\",reason=\"unreachable\""},
        {HandshakeFault::kTls, "outcome=\"failed\",reason=\"tls\""},
        {HandshakeFault::kClosed, "outcome=\"failed\",reason=\"closed\""},
        {HandshakeFault::kTimeout, "outcome=\"failed\",reason=\"timeout\""},
        {HandshakeFault::kTooLong, "outcome=\"failed\",reason=\"too_long\""},
        {HandshakeFault::kCrowded, "outcome=\"failed\",reason=\"crowded\""},
        {HandshakeFault::kDrained, "outcome=\"failed\",reason=\"drained\""},
        {HandshakeFault::kNoStream, "outcome=\"failed\",reason=\"no_stream\""},
    };
    for (const Row& row : rows) {
        CountTable table(1, {""});
        table.of(0, 0).accepted();
        table.of(0, 0).handshake_ended(row.outcome, 1ms);
        const std::string text = text_of(table);
        EXPECT_THAT(text,
                    HasSubstr("cotter_handshakes_total{service=\"default\"," + std::string(row.labels) + "} 1\n"));
        std::size_t ones = 0;
        for (std::size_t at = text.find("} 1\n", text.find("cotter_handshakes_total{"));
             at < text.find("# HELP cotter_handshake_seconds"); at = text.find("} 1\n", at + 1))
            ++ones;
        EXPECT_EQ(ones, 1U) << row.labels;
    }
}

TEST(CountTable, A173_HasTheSameLabelsHoweverMuchItCounts) {
    CountTable table(1, {"db"});
    const std::string before = text_of(table);
    for (int i = 0; i < 1000; ++i) {
        ConnectionCounts& counts = table.of(0, 0);
        counts.accepted();
        counts.handshake_ended(static_cast<trust::ReasonCode>(i % 29), 1ms * i);
        counts.stream_opened();
        counts.stream_ended(i % 12 == 11 ? std::nullopt : std::optional(static_cast<stream::EndReason>(i % 12)));
    }
    const std::string after = text_of(table);
    EXPECT_EQ(std::ranges::count(after, '\n'), std::ranges::count(before, '\n'));
    EXPECT_EQ(std::ranges::count(after, '{'), std::ranges::count(before, '{'));
}

}  // namespace
}  // namespace cotter::metrics
