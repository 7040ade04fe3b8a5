// Lines of known_peers: what is one and what is none, and names in clear and hashed.
#include "evidence/peer_line.h"

#include "pin/digest.h"
#include "text/encoding.h"
#include "x509/openssl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cotter::evidence {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

constexpr std::string_view kPin = "sha256/FCvSuiYP5lr1VLJ5UCINrhKBDUldEwpqIoOur0gPiH4=";
constexpr std::string_view kTimes = "2026-10-01T00:00:00Z 2026-11-01T00:00:00Z";

HostPort at(std::string_view text) {
    return *HostPort::parse(text);
}

std::string base64_of(std::byte octet, std::size_t count = 32) {
    return text::base64(ByteVector(count, octet));
}

std::string with_fields(const std::string& fields) {
    return "db.example:1 " + std::string(kPin) + " " + std::string(kTimes) + " " + fields;
}

TEST(PeerLine, ReadsWhatItPrints) {
    const std::string digest = base64_of(std::byte{7});
    for (const std::string& text : {
             with_fields("# ask Bob"),
             with_fields("until=2027-01-01T00:00:00Z"),
             with_fields("until=2027-01-01T00:00:00Z issuer=" + digest),
             with_fields("until=2027-01-01T00:00:00Z issuer=" + digest + " issuer-key=" + digest + " # ask Bob"),
             "@revoked " + with_fields("# stolen"),
             "@revoked * " + std::string(kPin) + " " + std::string(kTimes),
             PeerName::hashed(at("db.example:1"), PeerName::Salt{}).to_string() + " " + std::string(kPin) + " " +
                 std::string(kTimes),
         }) {
        const auto line = PeerLine::parse(text);
        ASSERT_TRUE(line && line->entry()) << text;
        EXPECT_EQ(line->text(), text);
        EXPECT_EQ(PeerLine::of(*line->entry()).text(), text);
        EXPECT_EQ(*PeerLine::parse(PeerLine::of(*line->entry()).text())->entry(), *line->entry());
    }
}

TEST(PeerLine, A132_RefusesWhatItDoesNotKnow) {
    const std::string digest = base64_of(std::byte{7});
    const std::string pin(kPin);
    const std::string times(kTimes);
    struct Row {
        std::string_view why;
        std::string text;
    };
    const std::vector<Row> rows{
        {"no words", "what is this"},
        {"white space alone", "  "},
        {"no port", "db.example " + pin + " " + times},
        {"a pattern for a name", "*.example:1 " + pin + " " + times},
        {"several names", "db.example:1,x.example:1 " + pin + " " + times},
        {"everyone's key", "* " + pin + " " + times},
        {"no pin", "db.example:1 " + times},
        {"a pin that is none", "db.example:1 sha256/AAAA " + times},
        {"SHA-1", "db.example:1 sha1/" + base64_of(std::byte{1}, 20) + " " + times},
        {"one time", "db.example:1 " + pin + " 2026-10-01T00:00:00Z"},
        {"a time without a zone", "db.example:1 " + pin + " 2026-10-01T00:00:00 2026-11-01T00:00:00Z"},
        {"text after the times", with_fields("and more")},
        {"a field that nobody knows", with_fields("only-until=2026-12-01T00:00:00Z")},
        {"a field without a value", with_fields("until")},
        {"a field twice", with_fields("until=2027-01-01T00:00:00Z until=2027-01-01T00:00:00Z")},
        {"a field of the wrong kind", with_fields("until=tomorrow")},
        {"a digest too short", with_fields("until=2027-01-01T00:00:00Z issuer=" + base64_of(std::byte{1}, 20))},
        {"an issuer of nothing", with_fields("issuer=" + digest)},
        {"a key of no issuer", with_fields("until=2027-01-01T00:00:00Z issuer-key=" + digest)},
        {"a mark alone", "@revoked"},
        {"a mark in capitals", "@Revoked " + with_fields("")},
        {"a mark with nothing after the sign", "@ " + with_fields("")},
        {"two marks", "@revoked @revoked " + with_fields("")},
        {"an unknown mark that is about nobody", "@alias db.example:1 x.example:1"},
        {"ssh's hash",
         "|1|" + base64_of(std::byte{1}, 20) + "|" + base64_of(std::byte{1}, 20) + " " + pin + " " + times},
        {"another hash", "|2|" + digest + "|" + digest + " " + pin + " " + times},
        {"half a hash", "|1|" + digest + " " + pin + " " + times},
        {"a control octet", with_fields("# \x1b[2J")},
        {"a carriage return", with_fields("") + "\r"},
        {"a newline", with_fields("# one\n# two")},
        {"a NUL", with_fields("#") + std::string(1, '\0')},
    };
    for (const Row& row : rows) EXPECT_FALSE(PeerLine::parse(row.text)) << row.why;
}

TEST(PeerLine, KnowsRemarksAndForeignMarks) {
    for (const std::string_view text : {"", "#", "# anything \x01 at all"}) {
        const auto line = PeerLine::parse(text);
        ASSERT_TRUE(line) << text;
        EXPECT_EQ(line->text(), text);
        EXPECT_FALSE(line->entry() || line->foreign());
    }
    const std::string text = "@cert-authority db.example:1 " + std::string(kPin) + " whatever it may say";
    const auto line = PeerLine::parse(text);
    ASSERT_TRUE(line && line->foreign());
    EXPECT_EQ(line->foreign()->mark, "@cert-authority");
    EXPECT_EQ(line->text(), text);
}

TEST(PeerName, HashedCoversItsHostAndPortAlone) {
    PeerName::Salt salt{};
    salt.fill(std::byte{0x5a});
    const auto name = PeerName::parse(PeerName::hashed(at("DB.example.:5432"), salt).to_string());
    ASSERT_TRUE(name);
    EXPECT_TRUE(name->is_hashed());
    EXPECT_TRUE(name->covers(at("db.example:5432")));
    for (const std::string_view other : {"db.example:5433", "db2.example:5432", "a.db.example:5432", "[::1]:5432"})
        EXPECT_FALSE(name->covers(at(other))) << other;
    EXPECT_THAT(name->to_string(), Not(HasSubstr("example")));
    salt.fill(std::byte{0x5b});
    EXPECT_NE(PeerName::hashed(at("db.example:5432"), salt), *name) << "each line has a salt of its own";
}

TEST(PeerName, HashIsHmacSha256OfHostAndPortWithTheSaltAsItsKey) {
    // RFC 4231, test case 2, and the format that docs/continuity.md describes.
    const std::string key = "Jefe";
    EXPECT_EQ(text::hex(hmac_sha256(x509::as_bytes(key), x509::as_bytes("what do ya want for nothing?"))),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    PeerName::Salt salt{};
    EXPECT_EQ(PeerName::hashed(at("db.example:5432"), salt).to_string(),
              "|1|" + text::base64(salt) + "|" + text::base64(hmac_sha256(salt, x509::as_bytes("db.example:5432"))));
}

}  // namespace
}  // namespace cotter::evidence
