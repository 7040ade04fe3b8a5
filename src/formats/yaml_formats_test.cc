// Envoy's validation context and stubby's upstreams, both ways.
#include "formats/testing/format_cases.h"
#include "formats/testing/told_entry.h"
#include "pin/testing/golden.h"

namespace cotter::formats {
namespace {

using pin::testing::kGolden;
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
using testing::told_entry;

const std::string kCertificate = kGolden.text(PinTarget::kCertificate, PinForm::kSha256);
const std::string kHash = "7ec8bf9a7edc5158775a65d142ddd68116a3b8b7e71c953a0cda360c999ea1db";
const std::string kSpki = "verify_certificate_spki: [\"" + kDigestA + "\"]\n";

TEST(Envoy, A67_TakesWhatIsMergedInToAskForAChain) {
    for (const std::string other : {"validation_context_sds_secret_config: {name: roots}",
                                    "validationContextCertificateProviderInstance: {instance_name: roots}"}) {
        const auto imported = import_policy(
            Format::kEnvoy,
            "combined_validation_context:\n  default_validation_context:\n    " + kSpki + "  " + other + "\n",
            context_for("a.example"));
        ASSERT_TRUE(imported) << imported.error().why;
        EXPECT_EQ(imported->entries.front().policy.trust, trust::TrustMode::kChainAndPins) << other;
        EXPECT_EQ(imported->lost.front().code, "trust_anchors") << other;
    }
}

TEST(Envoy, ReadsTheContextWhereverItStands) {
    const std::string own = told_entry("a.example", "pins, leaf", {kPinA});
    expect_taken(Format::kEnvoy, context_for("a.example"),
                 {
                     {kSpki, own, {}, "the context alone"},
                     {"validation_context: {verify_certificate_spki: [\"" + kDigestSlash + "\"]}\n",
                      told_entry("a.example", "pins, leaf", {"sha256/" + kDigestSlash}),
                      {},
                      "in braces"},
                     {"{\"common_tls_context\": {\"validation_context\": {\"verify_certificate_spki\": [\"" + kDigestA +
                          "\"]}}}",
                      own,
                      {},
                      "JSON"},
                     {"a:\n- b:\n    verifyCertificateSpki:\n    - " + kDigestA +
                          "\n    verifyCertificateHash:\n    - " + kHash + "\n",
                      told_entry("a.example", "pins, leaf", {kPinA, kCertificate}),
                      {},
                      "Istio's spelling, and either list"},
                     {"verify_certificate_hash: "
                      "[\"7E:C8:BF:9A:7E:DC:51:58:77:5A:65:D1:42:DD:D6:81:16:A3:B8:B7:E7:1C:95:3A:0C:DA:36:"
                      "0C:99:9E:A1:DB\", " +
                          kHash + "]\n",
                      told_entry("a.example", "pins, leaf", {kCertificate}),
                      {},
                      "colons and none"},
                     {"trusted_ca: {filename: ca.pem}\n" + kSpki,
                      told_entry("a.example", "chain+pins, leaf", {kPinA}),
                      {"trust_anchors", "host_name"},
                      "a CA besides"},
                     {kSpki + "allow_expired_certificate: true\ntrust_chain_verification: ACCEPT_UNTRUSTED\n"
                              "match_typed_subject_alt_names: []\ncrl: {}\n",
                      own,
                      {"trust_chain_verification", "allow_expired_certificate", "unknown_key", "unknown_key"},
                      "what else it says"},
                 });
}

TEST(Envoy, A55_A57_A63_RefusesTheWholeTextWithThePlace) {
    expect_refused(
        Format::kEnvoy, context_for("a.example"),
        {
            {"", "no_pins", 1, 1, "nothing"},
            {"a: 1\n", "no_pins", 1, 1, "no context"},
            {"verify_certificate_spki: []\n", "empty_pinset", 1, 1, "an empty list"},
            {"verify_certificate_spki: " + kDigestA + "\n", "bad_type", 1, 26, "no list"},
            {"verify_certificate_spki: [[x]]\n", "bad_type", 1, 27, "a list inside"},
            {"verify_certificate_spki:\n- " + kDigestA + "\n- " + kDigestA.substr(1) + "\n", "pin_padding", 3, 3,
             "one bad of two"},
            {"verify_certificate_spki: [\"" + kHash + "\"]\n", "pin_hex_as_base64", 1, 27, "hex for base64"},
            {"verify_certificate_hash: [\"" + kDigestA + "\"]\n", "bad_hex", 1, 27, "base64 for hex"},
            {"verify_certificate_hash: [9586daba749eb55710387a2a1681ca1a589de39b]\n", "pin_wrong_length", 1, 27,
             "SHA-1"},
            {"a: {" + kSpki.substr(0, kSpki.size() - 1) + "}\nb: {" + kSpki.substr(0, kSpki.size() - 1) + "}\n",
             "two_lists", 2, 4, "two contexts"},
            {kSpki + kSpki, "duplicate_key", 2, 1, "a key twice"},
            {"a: &x {" + kSpki.substr(0, kSpki.size() - 1) + "}\nb: *x\n", "yaml_anchor", 1, 4, "an alias"},
            {"verify_certificate_spki: [\n", "bad_yaml", 2, 1, "no YAML"},
        });
    expect_refused(Format::kEnvoy, context_for(""), {{kSpki, "host_needed", 0, 0, "no host"}});
}

TEST(Envoy, WritesAContextThatAsksForNoLess) {
    EXPECT_EQ(exported(Format::kEnvoy, {entry("a.example", {kPinA, kCertificate})}, {"host"}),
              "validation_context:\n  verify_certificate_spki:\n    - \"" + kDigestA +
                  "\"\n  verify_certificate_hash:\n    - \"" + kHash + "\"\n");
    EXPECT_EQ(exported(Format::kEnvoy, {entry("a.example", {kPinA}, trust::TrustMode::kChainAndPins)},
                       {"host", "trust_anchors"}),
              "validation_context:\n"
              "  trusted_ca: {filename: \"/etc/ssl/certs/ca-certificates.crt\"}\n"
              "  match_typed_subject_alt_names:\n"
              "    - san_type: DNS\n      matcher: {exact: \"a.example\"}\n"
              "  verify_certificate_spki:\n    - \"" +
                  kDigestA + "\"\n")
        << "by itself Envoy compares no host name";
}

TEST(Envoy, A67_NamesOfManyHostsAreToldAndIssuersRefused) {
    const auto names = [](const std::string& host, const std::vector<std::string>& lost) {
        const std::string text =
            exported(Format::kEnvoy, {entry(host, {kPinA}, trust::TrustMode::kChainAndPins)}, lost);
        const std::size_t begin = text.find("    - san_type");
        return text.substr(begin, text.find("  verify_") - begin);
    };
    EXPECT_EQ(names("*.a.example", {"host", "host_name", "trust_anchors"}),
              "    - san_type: DNS\n      matcher: {suffix: \".a.example\"}\n");
    EXPECT_EQ(names("192.0.2.1", {"host", "trust_anchors"}),
              "    - san_type: IP_ADDRESS\n      matcher: {exact: \"192.0.2.1\"}\n");
    exported(Format::kEnvoy, {entry("a.example", {kPinA}, trust::TrustMode::kPins, trust::Match::kAny)},
             {"host", "match"});
    EXPECT_EQ(
        export_error(Format::kEnvoy, {entry("a.example", {kPinA}, trust::TrustMode::kPins, trust::Match::kIssuer)}),
        "issuer_pins");
}

std::string upstreams(const std::string& items) {
    return "resolution_type: GETDNS_RESOLUTION_STUB\nupstream_recursive_servers:\n" + items;
}
std::string upstream(const std::string& rest, const std::string& address = "192.0.2.1") {
    return "  - address_data: " + address + "\n" + rest;
}
std::string pinset(const std::string& value) {
    return "    tls_pubkey_pinset:\n      - digest: \"sha256\"\n        value: " + value + "\n";
}

TEST(Stubby, ReadsUpstreamsByAddress) {
    expect_taken(
        Format::kStubby, context_for(""),
        {
            {upstreams(upstream(pinset(kDigestA))), told_entry("192.0.2.1:853", "pins, any", {kPinA}), {}, "the least"},
            {upstreams(upstream("    tls_port: 443\n" + pinset(kDigestA) +
                                    "      - digest: \"sha256\"\n        value: \"" + kDigestB + "\"\n",
                                "2001:DB8::1")),
             told_entry("[2001:db8::1]:443", "pins, any", {kPinA, kPinB}),
             {},
             "two pins, a port, and IPv6"},
            {upstreams(upstream("    tls_auth_name: \"dns.example\"\n" + pinset(kDigestA))),
             told_entry("192.0.2.1:853", "pins, any", {kPinA}),
             {"tls_auth_name"},
             "a name besides"},
            {upstreams(upstream("    tls_auth_name: \"dns.example\"\n") + upstream(pinset(kDigestB), "192.0.2.2")),
             told_entry("192.0.2.2:853", "pins, any", {kPinB}),
             {"no_pins"},
             "an upstream without pins"},
        });
}

TEST(Stubby, A55_A57_RefusesTheWholeTextWithThePlace) {
    expect_refused(
        Format::kStubby, context_for(""),
        {
            {"", "bad_type", 1, 1, "nothing"},
            {"a: 1\n", "no_pins", 1, 1, "no upstreams"},
            {upstreams("  []\n"), "no_pins", 1, 1, "an empty list"},
            {upstreams("  - x\n"), "bad_type", 3, 5, "an upstream that is a word"},
            {upstreams("  - tls_port: 853\n"), "no_address", 3, 5, "no address"},
            {upstreams(upstream(pinset(kDigestA), "dns.example")), "bad_address", 3, 19, "a name"},
            {upstreams(upstream("    tls_port: 0\n" + pinset(kDigestA))), "bad_port", 4, 15, "port 0"},
            {upstreams(upstream("    tls_port: 65536\n" + pinset(kDigestA))), "bad_port", 4, 15, "a port too high"},
            {upstreams(upstream("    tls_port: 8x\n" + pinset(kDigestA))), "bad_port", 4, 15, "no number"},
            {upstreams(upstream("    tls_pubkey_pinset: []\n")), "empty_pinset", 4, 24, "an empty pinset"},
            {upstreams(upstream("    tls_pubkey_pinset:\n      - digest: \"sha1\"\n        value: x\n")),
             "pin_unknown_form", 5, 17, "SHA-1"},
            {upstreams(upstream("    tls_pubkey_pinset:\n      - value: " + kDigestA + "\n")), "pin_unknown_form", 5, 9,
             "no digest's name"},
            {upstreams(upstream("    tls_pubkey_pinset:\n      - digest: \"sha256\"\n")), "no_pin", 5, 9, "no value"},
            {upstreams(upstream(pinset(kDigestA) + "        x: 1\n")), "unknown_key", 7, 12, "another key"},
            {upstreams(upstream(pinset("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="))), "pin_mistake", 6, 16,
             "the digest of nothing, found in the wild"},
            {upstreams(upstream(pinset("&x " + kDigestA))), "yaml_anchor", 6, 16, "an anchor"},
            {upstreams(upstream(pinset(kDigestA)) + upstream(pinset(kDigestB))), "duplicate_host", 0, 0,
             "an upstream twice"},
        });
}

TEST(Stubby, WritesUpstreamsAndOnlyAddresses) {
    EXPECT_EQ(exported(Format::kStubby,
                       {entry("192.0.2.1:443", {kPinA, kPinB}, trust::TrustMode::kPins, trust::Match::kAny),
                        entry("192.0.2.2", {kPinA}, trust::TrustMode::kPins, trust::Match::kLeaf)},
                       {"port", "match"}),
              "upstream_recursive_servers:\n"
              "  - address_data: \"192.0.2.1\"\n    tls_port: 443\n    tls_pubkey_pinset:\n"
              "      - digest: \"sha256\"\n        value: \"" +
                  kDigestA +
                  "\"\n"
                  "      - digest: \"sha256\"\n        value: \"" +
                  kDigestB +
                  "\"\n"
                  "  - address_data: \"192.0.2.2\"\n    tls_port: 853\n    tls_pubkey_pinset:\n"
                  "      - digest: \"sha256\"\n        value: \"" +
                  kDigestA + "\"\n");
    EXPECT_EQ(export_error(Format::kStubby, {entry("a.example:853", {kPinA})}), "name_host");
    EXPECT_EQ(export_error(Format::kStubby, {entry("192.0.2.1", {kPinA}), entry("192.0.2.1:853", {kPinA})}),
              "one_name_twice");
}

}  // namespace
}  // namespace cotter::formats
