// Who is answered by the metrics listener.
#include "metrics/request.h"

#include <gtest/gtest.h>

namespace cotter::metrics {
namespace {

IpAddress address(std::string_view text) {
    return *IpAddress::parse(text);
}

/// 200, or the status of the rejection.
unsigned status_of(const RequestHead& head, std::string_view listening = "127.0.0.1") {
    const auto page = page_of(head, address(listening));
    return page ? 200 : page.error().status;
}

RequestHead get(std::string_view target, std::string_view host = "127.0.0.1:9309") {
    return {.method = "GET", .target = target, .hosts = {host}};
}

TEST(MetricsRequest, ThereAreThreePages) {
    EXPECT_EQ(page_of(get("/metrics"), address("127.0.0.1")).value(), Page::kMetrics);
    EXPECT_EQ(page_of(get("/metrics?x=1"), address("127.0.0.1")).value(), Page::kMetrics);
    EXPECT_EQ(page_of(get("/livez"), address("127.0.0.1")).value(), Page::kLive);
    EXPECT_EQ(page_of(get("/readyz"), address("127.0.0.1")).value(), Page::kReady);
    for (const std::string_view target : {"/", "", "*", "/metrics/", "/metrics/../livez", "//metrics", "/Metrics",
                                          "http://127.0.0.1/metrics", "127.0.0.1:443"})
        EXPECT_EQ(status_of(get(target)), 404U) << target;
}

TEST(MetricsRequest, A224_AnswersOnlyWhoNamesTheListenersAddress) {
    struct Row {
        std::string_view why;
        std::string_view host;
        std::string_view listening;
        unsigned status;
    };
    const Row rows[] = {
        {"loopback", "127.0.0.1:9309", "127.0.0.1", 200},
        {"without a port", "127.0.0.1", "127.0.0.1", 200},
        {"another loopback address", "127.1.2.3:9309", "127.0.0.1", 200},
        {"a forwarded port", "127.0.0.1:1", "127.0.0.1", 200},
        {"by the name that every machine has for itself", "localhost:9309", "127.0.0.1", 200},
        {"in any case", "LocalHost", "127.0.0.1", 200},
        {"IPv6", "[::1]:9309", "::1", 200},
        {"IPv6 without a port", "[::1]", "::1", 200},
        {"the address that was listened on", "192.0.2.1:9309", "192.0.2.1", 200},
        {"the same of IPv6", "[2001:db8::1]:9309", "2001:db8::1", 200},
        {"in another spelling", "[2001:DB8:0::1]:9309", "2001:db8::1", 200},
        {"a name that was made to point here", "evil.example:9309", "127.0.0.1", 421},
        {"one that looks like us", "127.0.0.1.evil.example", "127.0.0.1", 421},
        {"one below localhost", "a.localhost", "127.0.0.1", 421},
        {"a trailing dot", "localhost.", "127.0.0.1", 421},
        {"another address", "192.0.2.2:9309", "192.0.2.1", 421},
        {"everywhere", "0.0.0.0:9309", "192.0.2.1", 421},
        {"a user before it", "evil.example@127.0.0.1", "127.0.0.1", 421},
        {"an octal address", "0177.0.0.1", "127.0.0.1", 421},
        {"a short one", "127.1", "127.0.0.1", 421},
        {"a number", "2130706433", "127.0.0.1", 421},
        {"IPv6 without brackets", "::1", "::1", 421},
        {"IPv4 in brackets", "[127.0.0.1]", "127.0.0.1", 421},
        {"an open bracket", "[::1", "::1", 421},
        {"something behind the bracket", "[::1]x", "::1", 421},
        {"a port that is none", "127.0.0.1:80x", "127.0.0.1", 421},
        {"an empty port", "127.0.0.1:", "127.0.0.1", 421},
        {"nothing", "", "127.0.0.1", 421},
    };
    for (const Row& row : rows) EXPECT_EQ(status_of(get("/metrics", row.host), row.listening), row.status) << row.why;
}

TEST(MetricsRequest, A224_NeedsOneHost) {
    EXPECT_EQ(status_of({.method = "GET", .target = "/metrics", .hosts = {}}), 400U);
    EXPECT_EQ(status_of({.method = "GET", .target = "/metrics", .hosts = {"127.0.0.1", "127.0.0.1"}}), 400U);
}

TEST(MetricsRequest, A225_OnlyReads) {
    for (const std::string_view method : {"GET", "HEAD"})
        EXPECT_EQ(status_of({.method = method, .target = "/metrics", .hosts = {"localhost"}}), 200U) << method;
    for (const std::string_view method : {"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "get", ""})
        EXPECT_EQ(status_of({.method = method, .target = "/metrics", .hosts = {"localhost"}}), 405U) << method;
    EXPECT_EQ(status_of({.method = "GET", .target = "/metrics", .hosts = {"localhost"}, .has_origin = true}), 403U);
    EXPECT_EQ(status_of({.method = "GET", .target = "/metrics", .hosts = {"localhost"}, .has_body = true}), 400U);
}

}  // namespace
}  // namespace cotter::metrics
