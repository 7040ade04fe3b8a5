// Pins as programs take them in options and configuration: ghostunnel, kubeadm, OpenVPN, NATS.
#include "formats/shell_words.h"
#include "formats/testing/format_cases.h"
#include "formats/testing/told_entry.h"
#include "pin/testing/golden.h"

namespace cotter::formats {
namespace {

using pin::testing::kGolden;
using testing::context_for;
using ::testing::ElementsAre;
using testing::entry;
using testing::expect_refused;
using testing::expect_taken;
using testing::export_error;
using testing::exported;
using ::testing::HasSubstr;
using testing::kDigestA;
using testing::kDigestB;
using testing::kPinA;
using testing::kPinB;
using ::testing::Not;
using testing::told_entry;

const std::string kHexA = "23f40526785fbc3b31f9623e10bd9ed0b249fcbdfe6c4341ae31ff531762e79b";
const std::string kHexB = "c8b3720d54d90e44d56f36563e69f36718f9804f71cc577250e5b919e20fbc65";
/// SHA-256 of the golden certificate, as `openssl x509 -fingerprint -sha256` prints it.
const std::string kFingerprint =
    "7E:C8:BF:9A:7E:DC:51:58:77:5A:65:D1:42:DD:D6:81:16:A3:B8:B7:E7:1C:95:3A:0C:DA:36:0C:99:9E:A1:DB";
const std::string kCertificate = kGolden.text(PinTarget::kCertificate, PinForm::kSha256);
const std::string kSha512 = kGolden.text(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha512);

std::vector<std::string> words_of(const std::string& text) {
    const auto words = shell_words(text, context_for(""));
    if (!words) return {words.error().code};
    std::vector<std::string> result;
    for (const ShellWord& word : *words) result.push_back(word.text);
    return result;
}

TEST(ShellWords, SplitsAsAShellDoes) {
    EXPECT_THAT(words_of(""), ElementsAre());
    EXPECT_THAT(words_of(" a\tb\r\nc "), ElementsAre("a", "b", "c"));
    EXPECT_THAT(words_of("a 'b  c'\"d\"e"), ElementsAre("a", "b  cde"));
    EXPECT_THAT(words_of("a \\\n b \\\r\n c"), ElementsAre("a", "b", "c"));
    EXPECT_THAT(words_of("a\\ b \"c\\\"d\\e\" 'f\\'"), ElementsAre("a b", "c\"d\\e", "f\\"));
    EXPECT_THAT(words_of("a # b 'c\nd#e"), ElementsAre("a", "d#e"));
    EXPECT_THAT(words_of("'' \"\""), ElementsAre("", ""));
    EXPECT_THAT(words_of("a\\"), ElementsAre("a"));
    EXPECT_THAT(words_of("$HOME `x` $(y)"), ElementsAre("$HOME", "`x`", "$(y)")) << "nothing is expanded";
    for (const std::string open : {"'", "\"", "a 'b", "a \"b\\\""})
        EXPECT_THAT(words_of(open), ElementsAre("bad_quotes"));
}

TEST(Ghostunnel, ReadsOptionsAndBareValues) {
    const std::string one = told_entry("a.example", "pins, leaf", {kPinA});
    expect_taken(Format::kGhostunnel, context_for("a.example"),
                 {
                     {"sha256:" + kDigestA, one, {}, "a bare value"},
                     {"--allow-spki-pin sha256:" + kDigestA, one, {}, "an option"},
                     {"ghostunnel server --listen :1 --allow-spki-pin='sha256:" + kDigestA +
                          "' \\\n --allow-spki-pin sha512:" + kSha512.substr(7) + " # old\n",
                      told_entry("a.example", "pins, leaf", {kPinA, kSha512}),
                      {},
                      "a command line"},
                     {"--allow-spki-pin=sha256:" + kDigestA + "\n--allow-cn=x --allow-uri y",
                      one,
                      {"other_rule", "other_rule"},
                      "other rules, that admit others"},
                 });
}

TEST(Ghostunnel, A57_A60_RefusesTheWholeTextWithThePlace) {
    expect_refused(Format::kGhostunnel, context_for("a.example"),
                   {
                       {"", "no_pins", 1, 1, "nothing"},
                       {"--allow-all", "no_pins", 1, 1, "no pin"},
                       {"--allow-spki-pin", "no_value", 1, 1, "an option without value"},
                       {"--allow-spki-pin=", "pin_unknown_form", 1, 18, "an empty value"},
                       {"--allow-spki-pin sha1:x", "pin_weak_digest", 1, 18, "SHA-1"},
                       {"\n--allow-spki-pin sha256:" + kHexA, "pin_hex_as_base64", 2, 18, "hex"},
                       {"sha256:" + kDigestA + "\nsha256:" + kDigestA.substr(1), "pin_padding", 2, 1, "one bad of two"},
                       {kPinA, "pin_unknown_form", 1, 1, "our own spelling"},
                       {"sha384:" + kDigestA, "pin_wrong_length", 1, 1, "a digest of another length"},
                       {"'sha256:", "bad_quotes", 1, 1, "open quotes"},
                   });
    expect_refused(Format::kGhostunnel, context_for(""), {{"sha256:" + kDigestA, "host_needed", 0, 0, "no host"}});
}

TEST(Ghostunnel, WritesOptions) {
    EXPECT_EQ(exported(Format::kGhostunnel, {entry("a.example", {kPinA, kSha512})}, {"host"}),
              "--allow-spki-pin=sha256:" + kDigestA + "\n--allow-spki-pin=sha512:" + kSha512.substr(7) + "\n");
    exported(Format::kGhostunnel, {entry("a.example", {kPinA}, trust::TrustMode::kChainAndPins, trust::Match::kAny)},
             {"host", "chain", "match"});
    EXPECT_EQ(export_error(Format::kGhostunnel,
                           {entry("a.example", {kPinA}, trust::TrustMode::kPins, trust::Match::kIssuer)}),
              "issuer_pins");
}

TEST(Kubeadm, ReadsAJoinALineOfValuesAndAConfiguration) {
    const std::string own = told_entry("10.0.0.1:6443", "pins, issuer", {kPinA});
    const std::vector<std::string> lost{"ca_presented"};
    expect_taken(
        Format::kKubeadm, context_for(""),
        {
            {"kubeadm join 10.0.0.1:6443 --token abcdef.0123456789abcdef \\\n  --discovery-token-ca-cert-hash sha256:" +
                 kHexA,
             own, lost, "the line that kubeadm prints"},
            {"sudo kubeadm join api.example --discovery-token-ca-cert-hash=sha256:" + kHexA + ",sha256:" + kHexB,
             told_entry("api.example:6443", "pins, issuer", {kPinA, kPinB}), lost,
             "two, by commas, and the usual port"},
            {"apiVersion: kubeadm.k8s.io/v1beta3\nkind: JoinConfiguration\ndiscovery:\n  bootstrapToken:\n"
             "    apiServerEndpoint: 10.0.0.1:6443\n    token: abcdef.0123456789abcdef\n    caCertHashes:\n    - "
             "sha256:" +
                 kHexA + "\n---\nkind: KubeletConfiguration\n",
             own, lost, "a configuration of two documents"},
        });
    expect_taken(Format::kKubeadm, context_for("b.example"),
                 {{"sha256:" + kHexA, told_entry("b.example", "pins, issuer", {kPinA}), lost, "a bare value"},
                  {"kubeadm join x:1 --discovery-token-ca-cert-hash sha256:" + kHexA,
                   told_entry("b.example", "pins, issuer", {kPinA}), lost, "the host that was named goes first"}});
}

TEST(Kubeadm, A57_RefusesTheWholeTextAndShowsNoToken) {
    const std::vector<testing::Refused> cases{
        {"", "no_pins", 1, 1, "nothing"},
        {"kubeadm join x:1 --token abcdef.s3cret", "no_pins", 1, 1, "no pin"},
        {"--discovery-token-ca-cert-hash abcdef.s3cret", "pin_unknown_form", 1, 32, "another value"},
        {"--token abcdef.s3cret --discovery-token-ca-cert-hash sha256:" + kDigestA, "bad_hex", 1, 54, "base64"},
        {"--token abcdef.s3cret --discovery-token-ca-cert-hash sha256:" + kHexA.substr(2), "pin_wrong_length", 1, 54,
         "short"},
        {"--discovery-token-ca-cert-hash sha256:" + kHexA + ",", "pin_unknown_form", 1, 32, "a comma at the end"},
        {"--token 'abcdef.s3cret", "bad_quotes", 1, 9, "open quotes"},
        {"a: {caCertHashes: []}", "no_pins", 1, 1, "an empty list"},
        {"a: {caCertHashes: [\"sha256:" + kHexA + "\"]}\nb: {caCertHashes: [x]}", "two_lists", 1, 1, "two lists"},
        {"token: abcdef.s3cret\ncaCertHashes: x", "bad_type", 2, 15, "no list"},
        {"kubeadm join a..b:1 --discovery-token-ca-cert-hash sha256:" + kHexA, "bad_host_name", 1, 14, "a bad server"},
    };
    expect_refused(Format::kKubeadm, context_for(""), cases);
    for (const testing::Refused& test : cases) {
        const Error error = import_policy(Format::kKubeadm, test.text, context_for("")).error();
        for (const std::string& text : {error.what, error.why, error.next}) EXPECT_THAT(text, Not(HasSubstr("s3cret")));
    }
}

TEST(Kubeadm, WritesHashesOfIssuers) {
    const trust::PolicyEntry one = entry("a.example", {kPinA, kPinB}, trust::TrustMode::kPins, trust::Match::kIssuer);
    EXPECT_EQ(
        exported(Format::kKubeadm, {one}, {"host"}),
        "--discovery-token-ca-cert-hash=sha256:" + kHexA + "\n--discovery-token-ca-cert-hash=sha256:" + kHexB + "\n");
    EXPECT_EQ(export_error(Format::kKubeadm, {entry("a.example", {kPinA})}), "leaf_pins");
}

TEST(Openvpn, ReadsOptionsAndBlocks) {
    const std::string own = told_entry("a.example", "pins, leaf", {kCertificate});
    expect_taken(Format::kOpenvpn, context_for("a.example"),
                 {
                     {"<peer-fingerprint>\n" + kFingerprint + "\n</peer-fingerprint>\n", own, {}, "a block"},
                     {"peer-fingerprint " + kFingerprint, own, {}, "an option"},
                     {"client\r\nremote x 1194\r\n# peer-fingerprint 00\r\n; x\r\n  peer-fingerprint\t" + kFingerprint +
                          " # y\r\n",
                      own,
                      {},
                      "a configuration with CRLF and comments"},
                     {"<peer-fingerprint>\n# x\n\n" + kFingerprint +
                          "\n7ec8bf9a7edc5158775a65d142ddd68116a3b8b7e71c953a0cda360c999"
                          "ea1db\n</peer-fingerprint>",
                      own,
                      {},
                      "the same twice, once in small letters without colons"},
                     {"<ca>\n-----BEGIN CERTIFICATE-----\npeer-fingerprint 00\n</ca>\npeer-fingerprint " + kFingerprint,
                      told_entry("a.example", "chain+pins, leaf", {kCertificate}),
                      {"trust_anchors"},
                      "a CA besides"},
                     {"peer-fingerprint " + kFingerprint + "\nca ca.pem\n",
                      told_entry("a.example", "chain+pins, leaf", {kCertificate}),
                      {"trust_anchors"},
                      "a CA in a file"},
                 });
}

TEST(Openvpn, A67_SaysWhatElseTheFileAsksFor) {
    const std::string hex = "7ec8bf9a7edc5158775a65d142ddd68116a3b8b7e71c953a0cda360c999ea1db";
    const auto imported =
        import_policy(Format::kOpenvpn, "--ca ca.crt\n--peer-fingerprint " + hex + "\ncrl-verify revoked.pem\n",
                      context_for("a.example"));
    ASSERT_TRUE(imported) << imported.error().why;
    EXPECT_EQ(imported->entries.front().policy.trust, trust::TrustMode::kChainAndPins);
    ASSERT_EQ(imported->lost.size(), 2U);
    EXPECT_EQ(imported->lost[1].code, "option");
}

TEST(Openvpn, A57_A60_RefusesTheWholeTextWithThePlace) {
    expect_refused(
        Format::kOpenvpn, context_for("a.example"),
        {
            {"", "no_pins", 1, 1, "nothing"},
            {"remote x\n", "no_pins", 1, 1, "no fingerprint"},
            {"<peer-fingerprint>\n</peer-fingerprint>", "no_pins", 1, 1, "an empty block"},
            {"\n<peer-fingerprint>\n" + kFingerprint, "bad_block", 2, 1, "a block without end"},
            {"peer-fingerprint 95:86:DA:BA:74:9E:B5:57:10:38:7A:2A:16:81:CA:1A:58:9D:E3:9B", "pin_wrong_length", 1, 18,
             "SHA-1"},
            {"peer-fingerprint " + kFingerprint + " x", "bad_hex", 1, 114, "a word behind"},
            {"<peer-fingerprint>\n" + kFingerprint + ":\n</peer-fingerprint>", "bad_hex", 2, 1, "a colon at the end"},
            {"peer-fingerprint " + kDigestA, "bad_hex", 1, 18, "base64"},
        });
    expect_refused(Format::kOpenvpn, context_for(""),
                   {{"peer-fingerprint " + kFingerprint, "host_needed", 0, 0, "no host"}});
}

TEST(Openvpn, WritesABlock) {
    EXPECT_EQ(exported(Format::kOpenvpn, {entry("a.example", {kCertificate})}, {"host", "trust"}),
              "<peer-fingerprint>\n" + kFingerprint + "\n</peer-fingerprint>\n");
    EXPECT_EQ(exported(Format::kOpenvpn, {entry("a.example", {kGolden.text(PinTarget::kCertificate, PinForm::kDer)})},
                       {"host", "trust"}),
              "<peer-fingerprint>\n" + kFingerprint + "\n</peer-fingerprint>\n");
    EXPECT_EQ(export_error(Format::kOpenvpn, {entry("a.example", {kPinA})}), "no_pin_left");
}

TEST(Nats, ReadsTheListWhereverItStands) {
    const std::string own = told_entry("a.example", "chain+pins, leaf", {kPinA});
    const std::string two = told_entry("a.example", "chain+pins, leaf", {kPinA, kPinB});
    expect_taken(Format::kNats, context_for("a.example"),
                 {
                     {"pinned_certs: [\"" + kHexA + "\"]", own, {}, "the list alone"},
                     {"pinned_certs [ '" + kHexA + "' ]", own, {}, "no colon"},
                     {"Pinned_Certs = [" + kHexA + "]", own, {}, "no quotes, and capitals"},
                     {"{\"tls\": {\"pinned_certs\": [\"" + kHexA + "\", \"" + kHexB + "\"]}}", two, {}, "JSON"},
                     {"# pinned_certs: []\nport: 4222\ncluster {\n  tls {\n    cert_file: \"./a \\\" pinned_certs: "
                      "[\"\n    // x\n"
                      "    pinned_certs: [ # these\n      \"" +
                          kHexA + "\"\n      \"" + kHexB + "\", // last\n    ]\n  }\n}\n",
                      two,
                      {},
                      "a configuration"},
                     {"pinned_certs: [\"23F40526785FBC3B31F9623E10BD9ED0B249FCBDFE6C4341AE31FF531762E79B\"]",
                      own,
                      {},
                      "capitals"},
                 });
}

TEST(Nats, A55_A57_RefusesTheWholeTextWithThePlace) {
    expect_refused(Format::kNats, context_for("a.example"),
                   {
                       {"", "no_pins", 1, 1, "nothing"},
                       {"tls {}", "no_pins", 1, 1, "no list"},
                       {"# pinned_certs: [\"" + kHexA + "\"]", "no_pins", 1, 1, "a comment"},
                       {"\npinned_certs: []", "empty_pinset", 2, 1, "an empty list"},
                       {"pinned_certs: [\"" + kHexA + "\"", "bad_list", 1, 1, "no end"},
                       {"pinned_certs", "bad_list", 1, 1, "the word alone"},
                       {"pinned_certs: \"" + kHexA + "\"", "bad_list", 1, 15, "no list"},
                       {"pinned_certs: [{x: 1}]", "bad_list", 1, 16, "a map inside"},
                       {"pinned_certs: [\"" + kHexA + "\" \"" + kHexA.substr(2) + "\"]", "pin_wrong_length", 1, 83,
                        "one bad of two"},
                       {"pinned_certs: [\"" + kDigestA + "\"]", "bad_hex", 1, 16, "base64"},
                       {"pinned_certs: [\"" + kFingerprint + "\"]", "bad_hex", 1, 16, "colons"},
                       {"pinned_certs: [\"x]", "bad_quotes", 1, 16, "open quotes"},
                       {"pinned_certs: [\"" + kHexA + "\"]\npinned_certs: [\"" + kHexB + "\"]", "two_lists", 2, 1,
                        "the pins of two connections"},
                   });
    expect_refused(Format::kNats, context_for(""),
                   {{"pinned_certs: [\"" + kHexA + "\"]", "host_needed", 0, 0, "no host"}});
}

TEST(Nats, WritesTheList) {
    EXPECT_EQ(exported(Format::kNats, {entry("a.example", {kPinA, kPinB}, trust::TrustMode::kChainAndPins)}, {"host"}),
              "pinned_certs: [\n  \"" + kHexA + "\",\n  \"" + kHexB + "\",\n]\n");
    exported(Format::kNats, {entry("a.example", {kPinA})}, {"host", "trust"});
    EXPECT_EQ(export_error(Format::kNats, {entry("a.example", {kPinA}), entry("b.example", {kPinA})}), "many_hosts");
}

}  // namespace
}  // namespace cotter::formats
