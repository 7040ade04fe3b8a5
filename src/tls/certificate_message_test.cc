// The Certificate message: lengths that lie, and how many certificates are too many.
#include "tls/certificate_message.h"

#include <gtest/gtest.h>

#include <string>

namespace cotter::tls {
namespace {

using trust::Protocol;

ByteVector bytes(const std::string& hex) {
    ByteVector result;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        result.push_back(static_cast<std::byte>(std::stoi(hex.substr(i, 2), nullptr, 16)));
    }
    return result;
}

std::string sized(const std::string& content_hex, int octets) {
    std::string length;
    std::size_t size = content_hex.size() / 2;
    for (int i = 0; i < octets; ++i) {
        constexpr std::string_view kDigits = "0123456789abcdef";
        length = std::string{kDigits[(size >> 4U) & 15U], kDigits[size & 15U]} + length;
        size >>= 8U;
    }
    return length + content_hex;
}

std::string message_of(const std::string& entries, Protocol protocol) {
    return "0b" + sized((protocol == Protocol::kTls13 ? "00" : "") + sized(entries, 3), 3);
}

std::string entry(const std::string& der, Protocol protocol) {
    return sized(der, 3) + (protocol == Protocol::kTls13 ? "0000" : "");
}

TEST(CertificateMessage, A70_GivesTheOctetsThatCameLeafFirst) {
    for (const Protocol protocol : {Protocol::kTls13, Protocol::kTls12}) {
        const ByteVector message = bytes(message_of(entry("3001aa", protocol) + entry("3002bbcc", protocol), protocol));
        const auto certificates = certificates_of_message(message, protocol);
        ASSERT_TRUE(certificates);
        ASSERT_EQ(certificates->size(), 2U);
        EXPECT_EQ(ByteVector((*certificates)[0].begin(), (*certificates)[0].end()), bytes("3001aa"));
        EXPECT_EQ(ByteVector((*certificates)[1].begin(), (*certificates)[1].end()), bytes("3002bbcc"));
    }
}

TEST(CertificateMessage, PassesOverTheContextAndTheExtensionsOfTls13) {
    const ByteVector message = bytes("0b" + sized("02ffff" + sized(sized("3001aa", 3) + "0003a1a2a3", 3), 3));
    const auto certificates = certificates_of_message(message, Protocol::kTls13);
    ASSERT_TRUE(certificates);
    EXPECT_EQ(certificates->size(), 1U);
}

TEST(CertificateMessage, AnEmptyListIsNoCertificate) {
    for (const Protocol protocol : {Protocol::kTls13, Protocol::kTls12}) {
        const auto certificates = certificates_of_message(bytes(message_of("", protocol)), protocol);
        ASSERT_TRUE(certificates);
        EXPECT_TRUE(certificates->empty());
    }
}

TEST(CertificateMessage, A161_RefusesLengthsThatLie) {
    struct Case {
        std::string hex;
        Protocol protocol;
        const char* why;
    };
    const Case cases[] = {
        {"", Protocol::kTls13, "nothing"},
        {"0b", Protocol::kTls13, "no length"},
        {"0b0000", Protocol::kTls13, "half a length"},
        {"0f00000400000000", Protocol::kTls13, "another message"},
        {"0b00000500000000", Protocol::kTls13, "the message is longer than it is"},
        {"0b00000300000000", Protocol::kTls13, "an octet after the message"},
        {"0b000000", Protocol::kTls13, "no context"},
        {"0b00000101", Protocol::kTls13, "the context is longer than the message"},
        {"0b00000100", Protocol::kTls13, "no list"},
        {"0b000000", Protocol::kTls12, "no list"},
        {"0b00000400000001", Protocol::kTls13, "the list is longer than the message"},
        {"0b000003ffffff", Protocol::kTls12, "the list is as long as can be"},
        {"0b00000500000000aa", Protocol::kTls13, "an octet after the list"},
        {"0b000004000000aa", Protocol::kTls12, "an octet after the list"},
        {message_of("00", Protocol::kTls12), Protocol::kTls12, "part of a certificate's length"},
        {message_of("000002aa", Protocol::kTls12), Protocol::kTls12, "a certificate longer than the list"},
        {message_of("ffffffaa", Protocol::kTls13), Protocol::kTls13, "a certificate as long as can be"},
        {message_of("000000", Protocol::kTls12), Protocol::kTls12, "an empty certificate"},
        {message_of("0000000000", Protocol::kTls13), Protocol::kTls13, "an empty certificate"},
        {message_of("000001aa", Protocol::kTls13), Protocol::kTls13, "no extensions"},
        {message_of("000001aa00", Protocol::kTls13), Protocol::kTls13, "half a length of extensions"},
        {message_of("000001aa0001", Protocol::kTls13), Protocol::kTls13, "extensions longer than the list"},
        {message_of("000001aa0000ff", Protocol::kTls13), Protocol::kTls13, "an octet after the last entry"},
    };
    for (const Case& c : cases) {
        EXPECT_FALSE(certificates_of_message(bytes(c.hex), c.protocol)) << c.why << ": " << c.hex;
    }
}

TEST(CertificateMessage, A161_RefusesMoreThanTenCertificates) {
    for (const Protocol protocol : {Protocol::kTls13, Protocol::kTls12}) {
        std::string entries;
        for (std::size_t i = 0; i < kMostCertificates; ++i) entries += entry("3000", protocol);
        EXPECT_TRUE(certificates_of_message(bytes(message_of(entries, protocol)), protocol));
        entries += entry("3000", protocol);
        const auto refused = certificates_of_message(bytes(message_of(entries, protocol)), protocol);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error(), "more than 10 certificates were sent");
    }
}

}  // namespace
}  // namespace cotter::tls
