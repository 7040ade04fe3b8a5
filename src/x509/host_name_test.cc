// Names and addresses: one normal form each, everything else refused.
#include <cotter/host_name.h>

#include <gtest/gtest.h>

#include <string>

namespace cotter::x509 {
namespace {

using namespace std::string_literals;

TEST(DnsName, A85_IsLowerCaseInALabelsWithoutTheTrailingDot) {
    const struct {
        const char* text;
        const char* normal;
    } kCases[] = {
        {"db.example", "db.example"},
        {"DB.Example", "db.example"},
        {"db.example.", "db.example"},
        {"_sip._tcp.example", "_sip._tcp.example"},
        {"xn--bcher-kva.example", "xn--bcher-kva.example"},
        {"b\u00fccher.example", "xn--bcher-kva.example"},
        {"B\u00dcCHER.example.", "xn--bcher-kva.example"},
        {"stra\u00dfe.example", "xn--strae-oqa.example"},
        {"localhost", "localhost"},
        {"1.example", "1.example"},
    };
    for (const auto& one : kCases) {
        const auto name = DnsName::parse(one.text);
        ASSERT_TRUE(name) << one.text;
        EXPECT_EQ(name->text(), one.normal);
        EXPECT_EQ(*name, *DnsName::parse(one.normal));
    }
}

TEST(DnsName, A86_RefusesWhatIsNoName) {
    const std::string long_label(64, 'a');
    std::string long_name;
    for (int i = 0; i < 128; ++i) long_name += "a.";
    for (const std::string& text : {""s,
                                    "."s,
                                    ".example.com"s,
                                    "a..example"s,
                                    "example.."s,
                                    "a b.example"s,
                                    "a\0b.example"s,
                                    "a\nb.example"s,
                                    "*.example.com"s,
                                    "f*.example.com"s,
                                    "-a.example"s,
                                    "a-.example"s,
                                    "a/b"s,
                                    "a:1"s,
                                    "[::1]"s,
                                    "user@host"s,
                                    "1.2.3"s,
                                    "127.1"s,
                                    "0x7f.1"s,
                                    "0177.0.0.1"s,
                                    "127.0.0.256"s,
                                    "1.2.3.4.5"s,
                                    "example.0x1"s,
                                    long_label + ".example",
                                    long_name,
                                    "\xff\xfe.example"s,
                                    "a\u202e.example"s,
                                    "b\u00fccher.example\0.evil.example"s,
                                    "b\u00fccher.example\n"s,
                                    "b\u00fccher example"s,
                                    "\uff11\uff12\uff17.0.0.1"s}) {
        const auto name = DnsName::parse(text);
        EXPECT_FALSE(name) << text;
        EXPECT_TRUE(name || name.error().kind == ErrorKind::kMalformedInput);
    }
    EXPECT_TRUE(DnsName::parse(std::string(63, 'a') + ".example"));
    EXPECT_TRUE(DnsName::parse(long_name.substr(0, 253)));
}

TEST(IpAddress, A83_ReadsLiteralsInTheirFullForm) {
    const struct {
        const char* text;
        const char* normal;
        std::size_t size;
    } kCases[] = {
        {"192.0.2.1", "192.0.2.1", 4},
        {"0.0.0.0", "0.0.0.0", 4},
        {"::1", "::1", 16},
        {"2001:DB8:0:0:0:0:0:1", "2001:db8::1", 16},
        {"::ffff:192.0.2.1", "::ffff:192.0.2.1", 16},
    };
    for (const auto& one : kCases) {
        const auto address = IpAddress::parse(one.text);
        ASSERT_TRUE(address) << one.text;
        EXPECT_EQ(address->to_string(), one.normal);
        EXPECT_EQ(address->octets().size(), one.size);
        EXPECT_TRUE(HostName::parse(one.text)->is_address());
    }
}

TEST(IpAddress, A83_RefusesOctalHexShortFormsAndZones) {
    for (const std::string& text : {"127.1"s, "0177.0.0.1"s, "0x7f.0.0.1"s, "2130706433"s, "192.0.2.1."s, " 192.0.2.1"s,
                                    "192.0.2.1 "s, "192.0.2.256"s, "192.0.2"s, "fe80::1%eth0"s, "[::1]"s, "::1::"s,
                                    ":::"s, "1:2:3:4:5:6:7"s, "192.0.2.1\0"s, "::1\0x"s, ""s}) {
        EXPECT_FALSE(IpAddress::parse(text)) << text;
        EXPECT_FALSE(HostName::parse(text)) << text;
    }
}

TEST(HostPort, ReadsNamesAndAddressesWithPorts) {
    const struct {
        const char* text;
        const char* normal;
    } kCases[] = {
        {"DB.example:5432", "db.example:5432"},
        {"192.0.2.1:1", "192.0.2.1:1"},
        {"[2001:DB8::1]:65535", "[2001:db8::1]:65535"},
        {"db.example.:443", "db.example:443"},
    };
    for (const auto& one : kCases) {
        const auto endpoint = HostPort::parse(one.text);
        ASSERT_TRUE(endpoint) << one.text;
        EXPECT_EQ(endpoint->to_string(), one.normal);
    }
    EXPECT_EQ(HostPort::parse("db.example", 443)->to_string(), "db.example:443");
    EXPECT_EQ(HostPort::parse("[::1]", 443)->to_string(), "[::1]:443");
}

TEST(HostPort, RefusesWhatDoesNotSayBoth) {
    for (const std::string& text :
         {""s, ":443"s, "db.example"s, "db.example:"s, "db.example:0"s, "db.example:65536"s, "db.example:-1"s,
          "db.example:+1"s, "db.example: 1"s, "db.example:1x"s, "db.example:4294967297"s, "::1:443"s, "[::1]443"s,
          "[::1"s, "[db.example]:443"s, "[192.0.2.1]:443"s, "[::1]:"s, "a:1:2"s}) {
        EXPECT_FALSE(HostPort::parse(text)) << text;
    }
}

}  // namespace
}  // namespace cotter::x509
