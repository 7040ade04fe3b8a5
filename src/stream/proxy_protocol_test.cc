// The PROXY header's octets, against the specification's.
#include "stream/proxy_protocol.h"

#include "stream/testing/sockets.h"
#include "text/encoding.h"

#include <gtest/gtest.h>

#include <map>

namespace cotter::stream {
namespace {

using testing::text_of;

constexpr std::size_t kFixed = 16;
constexpr std::string_view kSignature("\r\n\r\n\0\r\nQUIT\n", 12);

ProxyFacts facts(std::string source, std::string destination) {
    ProxyFacts made;
    made.source = std::move(source);
    made.destination = std::move(destination);
    made.client_name = "alice";
    made.client_pin = "sha256/x";
    made.connection_id = "abcd1234";
    made.tls_version = "TLSv1.3";
    made.tls_suite = "TLS_AES_128_GCM_SHA256";
    return made;
}

std::size_t number(std::string_view octets) {
    std::size_t value = 0;
    for (const char c : octets) value = value << 8U | static_cast<unsigned char>(c);
    return value;
}

/// Type to value; fails if lengths don't add up.
std::map<unsigned, std::string> tlvs(std::string_view rest) {
    std::map<unsigned, std::string> found;
    while (!rest.empty()) {
        const std::size_t size = rest.size() < 3 ? 65536 : number(rest.substr(1, 2));
        if (rest.size() < 3 + size) {
            ADD_FAILURE() << "TLV lengths don't add up";
            break;
        }
        EXPECT_TRUE(found.emplace(static_cast<unsigned char>(rest[0]), rest.substr(3, size)).second);
        rest.remove_prefix(3 + size);
    }
    return found;
}

TEST(ProxyProtocol, A215_Version1IsOneLine) {
    struct Case {
        const char* source;
        const char* destination;
        std::string_view line;
    };
    const Case cases[] = {
        {"192.0.2.1:5000", "198.51.100.2:443", "PROXY TCP4 192.0.2.1 198.51.100.2 5000 443\r\n"},
        {"[2001:db8::1]:5000", "[2001:db8::2]:65535", "PROXY TCP6 2001:db8::1 2001:db8::2 5000 65535\r\n"},
        {"unix", "unix", "PROXY UNKNOWN\r\n"},
        {"192.0.2.1:5000", "[2001:db8::2]:443", "PROXY UNKNOWN\r\n"},
        {"gone", "192.0.2.1:1", "PROXY UNKNOWN\r\n"},
        {"host.example:80", "192.0.2.1:1", "PROXY UNKNOWN\r\n"},
        {"1 2 3\r\nPROXY TCP4", "192.0.2.1:1", "PROXY UNKNOWN\r\n"},
    };
    for (const Case& c : cases) {
        EXPECT_EQ(text_of(proxy_header(ProxyVersion::kV1, facts(c.source, c.destination))), c.line) << c.source;
    }
}

TEST(ProxyProtocol, A216_Version2HasItsSignatureFamilyAndAddresses) {
    struct Case {
        const char* source;
        const char* destination;
        unsigned family;
        std::string_view addresses;
    };
    const Case cases[] = {
        {"192.0.2.1:5000", "198.51.100.2:443", 0x11,
         "c0000201c63364021388"
         "01bb"},
        {"[2001:db8::1]:5000", "[2001:db8::2]:443", 0x21,
         "20010db800000000000000000000000120010db8000000000000000000000002138801bb"},
        {"unix", "unix", 0x00, ""},
        {"192.0.2.1:5000", "[2001:db8::2]:443", 0x00, ""},
    };
    for (const Case& c : cases) {
        const std::string header = text_of(proxy_header(ProxyVersion::kV2, facts(c.source, c.destination)));
        ASSERT_GE(header.size(), kFixed);
        EXPECT_EQ(header.substr(0, 12), kSignature);
        EXPECT_EQ(header[12], 0x21);
        EXPECT_EQ(static_cast<unsigned char>(header[13]), c.family);
        EXPECT_EQ(number(header.substr(14, 2)), header.size() - kFixed);
        const std::string addresses = header.substr(kFixed, c.addresses.size() / 2);
        EXPECT_EQ(text::hex(x509::as_bytes(addresses)), c.addresses);
        const auto found = tlvs(std::string_view(header).substr(kFixed + addresses.size()));
        EXPECT_EQ(found.at(0xe0), "alice");
        EXPECT_EQ(found.at(0xe1), "sha256/x");
        EXPECT_EQ(found.at(0x05), "abcd1234");
        const std::string& tls = found.at(0x20);
        EXPECT_EQ(text::hex(x509::as_bytes(tls.substr(0, 5))), "0300000000") << "with a certificate that was verified";
        const auto inside = tlvs(std::string_view(tls).substr(5));
        EXPECT_EQ(inside.at(0x21), "TLSv1.3");
        EXPECT_EQ(inside.at(0x23), "TLS_AES_128_GCM_SHA256");
    }
}

TEST(ProxyProtocol, A217_NoFactOverflowsItsLength) {
    ProxyFacts huge = facts("192.0.2.1:1", "192.0.2.2:2");
    for (std::string* text : {&huge.client_name, &huge.client_pin, &huge.connection_id, &huge.tls_suite}) {
        text->assign(70'000, 'x');
    }
    const std::string header = text_of(proxy_header(ProxyVersion::kV2, huge));
    EXPECT_EQ(number(header.substr(14, 2)), header.size() - kFixed);
    const auto found = tlvs(std::string_view(header).substr(kFixed + 12));
    EXPECT_FALSE(found.contains(0xe0)) << "a cut name might be another client's";
    EXPECT_FALSE(found.contains(0xe1));
}

TEST(ProxyProtocol, A217_WhatIsNotKnownIsNotSaid) {
    const std::string header =
        text_of(proxy_header(ProxyVersion::kV2, {"192.0.2.1:1", "192.0.2.2:2", {}, {}, {}, {}, {}}));
    const auto found = tlvs(std::string_view(header).substr(kFixed + 12));
    EXPECT_FALSE(found.contains(0xe0));
    EXPECT_FALSE(found.contains(0xe1));
}

}  // namespace
}  // namespace cotter::stream
