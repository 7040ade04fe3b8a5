// Listeners' and targets' addresses as text, and which of them are near.
#include "stream/endpoint.h"

#include <gtest/gtest.h>

namespace cotter::stream {
namespace {

TEST(Endpoint, A221_AListenerSaysWhere) {
    struct Case {
        const char* text;
        const char* address;  ///< none: as the caller says
        bool is_localhost;
        std::uint16_t port;
    };
    const Case cases[] = {
        {"7000", nullptr, false, 7000},     {"0", nullptr, false, 0},
        {"65535", nullptr, false, 65535},   {"127.0.0.1:7000", "127.0.0.1", false, 7000},
        {"[::1]:7000", "::1", false, 7000}, {"[::]:0", "::", false, 0},
        {"0.0.0.0:1", "0.0.0.0", false, 1}, {"localhost:7000", nullptr, true, 7000},
    };
    for (const Case& c : cases) {
        const auto parsed = ListenAddress::parse(c.text);
        ASSERT_TRUE(parsed) << c.text;
        TcpListen expected;
        if (c.address != nullptr) expected.address = *IpAddress::parse(c.address);
        expected.is_localhost = c.is_localhost;
        expected.port = c.port;
        EXPECT_EQ(*parsed, ListenAddress{expected}) << c.text;
    }
}

TEST(Endpoint, RefusesWhatIsNoListener) {
    for (const std::string_view text : {"",
                                        ":",
                                        ":7000",
                                        "65536",
                                        "-1",
                                        "+1",
                                        " 7000",
                                        "7000 ",
                                        "0x10",
                                        "7000:",
                                        "1.2.3.4",
                                        "1.2.3:7000",
                                        "host.example:7000",
                                        "[127.0.0.1]:7000",
                                        "[::1]",
                                        "[::1]7000",
                                        "[::1:7000",
                                        "::1",
                                        "::1:7000",
                                        "1::2:7000",
                                        "[]:7000",
                                        "[localhost]:1",
                                        "*:7000",
                                        "unix:",
                                        "127.0.0.1:99999999999"}) {
        const auto parsed = ListenAddress::parse(text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_EQ(parsed.error().kind, ErrorKind::kMalformedInput);
        EXPECT_FALSE(parsed.error().next.empty()) << text;
    }
}

TEST(Endpoint, AUnixPathFitsItsAddress) {
    const std::string longest(107, 'x');
    EXPECT_EQ(ListenAddress::parse("unix:" + longest)->value, decltype(ListenAddress::value)(UnixPath{longest}));
    EXPECT_EQ(Target::parse("unix:/run/x.sock")->to_string(), "unix:/run/x.sock");
    for (const std::string& path : {longest + "x", std::string(), std::string("a\0b", 3)}) {
        EXPECT_FALSE(ListenAddress::parse("unix:" + path));
        EXPECT_FALSE(Target::parse("unix:" + path));
    }
}

TEST(Endpoint, ASocketThatSystemdPassesHasItsName) {
    EXPECT_EQ(*ListenAddress::parse("systemd:db"), ListenAddress{SystemdSocket{"db"}});
    EXPECT_EQ(*ListenAddress::parse("systemd:cotter.socket"), ListenAddress{SystemdSocket{"cotter.socket"}});
    EXPECT_EQ(*ListenAddress::parse("systemd:"), ListenAddress{SystemdSocket{}}) << "the only one";
    EXPECT_TRUE(ListenAddress::parse("systemd:" + std::string(255, 'n')));
    for (const std::string_view text :
         {"systemd:a:b", "systemd:a b", "systemd:a\n", "systemd:\xc3\xa4", "systemd", "SYSTEMD:db"}) {
        EXPECT_FALSE(ListenAddress::parse(text)) << text;
    }
    EXPECT_FALSE(ListenAddress::parse("systemd:" + std::string(256, 'n')));
    EXPECT_FALSE(Target::parse("systemd:db")) << "it is no place to go to";
}

TEST(Endpoint, ATargetHasAHostAndAPort) {
    for (const char* text : {"127.0.0.1:6379", "[::1]:1", "db.example:65535", "localhost:80"}) {
        const auto target = Target::parse(text);
        ASSERT_TRUE(target) << text;
        EXPECT_EQ(target->to_string(), text);
    }
    for (const char* text : {"", "6379", "db.example", "db.example:0", "db.example:65536", ":80", "::1:80"}) {
        EXPECT_FALSE(Target::parse(text)) << text;
    }
}

TEST(Endpoint, KnowsWhatIsNear) {
    struct Case {
        const char* address;
        bool is_loopback;
        bool is_private;
    };
    const Case cases[] = {
        {"127.0.0.1", true, false},
        {"127.255.255.255", true, false},
        {"126.255.255.255", false, false},
        {"128.0.0.0", false, false},
        {"::1", true, false},
        {"::2", false, false},
        {"::", false, false},
        {"::ffff:127.0.0.1", true, false},
        {"::ffff:8.8.8.8", false, false},
        {"10.0.0.0", false, true},
        {"11.0.0.0", false, false},
        {"172.16.0.0", false, true},
        {"172.31.255.255", false, true},
        {"172.32.0.0", false, false},
        {"172.15.255.255", false, false},
        {"192.168.255.255", false, true},
        {"192.169.0.0", false, false},
        {"169.254.169.254", false, true},
        {"100.64.0.0", false, true},
        {"100.128.0.0", false, false},
        {"100.63.255.255", false, false},
        {"fc00::", false, true},
        {"fdff::1", false, true},
        {"fe00::", false, false},
        {"fe80::1", false, true},
        {"febf::1", false, true},
        {"fec0::", false, false},
        {"::ffff:10.0.0.1", false, true},
        {"0.0.0.0", false, false},
        {"2001:db8::1", false, false},
    };
    for (const Case& c : cases) {
        const auto address = *IpAddress::parse(c.address);
        EXPECT_EQ(is_loopback(address), c.is_loopback) << c.address;
        EXPECT_EQ(is_private(address), c.is_private) << c.address;
    }
}

}  // namespace
}  // namespace cotter::stream
