// Whom a fetch may reach, and what it takes for a URL. Fetching itself is tested with a server
// (tests/test_crl_fetch.py).
#include "evidence/fetch.h"

#include <gtest/gtest.h>

namespace cotter::evidence {
namespace {

TEST(Fetch, A100_CallsPublicOnlyWhatIsReachableByEverybody) {
    for (const char* address : {"1.1.1.1", "93.184.216.34", "172.15.255.255", "172.32.0.1", "100.63.0.1", "100.128.0.1",
                                "169.253.1.1", "192.169.0.1", "198.20.0.1", "223.255.255.255", "11.0.0.1",
                                "2606:4700::1", "2a00:1450:4001::1", "2001:4860::8888"}) {
        EXPECT_TRUE(is_public_address(address)) << address;
    }
    for (const char* address : {"0.0.0.0",
                                "10.1.2.3",
                                "100.64.0.1",
                                "100.127.255.255",
                                "127.0.0.1",
                                "127.255.0.1",
                                "169.254.169.254",
                                "172.16.0.1",
                                "172.31.255.255",
                                "192.0.0.1",
                                "192.0.2.1",
                                "192.88.99.1",
                                "192.168.1.1",
                                "198.18.0.1",
                                "198.19.255.255",
                                "198.51.100.7",
                                "203.0.113.9",
                                "224.0.0.1",
                                "239.1.1.1",
                                "240.0.0.1",
                                "255.255.255.255",
                                "::",
                                "::1",
                                "::ffff:1.1.1.1",
                                "::1.1.1.1",
                                "64:ff9b::1.1.1.1",
                                "fc00::1",
                                "fd12::1",
                                "fe80::1",
                                "fe80::1%eth0",
                                "fec0::1",
                                "ff02::1",
                                "2001::1",
                                "2001:db8::1",
                                "2002:7f00:1::",
                                "3fff::1",
                                "4000::1",
                                "localhost",
                                "",
                                "1.1.1",
                                "0x7f.1",
                                "an address of another family"}) {
        EXPECT_FALSE(is_public_address(address)) << address;
    }
}

TEST(Fetch, A100_RefusesUrlsBeforeAnybodyIsAsked) {
    for (const char* url : {"file:///etc/hostname", "ftp://127.0.0.1/", "gopher://127.0.0.1:70/", "ldap://127.0.0.1/",
                            "dict://127.0.0.1:11211/", "http://user@127.0.0.1/", "http://user:word@127.0.0.1/",
                            "127.0.0.1/a.crl", "//127.0.0.1/a.crl", "http://", "http:///", "", "\n"}) {
        const auto fetched = fetch({.url = url, .may_reach_private = true});
        ASSERT_FALSE(fetched) << url;
        EXPECT_EQ(fetched.error().code, "fetch_failed");
        EXPECT_EQ(fetched.error().why.find("onnect"), std::string::npos) << url << ": " << fetched.error().why;
    }
}

TEST(Fetch, A100_RefusesPrivateAddressesHoweverTheyAreWritten) {
    for (const char* url : {"http://127.0.0.1:1/", "http://localhost:1/", "http://[::1]:1/", "http://0x7f000001:1/",
                            "http://2130706433:1/", "http://0177.0.0.1:1/", "http://127.1:1/", "http://0.0.0.0:1/",
                            "http://169.254.169.254/latest/meta-data", "http://[::ffff:127.0.0.1]:1/"}) {
        const auto fetched = fetch({.url = url});
        ASSERT_FALSE(fetched) << url;
        EXPECT_NE(fetched.error().why.find("not of the public network"), std::string::npos)
            << url << ": " << fetched.error().why;
    }
}

}  // namespace
}  // namespace cotter::evidence
