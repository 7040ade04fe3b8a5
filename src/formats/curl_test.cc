// curl's list of pins, both ways.
#include "formats/curl.h"

#include "formats/testing/format_cases.h"

namespace cotter::formats {
namespace {

using testing::context_for;
using testing::entry;
using testing::expect_refused;
using testing::expect_taken;
using testing::export_error;
using testing::exported;
using testing::kDigestA;
using testing::kDigestB;
using testing::kDigestSlash;
using testing::kPinA;
using testing::kPinB;

const std::string kA = "sha256//" + kDigestA;
const std::string kB = "sha256//" + kDigestB;

std::string told(const std::vector<std::string>& digests) {
    std::string result = "a.example; chain+pins, leaf, mode 0, ends never then 0;";
    for (const std::string& digest : digests) result += " sha256/" + digest + " 0 '' never '',";
    return result;
}

TEST(Curl, ReadsTheArgumentAndWhatStandsRoundIt) {
    const std::vector<std::string> chain{"chain"};
    expect_taken(Format::kCurl, context_for("a.example"),
                 {{kA, told({kDigestA}), chain, "one pin"},
                  {kA + "\n", told({kDigestA}), chain, "a line"},
                  {kA + ";" + kB, told({kDigestA, kDigestB}), chain, "two pins"},
                  {kA + ";" + kA, told({kDigestA}), chain, "one pin twice"},
                  {"sha256//" + kDigestSlash, told({kDigestSlash}), chain, "three slashes in a row"},
                  {"'" + kA + ";" + kB + "'", told({kDigestA, kDigestB}), chain, "in a shell's quotes"},
                  {"--pinnedpubkey '" + kA + "'", told({kDigestA}), chain, "as an option"},
                  {"--pinnedpubkey=" + kA, told({kDigestA}), chain, "with an equals sign"},
                  {"pinnedpubkey = \"" + kA + "\"\r\n", told({kDigestA}), chain, "a line of curl's file"},
                  {"pinnedpubkey: " + kA, told({kDigestA}), chain, "with a colon"},
                  {"sha256//YhKJKSzoTt2b5FP18fvpHo7fJYqQCjAa3HWY3tvRMwE=",
                   told({"YhKJKSzoTt2b5FP18fvpHo7fJYqQCjAa3HWY3tvRMwE="}),
                   {"chain", "sample_pin"},
                   "the sample of the manual"}});
}

TEST(Curl, A57_OneFaultRefusesTheList) {
    expect_refused(
        Format::kCurl, context_for("a.example"),
        {{"", "no_pins", 1, 1, "nothing"},
         {" \n", "no_pins", 2, 1, "blanks"},
         {"--pinnedpubkey", "no_pins", 1, 15, "an option without a value"},
         {kA + ";", "not_a_pin", 1, 54, "an empty element"},
         {";" + kA, "not_a_pin", 1, 1, "an empty element first"},
         {kA + ";;" + kB, "not_a_pin", 1, 54, "an empty element between"},
         {kA + "; " + kB, "not_a_pin", 1, 54, "a blank, which curl takes for part of the pin"},
         {kA + "," + kB, "pin_trailing", 1, 1, "a comma"},
         {kA + "\n" + kB, "pin_white_space", 1, 1, "two lines"},
         {kPinA, "one_slash", 1, 1, "one slash, which curl takes for a file"},
         {kA + ";" + kPinB, "one_slash", 1, 54, "one slash in the second"},
         {"SHA256//" + kDigestA, "not_a_pin", 1, 1, "capitals"},
         {"sha1//4n972HfV354KP560yw4uqe/baXc=", "not_a_pin", 1, 1, "A60: SHA-1"},
         {"key.pem", "not_a_pin", 1, 1, "a file"},
         {"/etc/passwd", "not_a_pin", 1, 1, "a file by its path"},
         {"@key.pem", "not_a_pin", 1, 1, "a file in another spelling"},
         {"sha256//", "pin_empty", 1, 1, "no digest"},
         {"sha256//AAAA", "pin_wrong_length", 1, 1, "a short digest"},
         {"sha256//" + kDigestA.substr(0, 43), "pin_padding", 1, 1, "no padding"},
         {"sha256//" + kDigestA + "=", "pin_trailing", 1, 1, "too much padding"},
         {"sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "pin_mistake", 1, 1, "the digest of nothing"},
         {"sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "pin_mistake", 1, 1, "a placeholder"},
         {"sha256//23f40526785fbc3b31f9623e10bd9ed0b249fcbdfe6c4341ae31ff531762e79b", "pin_hex_as_base64", 1, 1, "hex"},
         {"\"" + kA, "bad_quotes", 1, 1, "quotes that stay open"},
         {"\"" + kA + "'", "bad_quotes", 1, 1, "other quotes at the end"},
         {"\"", "bad_quotes", 1, 1, "one quote alone"}});
    expect_refused(Format::kCurl, context_for(""), {{kA, "host_needed", 0, 0, "whose pins?"}});
}

TEST(Curl, WritesTheArgument) {
    const trust::PolicyEntry one = entry("a.example:8443", {kPinA, "sha256/" + kDigestSlash});
    EXPECT_EQ(exported(Format::kCurl, {one}, {"host", "trust"}), kA + ";sha256//" + kDigestSlash + "\n");
    EXPECT_EQ(
        exported(Format::kCurl, {entry("*.example", {kPinA}, trust::TrustMode::kChainAndPins, trust::Match::kAny)},
                 {"host", "trust", "match"}),
        kA + "\n");
    EXPECT_EQ(
        export_error(Format::kCurl, {entry("a.example", {kPinA}, trust::TrustMode::kPins, trust::Match::kIssuer)}),
        "issuer_pins");
    EXPECT_EQ(export_error(Format::kCurl, {one, entry("b.example", {kPinB})}), "many_hosts");
    EXPECT_EQ(export_error(Format::kCurl, {entry("a.example", {"cert-sha256/" + kDigestA})}), "no_pin_left");
}

TEST(Curl, WhatIsWrittenIsReadBack) {
    const trust::PolicyEntry one = entry("a.example", {kPinA, kPinB}, trust::TrustMode::kChainAndPins);
    const auto again = import_policy(Format::kCurl, export_policy(Format::kCurl, {one}, testing::kNow)->text,
                                     context_for("a.example"));
    ASSERT_TRUE(again);
    EXPECT_EQ(testing::told(again->entries), testing::told(std::vector{one}));
}

}  // namespace
}  // namespace cotter::formats
