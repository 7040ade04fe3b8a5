// The text of invitation codes, held against a second writer that follows docs/invitation.md by the letter.
#include "registry/invitation.h"

#include "pin/digest.h"
#include "x509/openssl.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace cotter::registry {
namespace {

constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::string_view kPrefix = "cotter-join-";

/// One bit at a time, as a textbook has it.
std::uint32_t textbook_crc(Bytes octets, unsigned width, std::uint32_t polynomial) {
    const std::uint64_t top = std::uint64_t{1} << (width - 1);
    const std::uint64_t mask = (top << 1U) - 1;
    std::uint64_t rest = mask;
    for (const std::byte octet : octets) {
        rest ^= std::to_integer<std::uint64_t>(octet) << (width - 8);
        for (int bit = 0; bit < 8; ++bit) {
            rest = ((rest << 1U) ^ ((rest & top) != 0 ? polynomial : 0U)) & mask;
        }
    }
    return static_cast<std::uint32_t>(rest);
}

void append_big_endian(ByteVector& out, std::uint32_t number, unsigned octets) {
    for (unsigned left = octets; left > 0; --left) out.push_back(static_cast<std::byte>(number >> (8 * (left - 1))));
}

std::string letters_of(Bytes octets) {
    std::string bits;
    for (const std::byte octet : octets) {
        for (unsigned bit = 8; bit > 0; --bit) {
            bits.push_back((std::to_integer<unsigned>(octet) >> (bit - 1) & 1U) != 0 ? '1' : '0');
        }
    }
    while (bits.size() % 5 != 0) bits.push_back('0');
    std::string letters;
    for (std::size_t at = 0; at < bits.size(); at += 5)
        letters.push_back(kAlphabet[std::stoul(bits.substr(at, 5), nullptr, 2)]);
    return letters;
}

ByteVector counted(std::size_t size, unsigned first) {
    ByteVector octets;
    for (std::size_t at = 0; at < size; ++at) octets.push_back(static_cast<std::byte>(first + at));
    return octets;
}

/// What a code may say, each part free to be wrong; the checksums are always right.
struct Parts {
    unsigned version = 1;
    std::string server = "db.example:5432";
    std::optional<std::uint32_t> said_size = std::nullopt;
};

std::string written(const Parts& parts) {
    const std::size_t size = 5 + 32 + 16 + parts.server.size() + 4;
    ByteVector octets{static_cast<std::byte>(parts.version)};
    append_big_endian(octets, parts.said_size.value_or(static_cast<std::uint32_t>(size)), 2);
    append_big_endian(octets, textbook_crc(octets, 16, 0x1021), 2);
    std::ranges::copy(counted(32, 0x40), std::back_inserter(octets));
    std::ranges::copy(counted(16, 0xE0), std::back_inserter(octets));
    std::ranges::copy(x509::as_bytes(parts.server), std::back_inserter(octets));
    append_big_endian(octets, textbook_crc(octets, 32, 0x04C11DB7), 4);
    const std::string letters = letters_of(octets);
    std::string text(kPrefix);
    for (std::size_t at = 0; at < letters.size(); ++at) {
        if (at > 0 && at % 6 == 0) text.push_back('-');
        text.push_back(letters[at]);
    }
    return text;
}

InvitationCode code_for(std::string_view server) {
    std::array<std::byte, 16> secret{};
    std::ranges::copy(counted(16, 0xE0), secret.begin());
    return {HostPort::parse(server).value(),
            Pin::from_octets(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256, counted(32, 0x40)).value(),
            InvitationSecret(secret)};
}

std::string error_code_of(std::string_view text) {
    const auto code = InvitationCode::parse(text);
    return code ? "accepted" : code.error().code;
}

std::string without_hyphens(std::string text) {
    std::erase(text, '-');
    return text;
}

TEST(InvitationCode, IsWrittenAsTheDocumentSays) {
    EXPECT_EQ(code_for("db.example:5432").to_string(), written({}));
    EXPECT_EQ(code_for("[2001:db8::1]:7000").to_string(), written({.server = "[2001:db8::1]:7000"}));
}

TEST(InvitationCode, HasOneTextThatStaysAsItIs) {
    EXPECT_EQ(code_for("db.example:5432").to_string(),
              "cotter-join-0404gc-k0810m-4gt48n-34ej29-995mrk-ae9x85-2mjkah-ancntr-b5d5pq-2xbsfy-1rf2wf-jebsq7-x3mynt-"
              "zcxqqe-ys325s-jqgrbd-e1p6ae-hn6gsk-41nnwn-e0");
}

TEST(InvitationCode, GivesBackWhatItWasMadeOf) {
    const std::string longest_label(63, 'a');
    const std::string longest = longest_label + "." + longest_label + "." + longest_label + "." + std::string(61, 'b');
    for (const std::string& server :
         {std::string("a:1"), std::string("db.example:5432"), std::string("192.0.2.7:443"), std::string("[::1]:65535"),
          std::string("[2001:db8:1111:2222:3333:4444:5555:6666]:65535"), std::string("_x.b_c.example:7"),
          longest + ":65535"}) {
        const InvitationCode made = code_for(server);
        const auto read = InvitationCode::parse(made.to_string());
        ASSERT_TRUE(read) << server << ": " << read.error().why;
        EXPECT_EQ(read->server, made.server);
        EXPECT_EQ(read->server_pin, made.server_pin);
        EXPECT_TRUE(std::ranges::equal(read->secret.octets(), made.secret.octets()));
        EXPECT_EQ(read->to_string(), made.to_string());
    }
}

TEST(InvitationCode, HasNoLookAlikesAndOnlyLowerCase) {
    const std::string text = code_for("db.example:5432").to_string();
    EXPECT_TRUE(text.starts_with(kPrefix));
    EXPECT_EQ(text.substr(kPrefix.size()).find_first_of("ilouABCDEFGHIJKLMNOPQRSTUVWXYZ"), std::string::npos);
}

TEST(InvitationCode, IgnoresCaseAndWhiteSpaceAndReadsLookAlikes) {
    const std::string text = code_for("db.example:5432").to_string();
    std::string upper = text;
    std::ranges::transform(upper, upper.begin(),
                           [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    std::string broken;
    for (std::size_t at = 0; at < text.size(); ++at)
        broken += (at % 20 == 19 ? "\r\n  " : "") + std::string(1, text[at]);
    std::string looks_alike = text;
    std::replace(looks_alike.begin() + static_cast<std::ptrdiff_t>(kPrefix.size()), looks_alike.end(), '0', 'O');
    std::replace(looks_alike.begin() + static_cast<std::ptrdiff_t>(kPrefix.size()), looks_alike.end(), '1', 'l');
    ASSERT_NE(looks_alike, text);
    for (const std::string& spelling : {upper, broken, looks_alike, without_hyphens(text), "\t" + text + "\n"}) {
        const auto read = InvitationCode::parse(spelling);
        ASSERT_TRUE(read) << spelling << ": " << read.error().why;
        EXPECT_EQ(read->to_string(), text);
    }
}

TEST(InvitationCode, TellsACutPasteWhereverItIsCut) {
    const std::string text = without_hyphens(code_for("db.example:5432").to_string());
    for (std::size_t size = without_hyphens(std::string(kPrefix)).size(); size < text.size(); ++size) {
        EXPECT_EQ(error_code_of(text.substr(0, size)), "invitation_cut") << size;
    }
}

TEST(InvitationCode, TellsEveryWrongLetter) {
    const std::string text = without_hyphens(code_for("db.example:5432").to_string());
    for (std::size_t at = without_hyphens(std::string(kPrefix)).size(); at < text.size(); ++at) {
        for (const char letter : kAlphabet) {
            std::string wrong = text;
            wrong[at] = letter;
            EXPECT_EQ(error_code_of(wrong), letter == text[at] ? "accepted" : "invitation_mistyped") << at << letter;
        }
    }
}

TEST(InvitationCode, TellsTwoNeighboursThatChangedPlaces) {
    const std::string text = without_hyphens(code_for("db.example:5432").to_string());
    for (std::size_t at = without_hyphens(std::string(kPrefix)).size(); at + 1 < text.size(); ++at) {
        std::string wrong = text;
        std::swap(wrong[at], wrong[at + 1]);
        EXPECT_EQ(error_code_of(wrong), wrong == text ? "accepted" : "invitation_mistyped") << at;
    }
}

TEST(InvitationCode, SaysWhatElseIsWrong) {
    const std::string good = written({});
    const struct {
        std::string text;
        std::string code;
        std::string reason;
    } table[] = {
        {"", "invitation_not_a_code", "nothing"},
        {"sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "invitation_not_a_code", "a pin"},
        {good.substr(kPrefix.size()), "invitation_not_a_code", "the prefix is missing"},
        {std::string(5000, 'a'), "invitation_not_a_code", "far too long"},
        {good + "0", "invitation_mistyped", "a letter too many"},
        {good + " " + good, "invitation_mistyped", "pasted twice"},
        {good.substr(0, 40) + "u" + good.substr(41), "invitation_mistyped", "u never occurs"},
        {good.substr(0, 40) + "\xC3\xA9" + good.substr(42), "invitation_mistyped", "a letter beyond ASCII"},
        {good.substr(0, 40) + std::string(1, '\0') + good.substr(41), "invitation_mistyped", "NUL"},
        {written({.version = 2}), "invitation_version", "a later version"},
        {written({.version = 0}), "invitation_version", "no version"},
        {written({.version = 2}).substr(0, 24), "invitation_version", "a later version, whatever its length"},
        {written({.server = ""}), "invitation_not_a_code", "no server"},
        {written({.server = std::string(263, 'a')}), "invitation_not_a_code", "a server longer than any"},
        {written({.said_size = 65535}), "invitation_not_a_code", "a length that none has"},
        {written({.server = "db.example"}), "invitation_not_a_code", "no port"},
        {written({.server = "db.example:0"}), "invitation_not_a_code", "port 0"},
        {written({.server = "DB.example:5432"}), "invitation_not_a_code", "another spelling of a server"},
        {written({.server = "db.example.:5432"}), "invitation_not_a_code", "another spelling of a server"},
        {written({.server = "db.example:05432"}), "invitation_not_a_code", "another spelling of a port"},
        {written({.server = "db\x1b[31m:5432"}), "invitation_not_a_code", "an escape sequence"},
    };
    for (const auto& row : table) {
        const auto code = InvitationCode::parse(row.text);
        ASSERT_FALSE(code) << row.reason;
        EXPECT_EQ(code.error().code, row.code) << row.reason;
        EXPECT_EQ(code.error().kind, ErrorKind::kMalformedInput) << row.reason;
    }
}

TEST(InvitationCode, A157_NoErrorRepeatsAPartOfTheCode) {
    const std::string good = written({});
    for (const std::string& text :
         {good + "0", good.substr(0, good.size() - 3), good.substr(0, 60) + "u" + good.substr(61)}) {
        const auto code = InvitationCode::parse(text);
        ASSERT_FALSE(code);
        const Error& error = code.error();
        for (std::size_t at = kPrefix.size(); at + 6 <= good.size(); at += 7) {
            const std::string group = good.substr(at, 6);
            for (const std::string& said : {error.what, error.why, error.next})
                EXPECT_EQ(said.find(group), std::string::npos);
        }
    }
}

TEST(InvitationSecret, A205_IsKeptAsALabelledHash) {
    const InvitationCode code = code_for("db.example:5432");
    std::string labelled = "cotter invitation secret, version 1";
    labelled.push_back('\0');
    ByteVector octets;
    std::ranges::copy(x509::as_bytes(labelled), std::back_inserter(octets));
    std::ranges::copy(code.secret.octets(), std::back_inserter(octets));
    EXPECT_EQ(code.secret.hash(), sha256(octets));
}

TEST(InvitationSecret, A206_IsRandomEachTime) {
    std::set<ByteVector> secrets;
    for (int count = 0; count < 100; ++count) {
        const auto secret = InvitationSecret::random();
        ASSERT_EQ(secret.octets().size(), 16U);
        secrets.emplace(secret.octets().begin(), secret.octets().end());
    }
    EXPECT_EQ(secrets.size(), 100U);
}

TEST(InvitationId, IsEightLettersOfTheCodesAlphabet) {
    const std::string id = random_invitation_id();
    EXPECT_EQ(id.size(), 8U);
    EXPECT_EQ(id.find_first_not_of(kAlphabet), std::string::npos);
    EXPECT_NE(id, random_invitation_id());
}

}  // namespace
}  // namespace cotter::registry
