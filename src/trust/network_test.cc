// Networks: what is one, and who is in it.
#include "trust/network.h"

#include <gtest/gtest.h>

namespace cotter::trust {
namespace {

IpAddress address(std::string_view text) {
    return *IpAddress::parse(text);
}

TEST(Network, ReadsAndWritesOneTextForOneMeaning) {
    struct Row {
        std::string_view text;
        std::string_view canonical;  ///< empty: refused
        std::string_view why;
    };
    const Row rows[] = {
        {"192.0.2.0/24", "192.0.2.0/24", ""},
        {"192.0.2.7", "192.0.2.7/32", "one address"},
        {"0.0.0.0/0", "0.0.0.0/0", "every IPv4 address"},
        {"192.0.2.128/25", "192.0.2.128/25", "not on an octet's edge"},
        {"2001:db8::/32", "2001:db8::/32", ""},
        {"2001:DB8:0:0::/32", "2001:db8::/32", "another spelling"},
        {"::1", "::1/128", ""},
        {"::/0", "::/0", "every IPv6 address"},
        {"::ffff:192.0.2.0/120", "192.0.2.0/24", "IPv4-mapped"},
        {"::ffff:192.0.2.7", "192.0.2.7/32", "IPv4-mapped"},
        {"::ffff:0.0.0.0/96", "0.0.0.0/0", "all that is mapped"},
        {"::ffff:0:0/80", "", "bits beyond the prefix"},
        {"192.0.2.1/24", "", "bits beyond the prefix"},
        {"2001:db8::1/32", "", "bits beyond the prefix"},
        {"192.0.2.0/33", "", "too long a prefix"},
        {"::/129", "", "too long a prefix"},
        {"192.0.2.0/", "", "no number"},
        {"192.0.2.0/+8", "", "a sign"},
        {"192.0.2.0/-1", "", "a sign"},
        {"192.0.2.0/024", "", "a number with a zero before it"},
        {"192.0.2.0/24 ", "", "a blank"},
        {"192.0.2.0/24/8", "", "two prefixes"},
        {"192.0.2.0/255.255.255.0", "", "a mask"},
        {"192.0.2/24", "", "no address"},
        {"example.com/24", "", "a name"},
        {"fe80::1%eth0", "", "a zone"},
        {"", "", "nothing"},
    };
    for (const Row& row : rows) {
        const auto network = Network::parse(row.text);
        ASSERT_EQ(network.has_value(), !row.canonical.empty()) << row.text << ": " << row.why;
        if (!network) continue;
        EXPECT_EQ(network->to_string(), row.canonical);
        EXPECT_EQ(*network, *Network::parse(row.canonical)) << row.text;
    }
}

TEST(Network, A221_AMappedAddressIsAnIpv4AddressAndNoOther) {
    struct Row {
        std::string_view network;
        std::string_view address;
        bool is_in;
    };
    const Row rows[] = {
        {"192.0.2.0/24", "192.0.2.255", true},
        {"192.0.2.0/24", "192.0.3.0", false},
        {"192.0.2.0/24", "::ffff:192.0.2.9", true},
        {"192.0.2.0/24", "::192.0.2.9", false},
        {"192.0.2.128/25", "192.0.2.127", false},
        {"192.0.2.128/25", "192.0.2.128", true},
        {"::ffff:192.0.2.0/120", "192.0.2.9", true},
        {"::ffff:192.0.2.0/120", "::ffff:192.0.2.9", true},
        {"::ffff:192.0.2.0/120", "::ffff:192.0.3.9", false},
        {"0.0.0.0/0", "203.0.113.1", true},
        {"0.0.0.0/0", "::ffff:203.0.113.1", true},
        {"0.0.0.0/0", "2001:db8::1", false},
        {"::/0", "2001:db8::1", true},
        {"::/0", "192.0.2.1", false},
        {"::/0", "::ffff:192.0.2.1", false},
        {"2001:db8::/33", "2001:db8:7fff::1", true},
        {"2001:db8::/33", "2001:db8:8000::1", false},
        {"::1", "::1", true},
        {"::1", "127.0.0.1", false},
        {"192.0.2.7", "192.0.2.7", true},
        {"192.0.2.7", "192.0.2.6", false},
    };
    for (const Row& row : rows) {
        EXPECT_EQ(Network::parse(row.network)->contains(address(row.address)), row.is_in)
            << row.address << " in " << row.network;
    }
}

}  // namespace
}  // namespace cotter::trust
