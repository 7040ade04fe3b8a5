// What is not a pin: each refusal with its code, its place, and the words that tell how to mend it.
#include <cotter/pin.h>

#include "pin/digest.h"
#include "pin/testing/golden.h"
#include "text/encoding.h"
#include "text/testing/octets.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace cotter {
namespace {

using pin::testing::kGolden;
using text::testing::filled;
using text::testing::octets_of;

const std::string kValue = "I/QFJnhfvDsx+WI+EL2e0LJJ/L3+bENBrjH/Uxdi55s=";
const std::string kHex = "23f40526785fbc3b31f9623e10bd9ed0b249fcbdfe6c4341ae31ff531762e79b";
const std::string kSha1 = "9586daba749eb55710387a2a1681ca1a589de39b";

struct Row {
    std::string text;
    std::string_view code;
    std::size_t offset;
    std::vector<std::string_view> says;  ///< somewhere in why or next
};

void check(const std::vector<Row>& rows) {
    for (const Row& row : rows) {
        const auto pin = Pin::parse(row.text);
        ASSERT_FALSE(pin) << row.text;
        const Error& error = pin.error();
        EXPECT_EQ(error.code, row.code) << row.text;
        EXPECT_EQ(error.kind, ErrorKind::kMalformedInput) << row.text;
        ASSERT_TRUE(error.place) << row.text;
        EXPECT_EQ(error.place->offset, std::optional(row.offset)) << row.text;
        EXPECT_TRUE(error.what.starts_with("reading the pin \"")) << row.text;
        EXPECT_FALSE(error.why.empty() || error.next.empty()) << row.text;
        for (const std::string_view words : row.says) {
            EXPECT_NE((error.why + "; " + error.next).find(words), std::string::npos)
                << row.text << " does not say: " << words << "\n  but: " << error.why << "; " << error.next;
        }
        for (const std::string& said : {error.what, error.why, error.next}) {
            EXPECT_TRUE(std::ranges::none_of(said, [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; }))
                << row.text << " puts a control character into its error";
        }
    }
}

/// What is listed where somebody has to choose.
const std::vector<std::string_view> kChoices = {"sha256/BASE64", "cert-sha256/BASE64", "key-sha256/BASE64",
                                                "spki-sha256:",  "cert-sha256:",       "key-sha256:"};

std::vector<std::string_view> choices_and(std::string_view more) {
    std::vector<std::string_view> all = kChoices;
    all.push_back(more);
    return all;
}

TEST(PinRefusal, A61_BareHexIsNotGuessedAt) {
    check({{kHex, "pin_bare_hex", 0, choices_and("bare hex")},
           {"23:F4:05:26", "pin_bare_hex", 0, kChoices},
           {"7EC8BF9A7EDC5158775A65D142DDD68116A3B8B7E71C953A0CDA360C999EA1DB", "pin_bare_hex", 0, kChoices},
           {std::string(128, 'a'), "pin_bare_hex", 0, kChoices},
           {"a", "pin_bare_hex", 0, kChoices}});
}

TEST(PinRefusal, A61_ABareDigestNameIsNotGuessedAt) {
    check({{"sha256:" + kHex, "pin_ambiguous", 0, choices_and("sha256:")},
           {"sha256:" + kValue, "pin_ambiguous", 0, kChoices},
           {"SHA256:7E:C8", "pin_ambiguous", 0, kChoices},
           {"sha-256:7E:C8", "pin_ambiguous", 0, choices_and("sha-256:")},
           {"sha512:" + kValue, "pin_ambiguous", 0, choices_and("sha512:")},
           {"sha256:", "pin_ambiguous", 0, kChoices}});
}

TEST(PinRefusal, A60_A80_Sha1AndMd5AreNamed) {
    const std::vector<std::string_view> says = {"SHA-1", "MD5", "cotter pin FILE"};
    std::vector<Row> rows;
    for (const std::string_view start : {"sha1/",
                                         "sha1//",
                                         "sha1:",
                                         "SHA1:",
                                         "sha-1:",
                                         "pin-sha1=\"",
                                         "spki-sha1:",
                                         "cert-sha1:",
                                         "key-sha1:",
                                         "spki-sha1/",
                                         "cert-sha1/",
                                         "SHA1 Fingerprint=",
                                         "sha1 Fingerprint=",
                                         "md5/",
                                         "MD5:",
                                         "MD5 Fingerprint=",
                                         "md5 Fingerprint=",
                                         "pin-md5=\"",
                                         "spki-md5:",
                                         "cert-md5:",
                                         "key-md5:"}) {
        rows.push_back({std::string(start) + kSha1, "pin_weak_digest", 0, says});
    }
    check(rows);
    check({{kSha1, "pin_weak_digest", 0, choices_and("40 hex digits are a SHA-1 thumbprint")},
           {"95:86:DA:BA:74:9E:B5:57:10:38:7A:2A:16:81:CA:1A:58:9D:E3:9B", "pin_weak_digest", 0, choices_and("SHA-1")},
           {"9586DABA749EB55710387A2A1681CA1A589DE39B", "pin_weak_digest", 0, choices_and("cotter pin FILE")},
           {std::string(32, 'b'), "pin_weak_digest", 0, choices_and("an MD5 thumbprint")},
           {"cert-sha256:" + kSha1, "pin_wrong_length", 12, {"as many as SHA-1"}},
           {"sha256 Fingerprint=95:86:DA:BA:74:9E:B5:57:10:38:7A:2A:16:81:CA:1A:58:9D:E3:9B",
            "pin_wrong_length",
            19,
            {"as many as SHA-1"}},
           {"sha256/lYbaunSetVcQOHoqFoHKGlid45s=", "pin_wrong_length", 7, {"as many as SHA-1"}}});
}

TEST(PinRefusal, AFileIsNotReadWhereOnlyTextIsTaken) {
    check({{"file:/etc/passwd", "pin_is_file", 0, {"cotter pin FILE"}},
           {"cert:file:leaf.pem", "pin_is_file", 0, {"cotter pin FILE"}},
           {"FILE:leaf.pem", "pin_is_file", 0, {"cotter pin FILE"}}});
}

TEST(PinRefusal, AnUnknownBeginningListsTheKnownOnes) {
    std::vector<Row> rows;
    for (const std::string_view start : {"",
                                         "SHA256/",
                                         "Sha256/",
                                         "sha256",
                                         "sha256=",
                                         "sha224/",
                                         "sha3-256/",
                                         "blake2/",
                                         "spki/",
                                         "cert/",
                                         "key/",
                                         "cert:",
                                         "spki-sha512:",
                                         "pin-sha256:",
                                         "pin-sha256/",
                                         "x509-sha256/",
                                         "CERT-SHA256/",
                                         "sha256\\/",
                                         "sha256-",
                                         "spki_sha256/",
                                         "\"sha256/",
                                         "SHA384 Fingerprint=",
                                         "sha256 fingerprint:",
                                         "sha256  Fingerprint="}) {
        rows.push_back({std::string(start) + kValue, "pin_unknown_form", 0, kChoices});
    }
    check(rows);
    check({{std::string("\0sha256/", 8) + kValue, "pin_unknown_form", 0, {}},
           {"\xef\xbb\xbfsha256/" + kValue, "pin_unknown_form", 0, {}},
           {"ѕha256/" + kValue, "pin_unknown_form", 0, {}},  // the first letter is Cyrillic
           {"sha256∕" + kValue, "pin_unknown_form", 0, {}},  // U+2215
           {"\x1b[31m", "pin_unknown_form", 0, {}}});
}

TEST(PinRefusal, A58_OnlyCanonicalBase64IsTaken) {
    const std::string head = "sha256/" + kValue.substr(0, 20);
    const std::string tail = kValue.substr(20);
    const auto with = [&](std::string_view inserted) { return head + std::string(inserted) + tail; };
    std::string url = kValue;
    std::ranges::replace(url, '/', '_');
    std::string dash = kValue;
    std::ranges::replace(dash, '+', '-');
    check({
        {with(" "), "pin_white_space", 27, {"white space", "take it out"}},
        {with("\t"), "pin_white_space", 27, {"white space"}},
        {with("\n"), "pin_white_space", 27, {"white space"}},
        {with("\r\n"), "pin_white_space", 27, {"white space"}},
        {with("\v"), "pin_white_space", 27, {"white space"}},
        {" sha256/" + kValue, "pin_white_space", 0, {"white space"}},
        {"\nsha256/" + kValue, "pin_white_space", 0, {"white space"}},
        {"sha256/" + kValue + " ", "pin_white_space", 51, {"white space"}},
        {"sha256/" + kValue + "\n", "pin_white_space", 51, {"white space"}},
        {"sha256/ " + kValue, "pin_white_space", 7, {"white space"}},
        {with(std::string_view("\0", 1)), "pin_bad_character", 27, {"base64"}},
        {"sha256/" + kValue + std::string("\0", 1), "pin_trailing", 51, {"follows its end"}},
        {with("!"), "pin_bad_character", 27, {"base64"}},
        {with("%2B"), "pin_bad_character", 27, {"base64"}},
        {with("\x7f"), "pin_bad_character", 27, {"base64"}},
        {with("\xff"), "pin_bad_character", 27, {"base64"}},
        {with("А"), "pin_bad_character", 27, {"base64"}},   // Cyrillic A
        {with("Ａ"), "pin_bad_character", 27, {"base64"}},  // full width
        {with("\u00a0"), "pin_bad_character", 27, {"base64"}},
        {with("\u200b"), "pin_bad_character", 27, {"base64"}},
        {with("="), "pin_trailing", 27, {"follows its end"}},
        {"sha256/" + url, "pin_base64url", 8, {"base64url", "+ for - and / for _"}},
        {"sha256/" + dash, "pin_base64url", 19, {"base64url", "+ for - and / for _"}},
        {"sha256/" + kValue.substr(0, 43), "pin_padding", 50, {"padding", "="}},
        {"sha256/" + kValue.substr(0, 42), "pin_padding", 49, {"cut"}},
        {"sha256/" + kValue.substr(0, 41), "pin_padding", 48, {"cut"}},
        {"sha256/" + kValue + "=", "pin_trailing", 51, {"take it off"}},
        {"sha256/" + kValue + "A", "pin_trailing", 51, {"take it off"}},
        {"sha256/" + kValue + kValue, "pin_trailing", 51, {"take it off"}},
        {"sha256/" + kValue + "%", "pin_trailing", 51, {"take it off"}},
        {"sha256/=", "pin_trailing", 7, {}},
        {"sha256/====", "pin_trailing", 7, {}},
        {"sha256/", "pin_empty", 7, kChoices},
        {"sha256//", "pin_empty", 8, kChoices},
        {"cert-sha256/", "pin_empty", 12, kChoices},
        {"spki-der/", "pin_empty", 9, kChoices},
    });
    // Of the four letters that decode to the same octets one is canonical; the last letter of kValue is s, 101100.
    for (const char last : {'t', 'u', 'v'}) {
        check({{"sha256/" + kValue.substr(0, 42) + last + "=", "pin_padding_bits", 49, {"copy the pin anew"}}});
    }
    for (unsigned bits = 1; bits < 16; ++bits) {
        const std::string last(1, "ABCDEFGHIJKLMNOP"[bits]);
        check({{"sha512/" + std::string(85, 'x') + last + "==", "pin_padding_bits", 92, {"copy the pin anew"}}});
    }
}

TEST(PinRefusal, EveryLengthButTheDigestsOwn) {
    for (std::size_t size = 1; size < 130; ++size) {
        for (const auto& [prefix, right] : {std::pair("sha256/", 32U), {"cert-sha384/", 48U}, {"key-sha512/", 64U}}) {
            const std::string text = prefix + text::base64(filled(size, 0xa7));
            const auto pin = Pin::parse(text);
            EXPECT_EQ(pin.has_value(), size == right) << text;
            if (pin) continue;
            EXPECT_EQ(pin.error().code, "pin_wrong_length") << text;
            EXPECT_NE(pin.error().why.find("has " + std::to_string(right) + " bytes"), std::string::npos);
            EXPECT_NE(pin.error().why.find("this has " + std::to_string(size)), std::string::npos);
        }
        if (size != 32) {
            const auto pin = Pin::parse("spki-sha256:" + text::hex(filled(size, 0xa7)));
            ASSERT_FALSE(pin);
            EXPECT_EQ(pin.error().code, "pin_wrong_length");
            EXPECT_EQ(pin.error().place->offset, std::optional<std::size_t>(12));
        }
    }
    check({{"sha256/" + text::base64(filled(48, 0xa7)), "pin_wrong_length", 7, {"as many as SHA-384"}},
           {"sha384/" + text::base64(filled(32, 0xa7)), "pin_wrong_length", 7, {"as many as SHA-256"}},
           {"sha256/" + text::base64(filled(16, 0xa7)), "pin_wrong_length", 7, {"as many as MD5"}}});
}

TEST(PinRefusal, A58_HexWithAnythingBetweenButColonsEverywhere) {
    const std::string pair = kHex.substr(0, 62);
    check({{"cert-sha256:", "pin_empty", 12, kChoices},
           {"sha256 Fingerprint=", "pin_empty", 19, kChoices},
           {"cert-sha256:7e:c8bf", "pin_bad_hex", 17, {"colon"}},
           {"cert-sha256:7ec8:bf", "pin_bad_hex", 14, {"colon"}},
           {"cert-sha256::7e", "pin_bad_hex", 12, {"two hex digits"}},
           {"cert-sha256:7e:", "pin_bad_hex", 15, {"two hex digits"}},
           {"cert-sha256:7e::c8", "pin_bad_hex", 15, {"two hex digits"}},
           {"cert-sha256:7", "pin_bad_hex", 13, {"two hex digits"}},
           {"cert-sha256:" + pair + "9", "pin_bad_hex", 75, {"two hex digits"}},
           {"cert-sha256:" + pair + "9g", "pin_bad_hex", 75, {"two hex digits"}},
           {"cert-sha256:" + pair + "g9", "pin_bad_hex", 74, {"two hex digits"}},
           {"cert-sha256:0x" + pair, "pin_bad_hex", 13, {"two hex digits"}},
           {"cert-sha256:7e-c8", "pin_bad_hex", 14, {"two hex digits"}},
           {"cert-sha256: " + kHex, "pin_white_space", 12, {"take it out"}},
           {"cert-sha256:7e c8", "pin_white_space", 14, {"take it out"}},
           {"cert-sha256:7e:c8\n", "pin_white_space", 17, {"take it out"}},
           {"cert-sha256:" + kHex + "\n", "pin_white_space", 76, {"take it out"}},
           {"cert-sha256:" + kHex + std::string("\0", 1), "pin_bad_hex", 76, {}},
           {"cert-sha256:" + kValue, "pin_bad_hex", 12, {}},
           {"spki-sha256:sha256/" + kValue, "pin_bad_hex", 12, {}}});
}

TEST(PinRefusal, AnHpkpPinWithoutItsQuotesAlone) {
    check({{"pin-sha256=" + kValue, "pin_unquoted", 11, {"quotes", "pin-sha256=\"BASE64\""}},
           {"pin-sha256='" + kValue + "'", "pin_unquoted", 11, {"quotes"}},
           {"pin-sha256=", "pin_unquoted", 11, {"quotes"}},
           {"pin-sha256=\"", "pin_unquoted", 12, {"not closed"}},
           {"pin-sha256=\"" + kValue, "pin_unquoted", 56, {"not closed"}},
           {"pin-sha256=\"\"", "pin_empty", 12, kChoices},
           {"pin-sha256=\"" + kValue + "\" ", "pin_trailing", 57, {"take it off"}},
           {"pin-sha256=\"" + kValue + "\"\"", "pin_trailing", 57, {"take it off"}},
           {"pin-sha256=\"" + kValue + "\", max-age=5\"", "pin_trailing", 57, {"take it off"}},
           {"pin-sha256=\" " + kValue + "\"", "pin_white_space", 12, {}},
           {"pin-sha256=\"/" + kValue + "\"", "pin_two_slashes", 12, {}},
           {"pin-sha256= \"" + kValue + "\"", "pin_unquoted", 11, {}}});
}

TEST(PinRefusal, CurlsTwoSlashesElsewhereAreNamed) {
    check({{"cert-sha256//" + kValue, "pin_two_slashes", 12, {"curl", "take one off"}},
           {"spki-sha256//" + kValue, "pin_two_slashes", 12, {"curl"}},
           {"sha384//" + text::base64(filled(48, 0xa7)), "pin_two_slashes", 7, {"curl"}},
           {"key-sha512//" + text::base64(filled(64, 0xa7)), "pin_two_slashes", 11, {"curl"}},
           {"sha256///" + kValue, "pin_two_slashes", 8, {"curl"}}});
}

TEST(PinRefusal, HexPastedWhereBase64IsNeeded) {
    const std::string upper = "23F40526785FBC3B31F9623E10BD9ED0B249FCBDFE6C4341AE31FF531762E79B";
    check({{"sha256/" + kHex, "pin_hex_as_base64", 7, choices_and("hex")},
           {"sha256/" + upper, "pin_hex_as_base64", 7, kChoices},
           {"sha256//" + kHex, "pin_hex_as_base64", 8, kChoices},
           {"cert-sha256/7E:C8:BF:9A:7E:DC:51:58:77:5A:65:D1", "pin_hex_as_base64", 12, kChoices},
           {"sha384/" + kHex, "pin_hex_as_base64", 7, kChoices},  // decodes to the 48 octets of a SHA-384
           {"sha512/" + std::string(128, 'c'), "pin_hex_as_base64", 7, kChoices},
           {"sha256/" + kSha1, "pin_hex_as_base64", 7, kChoices},
           {"spki-der/" + kHex, "pin_hex_as_base64", 9, kChoices},
           {"sha256/" + text::base64(octets_of(kHex)), "pin_hex_as_base64", 7, choices_and("hex text")},
           {"sha256/" + text::base64(octets_of(upper)), "pin_hex_as_base64", 7, kChoices},
           {"sha256/" + text::base64(octets_of(kHex + "\n")), "pin_hex_as_base64", 7, kChoices},
           {"sha512/" + text::base64(octets_of(kHex)), "pin_hex_as_base64", 7, kChoices},  // 64 octets, as it should
           {"sha256/" + text::base64(octets_of(kHex.substr(0, 32))), "pin_hex_as_base64", 7, kChoices},
           {"pin-sha256=\"" + kHex + "\"", "pin_hex_as_base64", 12, kChoices}});
}

TEST(PinRefusal, AWholeObjectPastedAsADigest) {
    const std::vector<std::string_view> says = {"whole certificate or key", "spki-der/", "cert-der/"};
    check({{"sha256/" + text::base64(kGolden.certificate), "pin_whole_object", 7, says},
           {"cert-sha256/" + text::base64(kGolden.certificate), "pin_whole_object", 12, says},
           {"sha256//" + text::base64(kGolden.object(PinTarget::kSubjectPublicKeyInfo)), "pin_whole_object", 8, says},
           {"sha512/" + text::base64(kGolden.object(PinTarget::kSubjectPublicKeyInfo)), "pin_whole_object", 7, says},
           // an Ed25519 SPKI has but 44 octets
           {"sha256/MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=", "pin_whole_object", 7, says},
           {"sha256/" + text::base64(octets_of("-----BEGIN CERTIFICATE-----\nMIIB")), "pin_whole_object", 7, says},
           // cut in its middle
           {"sha256/" + text::base64(Bytes(kGolden.certificate).first(99)), "pin_whole_object", 7, says}});
}

TEST(PinRefusal, APrivateKeyPastedAsAPinIsNotRepeated) {
    const std::string secret = "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g";  // RFC 8032, 7.1
    for (const std::string_view prefix : {"sha256/", "spki-der/", "key-der/", "cert-sha512/"}) {
        const auto pin = Pin::parse(std::string(prefix) + secret);
        ASSERT_FALSE(pin) << prefix;
        for (const std::string& said : {pin.error().what, pin.error().why, pin.error().next}) {
            EXPECT_EQ(said.find(secret.substr(21, 8)), std::string::npos) << said;  // where the secret octets begin
        }
    }
}

TEST(PinRefusal, ADigestOfNothingIsNamed) {
    std::vector<Row> rows;
    for (const std::string_view prefix : {"sha256/", "cert-sha256/", "key-sha256/", "sha256//"}) {
        const std::string start(prefix);
        rows.push_back({start + "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
                        "pin_mistake",
                        start.size(),
                        {"SHA-256 of nothing", "cotter pin"}});
        rows.push_back({start + "AbpHGcgLb+kRsJGnwFEktk7uzpZOCcBY74+YBdrKVGs=",
                        "pin_mistake",
                        start.size(),
                        {"SHA-256 of one newline"}});
        rows.push_back(
            {start + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "pin_mistake", start.size(), {"zero bytes"}});
    }
    rows.push_back({"cert-sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                    "pin_mistake",
                    12,
                    {"SHA-256 of nothing"}});
    rows.push_back({"spki-sha256:" + std::string(64, '0'), "pin_mistake", 12, {"zero bytes"}});
    for (const PinForm form : {PinForm::kSha256, PinForm::kSha384, PinForm::kSha512}) {
        const std::string name = form == PinForm::kSha256   ? "sha256/"
                                 : form == PinForm::kSha384 ? "sha384/"
                                                            : "sha512/";
        rows.push_back({name + text::base64(digest(form, {})), "pin_mistake", 7, {"of nothing"}});
        rows.push_back({name + text::base64(digest(form, octets_of("\n"))), "pin_mistake", 7, {"of one newline"}});
        rows.push_back({name + text::base64(filled(digest_size(form), 0)), "pin_mistake", 7, {"zero bytes"}});
    }
    check(rows);
}

TEST(PinRefusal, DerThatIsNotOfWhatIsPinned) {
    const std::string spki = text::base64(kGolden.object(PinTarget::kSubjectPublicKeyInfo));
    const std::string certificate = text::base64(kGolden.certificate);
    const std::string point = text::base64(kGolden.object(PinTarget::kKey));
    std::string more = text::base64([] {
        const Bytes spki_octets = kGolden.object(PinTarget::kSubjectPublicKeyInfo);
        ByteVector longer(spki_octets.begin(), spki_octets.end());
        longer.push_back(std::byte{0});
        return longer;
    }());
    std::vector<Row> rows;
    for (const std::string& value : {certificate, point, more, std::string("MAA="), std::string("AAAA")}) {
        rows.push_back({"spki-der/" + value, "pin_wrong_der", 9, {"strict DER", "spki-der/"}});
    }
    for (const std::string& value : {spki, point, std::string("MAA=")}) {
        rows.push_back({"cert-der/" + value, "pin_wrong_der", 9, {"strict DER", "cert-der/"}});
    }
    for (const std::string& value : {spki, certificate, std::string("MAA=")}) {
        rows.push_back({"key-der/" + value, "pin_wrong_der", 8, {"strict DER", "key-der/"}});
    }
    check(rows);
}

}  // namespace
}  // namespace cotter
