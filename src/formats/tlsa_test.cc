// TLSA records of zones, both ways.
#include "formats/tlsa.h"

#include "formats/testing/format_cases.h"

namespace cotter::formats {
namespace {

using testing::context_for;
using testing::entry;
using testing::expect_refused;
using testing::expect_taken;
using testing::export_error;
using testing::exported;
using testing::kPinA;
using testing::kPinB;

const std::string kHexA = "23f40526785fbc3b31f9623e10bd9ed0b249fcbdfe6c4341ae31ff531762e79b";
const std::string kHexB = "c8b3720d54d90e44d56f36563e69f36718f9804f71cc577250e5b919e20fbc65";
const std::string kOwner = "_443._tcp.a.example. ";
const std::string kName512 =
    "sha512/xzMTzBke94LeVZrZ6vAcEEyChDmUFHCfVeAUBYr5bWsH2mbRU2muO2vbtGyt1RfLLAGMgLLSsqOhXuW8LHXzmQ==";
const std::string kHex512 =
    "c73313cc191ef782de559ad9eaf01c104c8284399414709f55e014058af96d6b07da66d15369ae3b6bdbb46cadd517cb2c018c80b2d2b2a3a1"
    "5ee5bc2c75"
    "f399";

std::string told(const std::string& host, const std::string& rule, const std::vector<std::string>& pins) {
    std::string result = host + "; " + rule + ", mode 0, ends never then 0;";
    for (const std::string& pin : pins) result += " " + pin + " 0 '' never '',";
    return result;
}

TEST(Tlsa, ReadsZonesAndWhatToolsPrint) {
    const std::string one = told("a.example:443", "pins, leaf", {kPinA});
    const std::string both = told("a.example:443", "pins, leaf", {kPinA, kPinB});
    const std::string data = "3 1 1 " + kHexA;
    expect_taken(
        Format::kTlsa, context_for(""),
        {
            {kOwner + "IN TLSA " + data, one, {}, "a record"},
            {kOwner + "TLSA " + data, one, {}, "without a class"},
            {kOwner + "3600 IN TLSA " + data, one, {}, "with a time to live"},
            {kOwner + "IN 3600 TLSA " + data, one, {}, "after the class"},
            {kOwner + "1h30m IN TLSA " + data, one, {}, "with units"},
            {kOwner + "in tlsa " + data, one, {}, "in small letters"},
            {"_443._TCP.A.Example. IN TLSA " + data, one, {}, "A85: a name in capitals"},
            {"_443._tcp.a.example IN TLSA " + data, one, {}, "A85: without the last dot"},
            {"_443._tcp.b\xc3\xbc"
             "cher.example. IN TLSA " +
                 data,
             told("xn--bcher-kva.example:443", "pins, leaf", {kPinA}),
             {},
             "A87: letters outside ASCII"},
            {"_25._tcp.mail.a.example. IN TLSA " + data,
             told("mail.a.example:25", "pins, leaf", {kPinA}),
             {},
             "another port"},
            {kOwner + "IN TYPE52 \\# 35 030101" + kHexA, one, {}, "a generic record"},
            {kOwner + "IN TLSA \\# 35 030101" + kHexA, one, {}, "generic data of the type"},
            {kOwner + "IN TLSA ( 03 01 01 " + kHexA + " )", one, {}, "as danetool prints it"},
            {kOwner + "IN TLSA DANE-EE SPKI SHA2-256 " + kHexA, one, {}, "mnemonics"},
            {"; a comment\n\n" + kOwner + "IN TLSA (\n  3 1 1 ; usage\n  " + kHexA.substr(0, 20) + "\n  " +
                 kHexA.substr(20) + " ) ; end\n",
             one,
             {},
             "over lines, with comments"},
            {"; <<>> DiG 9.18 <<>>\n;; ANSWER SECTION:\n" + kOwner + "\t300\tIN\tTLSA\t3 1 1 " + kHexA.substr(0, 56) +
                 " " + kHexA.substr(56) + "\n;; Query time: 1 msec\n",
             one,
             {},
             "as dig prints it"},
            {kOwner + "IN TLSA " + data + "\r\n" + kOwner + "IN TLSA 3 1 1 " + kHexB + "\r\n",
             both,
             {},
             "two records of one host"},
            {kOwner + "IN TLSA " + data + "\n\tIN TLSA 3 1 1 " + kHexB + "\n", both, {}, "a blank for the name before"},
            {kOwner + "IN TLSA " + data + "\n" + kOwner + "IN TLSA " + data, one, {}, "a record twice"},
            {kOwner + "IN TLSA " + data + "\n_443._tcp.b.example. IN TLSA 3 1 1 " + kHexB,
             one + "\n" + told("b.example:443", "pins, leaf", {kPinB}),
             {},
             "two hosts"},
            {kOwner + "IN TLSA " + data + "\n_8443._tcp.a.example. IN TLSA 3 1 1 " + kHexB,
             one + "\n" + told("a.example:8443", "pins, leaf", {kPinB}),
             {},
             "A66: two ports"},
            {kOwner + "IN TLSA 3 1 2 " + kHex512, told("a.example:443", "pins, leaf", {kName512}), {}, "3 1 2"},
            {kOwner + "IN TLSA 3 0 1 " + kHexA, told("a.example:443", "pins, leaf", {"cert-" + kPinA}), {}, "3 0 1"},
            {kOwner + "IN TLSA 2 1 1 " + kHexA,
             told("a.example:443", "pins, issuer", {kPinA}),
             {},
             "2 is a private anchor"},
            {kOwner + "IN TLSA 1 1 1 " + kHexA,
             told("a.example:443", "chain+pins, leaf", {kPinA}),
             {},
             "1 is the key in a chain"},
            {kOwner + "IN TLSA 0 0 1 " + kHexA,
             told("a.example:443", "chain+pins, issuer", {"cert-" + kPinA}),
             {},
             "0 is an issuer"},
            {kOwner + "IN TLSA 2 1 1 " + kHexB + "\n" + kOwner + "IN TLSA " + data,
             one,
             {"usage"},
             "3 beside 2: the stricter"},
            {kOwner + "IN TLSA 2 1 1 " + kHexB + "\n" + kOwner + "IN TLSA 0 1 1 " + kHexA,
             told("a.example:443", "chain+pins, issuer", {kPinA}),
             {"usage"},
             "0 beside 2"},
            {kOwner + "IN TLSA 0 1 1 " + kHexB + "\n" + kOwner + "IN TLSA 1 1 1 " + kHexA,
             told("a.example:443", "chain+pins, leaf", {kPinA}),
             {"usage"},
             "1 beside 0"},
            {kOwner + "IN TLSA " + data + "\n" + kOwner +
                 "IN RRSIG TLSA 13 4 300 20270101000000 20261101000000 1 a.example. AAAA",
             one,
             {"other_record"},
             "its signature"},
        });
    expect_taken(Format::kTlsa, context_for("a.example"),
                 {{data, told("a.example", "pins, leaf", {kPinA}), {}, "the data alone"},
                  {data + "\n3 1 1 " + kHexB, told("a.example", "pins, leaf", {kPinA, kPinB}), {}, "of two records"}});
}

TEST(Tlsa, A57_OneFaultRefusesTheZone) {
    const std::string data = "3 1 1 " + kHexA;
    const std::string good = kOwner + "IN TLSA " + data + "\n";
    expect_refused(Format::kTlsa, context_for(""),
                   {
                       {"", "no_pins", 0, 0, "nothing"},
                       {"; nothing\n", "no_pins", 0, 0, "a comment"},
                       {data, "host_needed", 0, 0, "whose record?"},
                       {"$ORIGIN example.\n" + good, "zone_directive", 1, 1, "an origin"},
                       {"$INCLUDE /etc/passwd\n" + good, "zone_directive", 1, 1, "another file"},
                       {" IN TLSA " + data, "no_owner", 1, 2, "no name before"},
                       {"a.example. IN TLSA " + data, "tlsa_owner", 1, 1, "no port"},
                       {"_443.a.example. IN TLSA " + data, "tlsa_owner", 1, 1, "no transport"},
                       {"_443._udp.a.example. IN TLSA " + data, "tlsa_owner", 1, 1, "another transport"},
                       {"443._tcp.a.example. IN TLSA " + data, "tlsa_owner", 1, 1, "no underscore"},
                       {"_https._tcp.a.example. IN TLSA " + data, "tlsa_owner", 1, 1, "a service's name"},
                       {"_0._tcp.a.example. IN TLSA " + data, "tlsa_owner", 1, 1, "port 0"},
                       {"_65536._tcp.a.example. IN TLSA " + data, "tlsa_owner", 1, 1, "A69: a port too high"},
                       {"_-1._tcp.a.example. IN TLSA " + data, "tlsa_owner", 1, 1, "a negative port"},
                       {"_443._tcp. IN TLSA " + data, "bad_host_name", 1, 1, "no host"},
                       {"_443._tcp.a..example. IN TLSA " + data, "bad_host_name", 1, 1, "an empty label"},
                       {"_443._tcp.*.example. IN TLSA " + data, "tlsa_owner", 1, 1, "a star"},
                       {"*._tcp.a.example. IN TLSA " + data, "tlsa_owner", 1, 1, "a star for the port"},
                       {"_443._tcp.192.0.2.1. IN TLSA " + data, "bad_host_name", 1, 1, "an address"},
                       {"@ IN TLSA " + data, "tlsa_owner", 1, 1, "the origin's sign"},
                       {kOwner + "CH TLSA " + data, "not_tlsa", 1, 22, "another class"},
                       {kOwner + "IN IN TLSA " + data, "not_tlsa", 1, 25, "a class twice"},
                       {kOwner + "1 2 IN TLSA " + data, "not_tlsa", 1, 24, "a time to live twice"},
                       {kOwner + "IN A 192.0.2.1", "not_tlsa", 1, 25, "an address record"},
                       {kOwner + "IN SMIMEA " + data, "not_tlsa", 1, 25, "a record like it"},
                       {kOwner + "IN TLSA", "tlsa_short", 1, 0, "no data"},
                       {kOwner + "IN TLSA 3 1 1", "tlsa_short", 1, 0, "no digest"},
                       {kOwner + "IN TLSA 4 1 1 " + kHexA, "tlsa_field", 1, 30, "an unknown usage"},
                       {good + kOwner + "IN TLSA 3 1 1 AAAA", "pin_wrong_length", 2, 36, "the second line"},
                       {good + kOwner + "IN TLSA (\n 3 1 1\n zz )", "bad_hex", 4, 2, "a place in parentheses"},
                       {kOwner + "IN TLSA ( " + data, "tlsa_parentheses", 1, 30, "a parenthesis that stays open"},
                       {kOwner + "IN TLSA " + data + " )", "tlsa_parentheses", 1, 0, "one that nobody opened"},
                   });
}

TEST(Tlsa, WritesOneRecordAPinByTrustAndMatch) {
    const auto with = [](trust::TrustMode mode, trust::Match match) {
        return entry("a.example:25", {kPinA}, mode, match);
    };
    const std::string owner = "_25._tcp.a.example. IN TLSA ";
    const auto pins = trust::TrustMode::kPins;
    const auto chain = trust::TrustMode::kChainAndPins;
    EXPECT_EQ(exported(Format::kTlsa, {with(pins, trust::Match::kLeaf)}, {}), owner + "3 1 1 " + kHexA + "\n");
    EXPECT_EQ(exported(Format::kTlsa, {with(pins, trust::Match::kIssuer)}, {}), owner + "2 1 1 " + kHexA + "\n");
    EXPECT_EQ(exported(Format::kTlsa, {with(chain, trust::Match::kLeaf)}, {}), owner + "1 1 1 " + kHexA + "\n");
    EXPECT_EQ(exported(Format::kTlsa, {with(chain, trust::Match::kIssuer)}, {}), owner + "0 1 1 " + kHexA + "\n");
    EXPECT_EQ(exported(Format::kTlsa, {with(chain, trust::Match::kAny)}, {}),
              owner + "1 1 1 " + kHexA + "\n" + owner + "0 1 1 " + kHexA + "\n");
    EXPECT_EQ(exported(Format::kTlsa, {entry("a.example", {kName512, "cert-" + kPinA, "key-" + kPinB})},
                       {"port", "pin_kind"}),
              "_443._tcp.a.example. IN TLSA 3 1 2 " + kHex512 + "\n_443._tcp.a.example. IN TLSA 3 0 1 " + kHexA + "\n");
    EXPECT_EQ(export_error(Format::kTlsa, {entry("192.0.2.1", {kPinA})}), "address_host");
    EXPECT_EQ(export_error(Format::kTlsa, {entry("*.example", {kPinA})}), "wildcard_host");
    EXPECT_EQ(export_error(Format::kTlsa, {entry("a.example", {"key-" + kPinA})}), "no_pin_left");
}

TEST(Tlsa, A64_A67_EntriesThatWouldAddUpUnderOneNameAreRefused) {
    EXPECT_EQ(export_error(Format::kTlsa, {entry("a.example", {kPinA}), entry("a.example:443", {kPinB})}),
              "one_name_twice");
}

TEST(Tlsa, WhatIsWrittenIsReadBack) {
    const std::vector<trust::PolicyEntry> entries{
        entry("a.example:443", {kPinA, kName512, "cert-" + kPinB}),
        entry("b.example:25", {kPinA}, trust::TrustMode::kPins, trust::Match::kIssuer),
        entry("c.example:443", {kPinA}, trust::TrustMode::kChainAndPins, trust::Match::kLeaf),
        entry("d.example:443", {kPinA}, trust::TrustMode::kChainAndPins, trust::Match::kIssuer)};
    const auto again = import_policy(Format::kTlsa, exported(Format::kTlsa, entries, {}), context_for(""));
    ASSERT_TRUE(again) << again.error().why;
    EXPECT_EQ(testing::told(again->entries), testing::told(entries));
}

}  // namespace
}  // namespace cotter::formats
