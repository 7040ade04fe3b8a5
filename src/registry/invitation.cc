// The text of invitation codes, and what the store keeps instead of the secret.
#include "registry/invitation.h"

#include "pin/digest.h"
#include "x509/openssl.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <boost/crc.hpp>

#include <algorithm>
#include <exception>

namespace cotter::registry {
namespace {

// Crockford's: no i, l, o or u. Who types one of the first three meant a 1 or a 0.
constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::string_view kPrefix = "cotter-join-";
constexpr std::string_view kPrefixLetters = "cotterjoin";
constexpr std::size_t kGroup = 6;

// Layout in octets: version, length of all (2), CRC-16 of these three; pin, secret, server; CRC-32 of all before it.
constexpr std::byte kVersion{1};
constexpr std::size_t kHeaderSize = 5;
constexpr std::size_t kHeaderLetters = 8;
constexpr std::size_t kPinSize = 32;
constexpr std::size_t kSecretSize = 16;
constexpr std::size_t kChecksumSize = 4;
constexpr std::size_t kFixedSize = kHeaderSize + kPinSize + kSecretSize + kChecksumSize;
constexpr std::size_t kMostServer = 262;  // 253 of a name, brackets, a colon, five digits
constexpr std::size_t kMostText = 4096;

constexpr std::string_view kAskAgain = "copy the whole code again, or ask whoever made it for a new one";

// Both find every change of one letter, and of two beside each other, without fail.
using HeaderCheck = boost::crc_optimal<16, 0x1021, 0xFFFF, 0, false, false>;
using BodyCheck = boost::crc_optimal<32, 0x04C11DB7, 0xFFFFFFFF, 0, false, false>;

template <class Check>
std::uint32_t checksum(Bytes octets) {
    Check check;
    check.process_bytes(octets.data(), octets.size());
    return static_cast<std::uint32_t>(check.checksum());
}

void append_number(ByteVector& out, std::uint32_t number, std::size_t octets) {
    for (std::size_t left = octets; left > 0; --left) {
        out.push_back(static_cast<std::byte>((number >> (8 * (left - 1))) & 0xFFU));
    }
}

std::uint32_t read_number(Bytes octets) {
    std::uint32_t number = 0;
    for (const std::byte octet : octets) number = (number << 8U) | std::to_integer<std::uint32_t>(octet);
    return number;
}

void append(ByteVector& out, Bytes octets) {
    out.insert(out.end(), octets.begin(), octets.end());
}

constexpr std::size_t letters_for(std::size_t octets) {
    return (octets * 8 + 4) / 5;
}

std::string encode(Bytes octets) {
    std::string letters;
    letters.reserve(letters_for(octets.size()));  // growing would leave copies that nobody wipes
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const std::byte octet : octets) {
        bits = (bits << 8U) | std::to_integer<std::uint32_t>(octet);
        count += 8;
        while (count >= 5) {
            count -= 5;
            letters.push_back(kAlphabet[(bits >> count) & 0x1FU]);
        }
    }
    if (count > 0) letters.push_back(kAlphabet[(bits << (5 - count)) & 0x1FU]);
    return letters;
}

/// Whole octets of letters that are all in the alphabet; nothing if the bits left over are not zero.
std::optional<ByteVector> decode(std::string_view letters) {
    ByteVector octets;
    octets.reserve(letters.size() * 5 / 8);
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const char letter : letters) {
        bits = ((bits << 5U) | static_cast<std::uint32_t>(kAlphabet.find(letter))) & 0xFFFFU;
        count += 5;
        if (count >= 8) {
            count -= 8;
            octets.push_back(static_cast<std::byte>((bits >> count) & 0xFFU));
        }
    }
    if ((bits & ((1U << count) - 1U)) != 0) return std::nullopt;
    return octets;
}

constexpr bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}

