// GnuTLS's known_hosts, both ways.
#include "formats/gnutls.h"

#include "formats/testing/format_cases.h"

namespace cotter::formats {
namespace {

using testing::context_for;
using testing::entry;
using testing::expect_refused;
using testing::expect_taken;
using testing::export_error;
using testing::exported;
using testing::kNow;
using testing::kPinA;
using testing::kPinB;

const std::string kHexA = "23f40526785fbc3b31f9623e10bd9ed0b249fcbdfe6c4341ae31ff531762e79b";
const std::string kHexB = "c8b3720d54d90e44d56f36563e69f36718f9804f71cc577250e5b919e20fbc65";
const std::string kKey =
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEY9+TjVrKv/Lme3+02y6QoQdjKZXhN0m8h/"
    "Y2IAOBnfOpAZypbj759rQi8aPGGxtV376ttpzePdDzVUyzWoYPmA==";

std::string told(const std::string& host, const std::vector<std::string>& pins, const std::string& end = "never") {
    std::string result = host + "; pins, leaf, mode 0, ends never then 0;";
    for (const std::string& pin : pins) result += " " + pin + " 0 '' " + end + " '',";
    return result;
}

TEST(Gnutls, ReadsKeysAndTheirDigests) {
    expect_taken(
        Format::kGnutls, context_for(""),
        {
            {"|g0|a.example|443|0|" + kKey, told("a.example:443", {"spki-der/" + kKey}), {}, "a key"},
            {"|c0|a.example|443|0|6|" + kHexA + "\n", told("a.example:443", {kPinA}), {}, "a digest"},
            {"|c0|a.example|443|0|6|23F40526785FBC3B31F9623E10BD9ED0B249FCBDFE6C4341AE31FF531762E79B\r\n",
             told("a.example:443", {kPinA}),
             {},
             "a digest in capitals"},
            {"|c0|a.example|443|0|7|" + kHexA + kHexB.substr(0, 32),
             told("a.example:443", {"sha384/I/QFJnhfvDsx+WI+EL2e0LJJ/L3+bENBrjH/Uxdi55vIs3INVNkORNVvNlY+afNn"}),
             {},
             "SHA-384"},
            {"|c0|a.example|443|0|8|" + kHexA + kHexB,
             told("a.example:443",
                  {"sha512/I/QFJnhfvDsx+WI+EL2e0LJJ/L3+bENBrjH/Uxdi55vIs3INVNkORNVvNlY+afNnGPmAT3HMV3JQ5bkZ4g+8ZQ=="}),
             {},
             "SHA-512"},
            {"|c0|a.example|https|0|6|" + kHexA, told("a.example:443", {kPinA}), {}, "a service's name"},
            {"|c0|a.example|imaps|0|6|" + kHexA, told("a.example:993", {kPinA}), {}, "another"},
            {"|c0|a.example|https|0|6|" + kHexA + "\n|c0|a.example|443|0|6|" + kHexB,
             told("a.example:443", {kPinA, kPinB}),
             {},
             "one service, two spellings"},
            {"|c0|a.example|*|0|6|" + kHexA, told("a.example", {kPinA}), {}, "every service"},
            {"|c0|a.example|443|0|6|" + kHexA + "\n|c0|a.example|*|0|6|" + kHexB,
             told("a.example:443", {kPinA, kPinB}) + "\n" + told("a.example", {kPinB}),
             {},
             "A64: every service counts for each"},
            {"|c0|A.Example.|443|0|6|" + kHexA, told("a.example:443", {kPinA}), {}, "A85: capitals and a last dot"},
            {"|c0|192.0.2.1|443|0|6|" + kHexA, told("192.0.2.1:443", {kPinA}), {}, "an address"},
            {"|c0|2001:db8::1|443|0|6|" + kHexA, told("[2001:db8::1]:443", {kPinA}), {}, "an IPv6 address"},
            {"|c0|a.example|443|1893456000|6|" + kHexA,
             told("a.example:443", {kPinA}, "2030-01-01T00:00:00Z"),
             {},
             "an expiry"},
            {"|c0|a.example|443|1893456000|6|" + kHexA + "\n|c0|a.example|443|0|6|" + kHexA,
             told("a.example:443", {kPinA}),
             {},
             "and again without"},
            {"|c0|a.example|443|1893456000|6|" + kHexA + "\n|c0|a.example|443|1|6|" + kHexA,
             told("a.example:443", {kPinA}, "2030-01-01T00:00:00Z"),
             {},
             "the later counts"},
            {"# mine\n\n|c0|a.example|443|0|6|" + kHexA + "\n\n",
             told("a.example:443", {kPinA}),
             {},
             "comments and empty lines"},
            {"|c0|*|443|0|6|" + kHexB + "\n|c0|a.example|443|0|6|" + kHexA,
             told("a.example:443", {kPinA}),
             {"any_host"},
             "any host"},
            {"|c0|*.example|443|0|6|" + kHexB + "\n|c0|a.example|443|0|6|" + kHexA,
             told("a.example:443", {kPinA}),
             {"any_host"},
             "what looks like a wildcard is any host, too"},
        });
}

TEST(Gnutls, A57_OneFaultRefusesTheFile) {
    const std::string good = "|c0|a.example|443|0|6|" + kHexA + "\n";
    expect_refused(
        Format::kGnutls, context_for(""),
        {
            {"", "no_pins", 0, 0, "nothing"},
            {"# nothing\n", "no_pins", 0, 0, "a comment"},
            {"|c0|*|443|0|6|" + kHexA, "no_pins", 0, 0, "only what is left out"},
            {"a.example ssh-ed25519 AAAA", "unknown_line", 1, 1, "ssh's known_hosts"},
            {"|1|abc=|def= ssh-rsa AAAA", "unknown_line", 1, 1, "ssh's, hashed"},
            {"|g1|a.example|443|0|" + kKey, "unknown_line", 1, 1, "a later version"},
            {"g0|a.example|443|0|" + kKey, "unknown_line", 1, 1, "no bar"},
            {" " + good, "unknown_line", 1, 1, "a blank"},
            {good + "|g0|a.example|443|0\n", "bad_fields", 2, 1, "a field less"},
            {"|g0|a.example|443|0|" + kKey + "|", "bad_fields", 1, 1, "a field more"},
            {"|c0|a.example|443|0|" + kHexA, "bad_fields", 1, 1, "no algorithm"},
            {"|c0|a.example|443|0|2|d41d8cd98f00b204e9800998ecf8427e", "weak_digest", 1, 21, "A60: MD5"},
            {"|c0|a.example|443|0|3|da39a3ee5e6b4b0d3255bfef95601890afd80709", "weak_digest", 1, 21, "A60: SHA-1"},
            {"|c0|a.example|443|0|9|" + kHexA, "unknown_digest", 1, 21, "SHA-224"},
            {"|c0|a.example|443|0|0|" + kHexA, "unknown_digest", 1, 21, "none"},
            {"|c0|a.example|443|0||" + kHexA, "unknown_digest", 1, 21, "an empty algorithm"},
            {"|c0|a.example|443|0|-6|" + kHexA, "unknown_digest", 1, 21, "a negative algorithm"},
            {"|c0|a.example|443|0|6|" + kHexA.substr(2), "pin_wrong_length", 1, 23, "a digest too short"},
            {"|c0|a.example|443|0|8|" + kHexA, "pin_wrong_length", 1, 23, "a SHA-256 as a SHA-512"},
            {"|c0|a.example|443|0|6|" + kHexA.substr(1), "bad_hex", 1, 23, "half an octet"},
            {"|c0|a.example|443|0|6|zz", "bad_hex", 1, 23, "no hex"},
            {"|c0|a.example|443|0|6|", "bad_hex", 1, 23, "no digest"},
            {"|c0|a.example|443|0|6|e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "pin_mistake", 1,
             23, "of nothing"},
            {"|c0|a.example|443|0|6|" + std::string(64, '0'), "pin_mistake", 1, 23, "a placeholder"},
            {"|g0|a.example|443|0|" + kKey.substr(4), "pin_wrong_der", 1, 21, "no key"},
            {"|g0|a.example|443|0|" + kKey.substr(0, kKey.size() - 2), "pin_padding", 1, 21, "no padding"},
            {"|g0|a.example|443|0|", "pin_empty", 1, 21, "an empty key"},
            {"|g0|a.example|443|x|" + kKey, "bad_expiry", 1, 19, "an expiry that is no number"},
            {"|g0|a.example|443|-1|" + kKey, "bad_expiry", 1, 19, "a negative expiry"},
            {"|g0|a.example|443||" + kKey, "bad_expiry", 1, 19, "an empty expiry"},
            {"|g0|a.example|443|9223372036854775808|" + kKey, "bad_expiry", 1, 19, "A69: over 64 bits"},
            {"|g0|a.example|443|9223372036854775807|" + kKey, "bad_expiry", 1, 19, "A69: past the year 9999"},
            {"|g0|a.example|gopher|0|" + kKey, "unknown_service", 1, 15, "an unknown service"},
            {"|g0|a.example|HTTPS|0|" + kKey, "unknown_service", 1, 15, "a service in capitals"},
            {"|g0|a.example|0|0|" + kKey, "unknown_service", 1, 15, "port 0"},
            {"|g0|a.example|65536|0|" + kKey, "unknown_service", 1, 15, "a port too high"},
            {"|g0|a.example||0|" + kKey, "unknown_service", 1, 15, "no service"},
            {"|g0||443|0|" + kKey, "bad_host_name", 1, 5, "no host"},
            {"|g0|a..example|443|0|" + kKey, "bad_host_name", 1, 5, "an empty label"},
            {"|g0|a.*.example|443|0|" + kKey, "bad_host_name", 1, 5, "a star inside"},
        });
}

TEST(Gnutls, WritesALineAPin) {
    trust::PolicyEntry one = entry("a.example:443", {kPinA, "spki-der/" + kKey});
    EXPECT_EQ(exported(Format::kGnutls, {one}, {}),
              "|c0|a.example|443|0|6|" + kHexA + "\n|g0|a.example|443|0|" + kKey + "\n");
    one.policy.expires = kNow + std::chrono::hours(24);
    one.policy.pins[0].expires = kNow + std::chrono::hours(1);
    EXPECT_EQ(exported(Format::kGnutls, {one}, {"forgotten"}),
              "|c0|a.example|443|1795525200|6|" + kHexA + "\n|g0|a.example|443|1795608000|" + kKey + "\n");
    EXPECT_EQ(exported(Format::kGnutls, {entry("192.0.2.1", {kPinA}, trust::TrustMode::kChainAndPins)}, {"chain"}),
              "|c0|192.0.2.1|*|0|6|" + kHexA + "\n");
}

TEST(Gnutls, A67_RefusesToWriteWhatWouldTrustMore) {
    EXPECT_EQ(export_error(Format::kGnutls, {entry("*.example", {kPinA})}), "wildcard_host");
    EXPECT_EQ(export_error(Format::kGnutls, {entry("a.example:443", {kPinA}), entry("a.example", {kPinB})}),
              "wider_pins");
    EXPECT_EQ(export_error(Format::kGnutls, {entry("a.example", {"cert-" + kPinA})}), "no_pin_left");
    EXPECT_EQ(
        export_error(Format::kGnutls, {entry("a.example", {kPinA}, trust::TrustMode::kPins, trust::Match::kIssuer)}),
        "issuer_pins");
    exported(Format::kGnutls, {entry("a.example:443", {kPinA}), entry("a.example:8443", {kPinB})}, {});
}

TEST(Gnutls, WhatIsWrittenIsReadBack) {
    std::vector<trust::PolicyEntry> entries{entry("a.example:443", {kPinA, kPinB}),
                                            entry("b.example", {"spki-der/" + kKey})};
    entries[0].policy.pins[1].expires = kNow + std::chrono::hours(5);
    const auto again =
        import_policy(Format::kGnutls, exported(Format::kGnutls, entries, {"forgotten"}), context_for(""));
    ASSERT_TRUE(again) << again.error().why;
    EXPECT_EQ(testing::told(again->entries), testing::told(entries));
}

}  // namespace
}  // namespace cotter::formats
