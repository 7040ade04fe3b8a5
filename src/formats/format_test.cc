// What holds for every format: the golden vectors, known mistakes, and that names mean the same everywhere.
#include "formats/format.h"

#include "formats/testing/format_cases.h"
#include "pin/testing/golden.h"
#include "text/encoding.h"

#include <functional>

namespace cotter::formats {
namespace {

using pin::testing::kGolden;
using testing::codes;
using ::testing::Contains;
using testing::context_for;
using testing::entry;
using ::testing::HasSubstr;
using testing::kNow;
using testing::kPinA;
using testing::kPinB;

const std::string kSpki256 = "I/QFJnhfvDsx+WI+EL2e0LJJ/L3+bENBrjH/Uxdi55s=";
const std::string kSpki256Hex = "23f40526785fbc3b31f9623e10bd9ed0b249fcbdfe6c4341ae31ff531762e79b";
const std::string kSpki512Hex =
    "c73313cc191ef782de559ad9eaf01c104c8284399414709f55e014058af96d6b07da66d15369ae3b6bdbb46cadd517cb2c018c80b2d2b2a3a1"
    "5ee5bc2c75"
    "f399";
const std::string kSpki =
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEY9+TjVrKv/Lme3+02y6QoQdjKZXhN0m8h/"
    "Y2IAOBnfOpAZypbj759rQi8aPGGxtV376ttpzePdDzVUyzWoYPmA==";
const std::string kCertificate256Hex = "7ec8bf9a7edc5158775a65d142ddd68116a3b8b7e71c953a0cda360c999ea1db";

TEST(Formats, EachHasItsOwnName) {
    for (const std::string& name : format_names()) {
        const auto format = format_from(name);
        ASSERT_TRUE(format) << name;
        EXPECT_EQ(text_of(*format), name);
    }
    for (const std::string wrong : {"", "HPKP", "hpkp ", "pem", "pkp"}) EXPECT_FALSE(format_from(wrong)) << wrong;
}

/// The digest in this spelling, in the smallest text of the format that holds it.
struct Spelling {
    Format format;
    std::function<std::string(const std::string& value)> text;
    std::string value;
    PinTarget target;
    PinForm form;
};

std::vector<Spelling> spellings() {
    const auto hpkp = [](const std::string& v) {
        return "Public-Key-Pins: pin-sha256=\"" + v + "\"; pin-sha256=\"" + testing::kDigestB + "\"; max-age=60";
    };
    const auto curl = [](const std::string& v) { return "sha256//" + v; };
    const auto okhttp = [](const std::string& v) { return ".add(\"example.test\", \"sha256/" + v + "\")"; };
    const auto tlsa = [](const std::string& numbers) {
        return [numbers](const std::string& v) { return "_443._tcp.example.test. IN TLSA " + numbers + " " + v; };
    };
    const auto commitment = [](const std::string& v) { return "|c0|example.test|443|0|6|" + v; };
    const auto key = [](const std::string& v) { return "|g0|example.test|443|0|" + v; };
    const auto cotter = [](const std::string& v) {
        return "version = 1\n[[host]]\nname = \"example.test\"\npins = [\"sha256/" + v + "\"]\n";
    };
    const auto android = [](const std::string& v) {
        return "<network-security-config><domain-config><domain>example.test</domain><pin-set><pin "
               "digest=\"SHA-256\">" +
               v + "</pin></pin-set></domain-config></network-security-config>";
    };
    const auto trustkit = [](const std::string& v) {
        return "{\"TSKPinnedDomains\": {\"example.test\": {\"TSKPublicKeyHashes\": [\"" + v + "\", \"" +
               testing::kDigestB + "\"]}}}";
    };
    const auto apple = [](const std::string& v) {
        return "{\"NSPinnedDomains\": {\"example.test\": {\"NSPinnedLeafIdentities\": [{\"SPKI-SHA256-BASE64\": \"" +
               v + "\"}]}}}";
    };
    const auto chromium = [](const std::string& v) {
        return "PinsListTimestamp\n1\nKey\nsha256/" + v +
               "\n{\"pinsets\": [{\"name\": \"a\", \"static_spki_hashes\": [\"Key\"]}], \"entries\": [{\"name\": "
               "\"example.test\", \"pins\": \"a\"}]}";
    };
    const auto envoy_key = [](const std::string& v) { return "verify_certificate_spki: [\"" + v + "\"]"; };
    const auto envoy_hash = [](const std::string& v) { return "verify_certificate_hash: [\"" + v + "\"]"; };
    const auto nats = [](const std::string& v) { return "pinned_certs: [\"" + v + "\"]"; };
    const auto ghostunnel = [](const std::string& v) { return "--allow-spki-pin sha256:" + v; };
    const auto stubby = [](const std::string& v) {
        return "upstream_recursive_servers:\n- address_data: 192.0.2.1\n  tls_pubkey_pinset:\n  - digest: \"sha256\"\n "
               "   "
               "value: " +
               v + "\n";
    };
    const auto openvpn = [](const std::string& v) { return "<peer-fingerprint>\n" + v + "\n</peer-fingerprint>\n"; };
    const auto kubeadm = [](const std::string& v) { return "--discovery-token-ca-cert-hash sha256:" + v; };
    const PinTarget spki = PinTarget::kSubjectPublicKeyInfo;
    return {{Format::kAndroid, android, kSpki256, spki, PinForm::kSha256},
            {Format::kTrustKit, trustkit, kSpki256, spki, PinForm::kSha256},
            {Format::kApple, apple, kSpki256, spki, PinForm::kSha256},
            {Format::kChromium, chromium, kSpki256, spki, PinForm::kSha256},
            {Format::kEnvoy, envoy_key, kSpki256, spki, PinForm::kSha256},
            {Format::kEnvoy, envoy_hash, kCertificate256Hex, PinTarget::kCertificate, PinForm::kSha256},
            {Format::kNats, nats, kSpki256Hex, spki, PinForm::kSha256},
            {Format::kGhostunnel, ghostunnel, kSpki256, spki, PinForm::kSha256},
            {Format::kStubby, stubby, kSpki256, spki, PinForm::kSha256},
            {Format::kOpenvpn, openvpn, kCertificate256Hex, PinTarget::kCertificate, PinForm::kSha256},
            {Format::kKubeadm, kubeadm, kSpki256Hex, spki, PinForm::kSha256},
            {Format::kCotter, cotter, kSpki256, spki, PinForm::kSha256},
            {Format::kHpkp, hpkp, kSpki256, spki, PinForm::kSha256},
            {Format::kCurl, curl, kSpki256, spki, PinForm::kSha256},
            {Format::kOkHttp, okhttp, kSpki256, spki, PinForm::kSha256},
            {Format::kTlsa, tlsa("3 1 1"), kSpki256Hex, spki, PinForm::kSha256},
            {Format::kTlsa, tlsa("3 1 2"), kSpki512Hex, spki, PinForm::kSha512},
            {Format::kTlsa, tlsa("3 0 1"), kCertificate256Hex, PinTarget::kCertificate, PinForm::kSha256},
            {Format::kTlsa, tlsa("3 1 0"), text::hex(kGolden.object(spki)), spki, PinForm::kDer},
            {Format::kTlsa, tlsa("3 0 0"), text::hex(kGolden.certificate), PinTarget::kCertificate, PinForm::kDer},
            {Format::kGnutls, commitment, kSpki256Hex, spki, PinForm::kSha256},
            {Format::kGnutls, key, kSpki, spki, PinForm::kDer}};
}

TEST(Formats, A59_GoldenVectorsAreReadAsWhatTheyAreOf) {
    for (const Spelling& one : spellings()) {
        const auto imported = import_policy(one.format, one.text(one.value), context_for("example.test"));
        ASSERT_TRUE(imported) << text_of(one.format) << ": " << imported.error().why;
        EXPECT_EQ(imported->entries.front().policy.pins.front().pin.to_string(), kGolden.text(one.target, one.form))
            << text_of(one.format);
    }
}

TEST(Formats, GoldenVectorsAreWrittenAsOthersWriteThem) {
    const auto written = [](Format format, PinTarget target, PinForm form) {
        const auto result = export_policy(format, {entry("example.test", {kGolden.text(target, form), kPinB})}, kNow);
        return result ? result->text : result.error().why;
    };
    const PinTarget spki = PinTarget::kSubjectPublicKeyInfo;
    EXPECT_THAT(written(Format::kHpkp, spki, PinForm::kSha256), HasSubstr("pin-sha256=\"" + kSpki256 + "\""));
    EXPECT_THAT(written(Format::kCurl, spki, PinForm::kSha256), HasSubstr("sha256//" + kSpki256 + ";"));
    EXPECT_THAT(written(Format::kOkHttp, spki, PinForm::kSha256), HasSubstr("\"sha256/" + kSpki256 + "\""));
    EXPECT_THAT(written(Format::kTlsa, spki, PinForm::kSha256), HasSubstr(" 3 1 1 " + kSpki256Hex + "\n"));
    EXPECT_THAT(written(Format::kTlsa, spki, PinForm::kSha512), HasSubstr(" 3 1 2 " + kSpki512Hex + "\n"));
    EXPECT_THAT(written(Format::kTlsa, PinTarget::kCertificate, PinForm::kSha256),
                HasSubstr(" 3 0 1 " + kCertificate256Hex + "\n"));
    EXPECT_THAT(written(Format::kGnutls, spki, PinForm::kSha256),
                HasSubstr("|c0|example.test|*|0|6|" + kSpki256Hex + "\n"));
    EXPECT_THAT(written(Format::kGnutls, spki, PinForm::kDer), HasSubstr("|g0|example.test|*|0|" + kSpki + "\n"));
    // A key at length is written as its digest where a format has only that; a certificate is never a key.
    EXPECT_THAT(written(Format::kCurl, spki, PinForm::kDer), HasSubstr("sha256//" + kSpki256 + ";"));
    EXPECT_EQ(written(Format::kCurl, PinTarget::kCertificate, PinForm::kDer), "sha256//" + testing::kDigestB + "\n");
}

TEST(Formats, A57_KnownMistakesAreRefusedInEachOfThem) {
    const std::string mistakes[] = {
        "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "AbpHGcgLb+kRsJGnwFEktk7uzpZOCcBY74+YBdrKVGs=",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="};
    for (const Spelling& one : spellings()) {
        if (one.form != PinForm::kSha256) continue;
        for (const std::string& mistake : mistakes) {
            ByteVector octets(detail::check_base64(mistake).size);
            detail::decode_base64(mistake, octets.data());
            const bool is_hex = one.value.size() == 64;
            const auto imported =
                import_policy(one.format, one.text(is_hex ? text::hex(octets) : mistake), context_for("example.test"));
            ASSERT_FALSE(imported) << text_of(one.format) << " " << mistake;
            EXPECT_EQ(imported.error().code, "pin_mistake") << text_of(one.format);
        }
        // A hex digest, a whole key or a certificate where base64 of a digest should be.
        if (one.value.size() == 64) continue;
        for (const std::string& wrong : {kSpki256Hex, kSpki, text::base64(kGolden.certificate)}) {
            EXPECT_FALSE(import_policy(one.format, one.text(wrong), context_for("example.test")))
                << text_of(one.format);
        }
    }
}

TEST(Formats, ASampleOutOfAManualIsSaid) {
    for (const Spelling& one : spellings()) {
        if (one.form != PinForm::kSha256 || one.value.size() == 64) continue;
        const auto imported = import_policy(one.format, one.text("E9CZ9INDbd+2eRQozYqqbQ2yXLVKB9+xcprMF+44U1g="),
                                            context_for("example.test"));
        ASSERT_TRUE(imported);
        EXPECT_THAT(codes(imported->lost), Contains("sample_pin")) << text_of(one.format);
    }
}

/// A text of the format whose host is spelt so.
std::vector<std::pair<Format, std::function<std::string(const std::string& host)>>> with_host() {
    return {
        {Format::kCotter,
         [](const std::string& h) {
             return "version = 1\n[[host]]\nname = \"" + h + "\"\npins = [\"" + kPinA + "\"]\n";
         }},
        {Format::kAndroid,
         [](const std::string& h) {
             return "<network-security-config><domain-config><domain>" + h +
                    "</domain><pin-set><pin digest=\"SHA-256\">" + kSpki256 +
                    "</pin></pin-set></domain-config></network-security-config>";
         }},
        {Format::kTrustKit,
         [](const std::string& h) {
             return "{\"TSKPinnedDomains\": {\"" + h + "\": {\"TSKPublicKeyHashes\": [\"" + kSpki256 + "\", \"" +
                    testing::kDigestB + "\"]}}}";
         }},
        {Format::kApple,
         [](const std::string& h) {
             return "{\"NSPinnedDomains\": {\"" + h + "\": {\"NSPinnedLeafIdentities\": [{\"SPKI-SHA256-BASE64\": \"" +
                    kSpki256 + "\"}]}}}";
         }},
        {Format::kChromium,
         [](const std::string& h) {
             return "PinsListTimestamp\n1795521600\nKey\n" + kPinA +
                    "\n{\"pinsets\": [{\"name\": \"a\", \"static_spki_hashes\": [\"Key\"]}], \"entries\": [{\"name\": "
                    "\"" +
                    h + "\", \"pins\": \"a\"}]}";
         }},
        {Format::kOkHttp, [](const std::string& h) { return ".add(\"" + h + "\", \"" + kPinA + "\")"; }},
        {Format::kTlsa, [](const std::string& h) { return "_443._tcp." + h + " IN TLSA 3 1 1 " + kSpki256Hex; }},
        {Format::kGnutls, [](const std::string& h) { return "|c0|" + h + "|443|0|6|" + kSpki256Hex; }}};
}

TEST(Formats, A65_A85_A87_NamesMeanTheSameInEachOfThem) {
    struct Name {
        std::string spelt;
        std::string covered;  ///< empty: the name is refused
        std::string reason;
    };
    const Name names[] = {{"example.com", "example.com", "as it is"},
                          {"EXAMPLE.Com", "example.com", "capitals"},
                          {"example.com.", "example.com", "a last dot"},
                          {"b\xc3\xbc"
                           "cher.example",
                           "xn--bcher-kva.example", "a U-label"},
                          {"B\xc3\x9c"
                           "CHER.example",
                           "xn--bcher-kva.example", "a U-label in capitals"},
                          {"xn--bcher-kva.example", "xn--bcher-kva.example", "an A-label"},
                          {"_dmarc.example.com", "_dmarc.example.com", "an underscore"},
                          {"example.com..", "", "two last dots"},
                          {".example.com", "", "a first dot"},
                          {"a..example.com", "", "an empty label"},
                          {"-a.example.com", "", "a hyphen first"},
                          {"a.*.example.com", "", "a star inside"},
                          {std::string(64, 'a') + ".example.com", "", "a label too long"}};
    for (const auto& [format, text] : with_host()) {
        for (const Name& name : names) {
            const auto imported = import_policy(format, text(name.spelt), context_for(""));
            ASSERT_EQ(imported.has_value(), !name.covered.empty()) << text_of(format) << ": " << name.reason;
            if (!imported) continue;
            const trust::HostPattern& host = imported->entries.front().host;
            const auto covers = [&](const std::string& asked) {
                return host.reaches(*HostPort::parse(asked, 443)).has_value();
            };
            EXPECT_TRUE(covers(name.covered)) << text_of(format) << ": " << name.reason;
            EXPECT_FALSE(covers("foo" + name.covered)) << text_of(format) << ": only on label boundaries";
            EXPECT_FALSE(covers("foo." + name.covered))
                << text_of(format) << ": no subdomains unless they are asked for";
        }
    }
}

TEST(Formats, A67_WhatNoneCanSayIsLostByTheSameCodesInAllOfThem) {
    trust::PolicyEntry one = entry("a.example:443", {kPinA, kPinB});
    one.policy.deny.insert(testing::pin(testing::kPinC));
    one.policy.pins[0].label = "spring";
    one.policy.pins.push_back({testing::pin("sha384/OLBgp1GsljhM2TJ+sbHjaiH9txEUvgdDTAzHv2P24donTt6/529l+9Ua0vFImLla"),
                               trust::PinRole::kPrimary,
                               {},
                               std::nullopt,
                               {}});
    one.policy.pins.push_back({testing::pin("key-" + kPinA), trust::PinRole::kPrimary, {}, std::nullopt, {}});
    one.policy.pins.push_back({testing::pin("sha256/" + testing::kDigestSlash),
                               trust::PinRole::kProxy,
                               {},
                               kNow + std::chrono::hours(1),
                               "us"});
    one.policy.pins.push_back(
        {testing::pin(testing::kPinC), trust::PinRole::kPrimary, {}, kNow - std::chrono::seconds(1), {}});
    for (const std::string& name : format_names()) {
        const Format format = *format_from(name);
        // Chromium's list has labels and denials of its own.
        if (format == Format::kCotter || format == Format::kChromium) continue;
        const auto result = export_policy(format, {one}, kNow);
        if (!result) continue;  // that it can't be written is no silence
        for (const std::string code : {"deny", "label", "pin_kind", "proxy_pin", "pin_expired"}) {
            if (format == Format::kChromium && code == "deny") continue;  // it has a list for them
            EXPECT_THAT(codes(result->lost), Contains(code)) << name;
        }
        // Neither base64 nor hex of what was left out.
        const std::string proxy = testing::kDigestSlash.substr(0, 20);
        EXPECT_EQ(result->text.find(proxy), std::string::npos) << name;
    }
}

TEST(Formats, A55_A56_WhatRefusesEverybodyIsNeverWrittenAsNothing) {
    trust::PolicyEntry empty = entry("a.example", {});
    trust::PolicyEntry ended = entry("a.example", {kPinA, kPinB});
    ended.policy.expires = kNow - std::chrono::seconds(1);
    trust::PolicyEntry only_ended_pins =
        entry("a.example", {kPinA}, trust::TrustMode::kChainAndPins, trust::Match::kAny);
    only_ended_pins.policy.pins[0].expires = kNow - std::chrono::seconds(1);
    for (const std::string& name : format_names()) {
        const Format format = *format_from(name);
        if (format == Format::kCotter) continue;
        for (const auto& [one, code] : {std::pair{empty, "empty_pinset"}, std::pair{ended, "policy_expired"},
                                        std::pair{only_ended_pins, "no_pin_left"}}) {
            const auto result = export_policy(format, {one}, kNow);
            ASSERT_FALSE(result) << name << " " << code << "\n" << result->text;
            EXPECT_EQ(result.error().code, code) << name;
            EXPECT_FALSE(export_policy(format, {entry("b.example", {kPinA, kPinB}), one}, kNow))
                << name << ": beside another entry";
        }
    }
}

TEST(Formats, A67_EntriesThatArentByPinsAreLeftOutWithAWord) {
    const trust::PolicyEntry pinned = entry("a.example", {kPinA, kPinB});
    trust::PolicyEntry off = entry("b.example", {kPinA});
    off.policy.mode = trust::Mode::kOff;
    for (const std::string& name : format_names()) {
        const Format format = *format_from(name);
        if (format == Format::kCotter || !export_policy(format, {pinned}, kNow)) continue;
        for (const trust::PolicyEntry& other : {off, entry("b.example", {}, trust::TrustMode::kChain),
                                                entry("b.example", {}, trust::TrustMode::kStrict)}) {
            const auto both = export_policy(format, {pinned, other}, kNow);
            ASSERT_TRUE(both) << name << ": " << both.error().why;
            EXPECT_EQ(both->text, export_policy(format, {pinned}, kNow)->text) << name;
            EXPECT_THAT(codes(both->lost), Contains(other.policy.mode == trust::Mode::kOff ? "mode_off" : "trust"))
                << name;
            const auto alone = export_policy(format, {other}, kNow);
            ASSERT_FALSE(alone) << name;
            EXPECT_EQ(alone.error().code, "nothing_to_write") << name;
        }
    }
}

TEST(Formats, A56_AnEndAfterWhichAnyChainIsTrustedIsSaid) {
    const auto imported = import_policy(Format::kHpkp, "Public-Key-Pins: pin-sha256=\"" + kSpki256 + "\"; max-age=60",
                                        context_for("a.example"));
    ASSERT_TRUE(imported);
    EXPECT_EQ(imported->entries.front().policy.on_expiry, trust::OnExpiry::kChain);
    EXPECT_THAT(codes(imported->lost), Contains("fails_open"));
}

}  // namespace
}  // namespace cotter::formats