constexpr char folded(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

constexpr char read_as(char c) {
    if (c == 'o') return '0';
    return c == 'i' || c == 'l' ? '1' : c;
}

unexpected<Error> bad_code(std::string code, std::string why, std::string next = std::string(kAskAgain)) {
    return malformed(std::move(code), "reading the invitation code", std::move(why), std::move(next));
}

unexpected<Error> cut(std::size_t have, std::size_t expected) {
    return bad_code("invitation_cut", "it is cut: " + std::to_string(have) + " of " + std::to_string(expected) +
                                          " characters after \"" + std::string(kPrefix) + "\"");
}

unexpected<Error> mistyped(std::string why) {
    return bad_code("invitation_mistyped", std::move(why));
}

unexpected<Error> not_a_code(std::string why) {
    return bad_code("invitation_not_a_code", std::move(why),
                    "a code begins with \"" + std::string(kPrefix) + "\"; \"cotter invite NAME\" makes one");
}

/// The letters after the prefix, without white space, hyphens and case.
Result<std::string> letters_of(std::string_view text) {
    if (text.size() > kMostText) return not_a_code("it is far too long for one");
    std::string letters;
    letters.reserve(text.size());  // growing would leave copies that nobody wipes
    for (const char c : text) {
        if (!is_blank(c) && c != '-') letters.push_back(folded(c));
    }
    if (!letters.starts_with(kPrefixLetters)) return not_a_code("it doesn't begin as one");
    letters.erase(0, kPrefixLetters.size());
    std::ranges::transform(letters, letters.begin(), read_as);
    for (std::size_t at = 0; at < letters.size(); ++at) {
        if (kAlphabet.find(letters[at]) == std::string_view::npos) {
            return mistyped("character " + std::to_string(at + 1) + " after \"" + std::string(kPrefix) +
                            "\" never occurs in a code");
        }
    }
    return letters;
}

/// How many octets the code has, by its header.
Result<std::size_t> size_by_header(std::string_view letters) {
    if (letters.size() < kHeaderLetters) return cut(letters.size(), letters_for(kFixedSize + 1));
    const auto header = decode(letters.substr(0, kHeaderLetters));
    if (!header || checksum<HeaderCheck>(Bytes(*header).first(3)) != read_number(Bytes(*header).subspan(3))) {
        return mistyped("one of its first " + std::to_string(kHeaderLetters) + " characters after \"" +
                        std::string(kPrefix) + "\" is wrong");
    }
    if (header->front() != kVersion) {
        return bad_code("invitation_version",
                        "it has version " + std::to_string(std::to_integer<unsigned>(header->front())) +
                            ", and this program knows version 1",
                        "use the cotter that the server's owner uses, or a newer one");
    }
    const std::size_t size = read_number(Bytes(*header).subspan(1, 2));
    if (size <= kFixedSize || size > kFixedSize + kMostServer) return not_a_code("it says a length that none has");
    return size;
}

// Without random bits there is no secret, and nothing that calls this could go on.
void fill_random(std::span<std::byte> out) {
    if (RAND_priv_bytes(x509::octets(out), static_cast<int>(out.size())) != 1) std::terminate();
}

}  // namespace

InvitationSecret InvitationSecret::random() {
    std::array<std::byte, kSecretSize> octets{};
    fill_random(octets);
    const InvitationSecret secret(octets);
    OPENSSL_cleanse(octets.data(), octets.size());
    return secret;
}

InvitationSecret::~InvitationSecret() {
    OPENSSL_cleanse(octets_.data(), octets_.size());
}

std::array<std::byte, 32> InvitationSecret::hash() const {
    ByteVector labelled;
    append(labelled, x509::as_bytes("cotter invitation secret, version 1"));
    labelled.push_back(std::byte{0});
    labelled.reserve(labelled.size() + octets_.size());
    append(labelled, octets_);
    const auto hash = sha256(labelled);
    OPENSSL_cleanse(labelled.data(), labelled.size());
    return hash;
}

Result<InvitationCode> InvitationCode::parse(std::string_view text) {
    auto letters = letters_of(text);
    if (!letters) return unexpected(letters.error());
    const auto size = size_by_header(*letters);
    if (!size) return unexpected(size.error());
    const std::size_t expected = letters_for(*size);
    if (letters->size() < expected) return cut(letters->size(), expected);
    if (letters->size() > expected) {
        return mistyped("it has " + std::to_string(letters->size() - expected) + " characters too many");
    }
    auto octets = decode(*letters);
    OPENSSL_cleanse(letters->data(), letters->size());
    if (!octets) return mistyped("its last character is wrong");
    const Bytes all(*octets);
    const Bytes body = all.first(*size - kChecksumSize);
    if (checksum<BodyCheck>(body) != read_number(all.last(kChecksumSize))) {
        return mistyped("its checksum is wrong, so at least one character is");
    }

    auto pin =
        Pin::from_octets(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256, body.subspan(kHeaderSize, kPinSize));
    std::array<std::byte, kSecretSize> secret_octets{};
    std::ranges::copy(body.subspan(kHeaderSize + kPinSize, kSecretSize), secret_octets.begin());
    const InvitationSecret secret(secret_octets);
    OPENSSL_cleanse(secret_octets.data(), secret_octets.size());
    std::string server_text;
    std::ranges::transform(body.subspan(kHeaderSize + kPinSize + kSecretSize), std::back_inserter(server_text),
                           [](std::byte octet) { return static_cast<char>(octet); });
    OPENSSL_cleanse(octets->data(), octets->size());
    auto server = HostPort::parse(server_text);
    if (!pin || !server || server->to_string() != server_text) {
        return not_a_code("its checksum is right, but it names no server or no key");
    }
    return InvitationCode{std::move(*server), std::move(*pin), secret};
}

std::string InvitationCode::to_string() const {
    const std::string server_text = server.to_string();
    const std::size_t size = kFixedSize + server_text.size();
    ByteVector octets;
    octets.reserve(size);
    octets.push_back(kVersion);
    append_number(octets, static_cast<std::uint32_t>(size), 2);
    append_number(octets, checksum<HeaderCheck>(octets), 2);
    append(octets, server_pin.octets());
    append(octets, secret.octets());
    append(octets, x509::as_bytes(server_text));
    append_number(octets, checksum<BodyCheck>(octets), kChecksumSize);

    std::string letters = encode(octets);
    OPENSSL_cleanse(octets.data(), octets.size());
    std::string text(kPrefix);
    for (std::size_t at = 0; at < letters.size(); at += kGroup) {
        if (at > 0) text.push_back('-');
        text.append(letters, at, kGroup);
    }
    OPENSSL_cleanse(letters.data(), letters.size());
    return text;
}

std::string random_invitation_id() {
    std::array<std::byte, 5> octets{};
    fill_random(octets);
    return encode(octets);
}

}  // namespace cotter::registry
