// The text that Prometheus reads.
#include "metrics/exposition.h"

#include <gtest/gtest.h>

#include <array>

namespace cotter::metrics {
namespace {

TEST(Exposition, GivesTypeAndHelpOnceAndThenTheSamples) {
    Exposition exposition;
    exposition.counter("cotter_things_total", "Things.", 3, {{"kind", "a"}});
    exposition.gauge("cotter_now", "Now.", 0.5);
    exposition.counter("cotter_things_total", "Things.", 9007199254740993.0, {{"kind", "b"}});
    EXPECT_EQ(exposition.text(),
              "# HELP cotter_things_total Things.\n"
              "# TYPE cotter_things_total counter\n"
              "cotter_things_total{kind=\"a\"} 3\n"
              "cotter_things_total{kind=\"b\"} 9007199254740992\n"
              "# HELP cotter_now Now.\n"
              "# TYPE cotter_now gauge\n"
              "cotter_now 0.5\n");
}

TEST(Exposition, LeavesOutLabelsWithoutValue) {
    Exposition exposition;
    exposition.gauge("cotter_now", "Now.", 1, {{"service", "db"}, {"reason", ""}});
    EXPECT_TRUE(exposition.text().ends_with("\ncotter_now{service=\"db\"} 1\n")) << exposition.text();
}

TEST(Exposition, A155_EscapesLabelValues) {
    Exposition exposition;
    exposition.gauge("cotter_now", "Now.", 1, {{"name", "a\"} 1\ncotter_fake{x=\"\\"}});
    EXPECT_TRUE(exposition.text().ends_with("\ncotter_now{name=\"a\\\"} 1\\ncotter_fake{x=\\\"\\\\\"} 1\n"))
        << exposition.text();
}

TEST(Exposition, SumsTheBucketsOfAHistogramUp) {
    Exposition exposition;
    constexpr std::array kBounds{0.1, 1.0};
    exposition.histogram("cotter_seconds", "Seconds.", {kBounds, {2, 3, 4}, 12.5}, {{"of", "x"}});
    EXPECT_EQ(exposition.text(),
              "# HELP cotter_seconds Seconds.\n"
              "# TYPE cotter_seconds histogram\n"
              "cotter_seconds_count{of=\"x\"} 9\n"
              "cotter_seconds_sum{of=\"x\"} 12.5\n"
              "cotter_seconds_bucket{of=\"x\",le=\"0.1\"} 2\n"
              "cotter_seconds_bucket{of=\"x\",le=\"1\"} 5\n"
              "cotter_seconds_bucket{of=\"x\",le=\"+Inf\"} 9\n");
}

}  // namespace
}  // namespace cotter::metrics
