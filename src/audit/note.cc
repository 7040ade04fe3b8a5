// Reading, signing and checking notes.
#include "audit/note.h"

#include "pin/digest.h"
#include "text/encoding.h"
#include "text/escape.h"
#include "x509/openssl.h"

#include <algorithm>
#include <charconv>
#include <span>

namespace cotter::audit {
namespace {

constexpr std::string_view kSignatureMark = "— ";  // U+2014
constexpr std::byte kEd25519{1};
constexpr std::size_t kSignatureSize = 64;
constexpr std::size_t kMostOctets = 64UL * 1024;
constexpr std::size_t kMostSignatures = 64;

unexpected<Error> bad_note(std::string why) {
    return malformed("note", "reading a signed note", std::move(why), "give the file as \"cotter log\" wrote it");
}

/// The number whose big-endian octets these are.
std::uint32_t number_of(Bytes octets) {
    std::uint32_t number = 0;
    for (const std::byte octet : octets) number = (number << 8U) | std::to_integer<std::uint32_t>(octet);
    return number;
}

std::array<std::byte, 4> octets_of(std::uint32_t number) {
    return {static_cast<std::byte>(number >> 24U), static_cast<std::byte>(number >> 16U),
            static_cast<std::byte>(number >> 8U), static_cast<std::byte>(number)};
}

std::uint32_t key_id(std::string_view name, const std::array<std::byte, 32>& public_key) {
    ByteVector octets;
    std::ranges::copy(x509::as_bytes(name), std::back_inserter(octets));
    octets.push_back(std::byte{'\n'});
    octets.push_back(kEd25519);
    octets.insert(octets.end(), public_key.begin(), public_key.end());
    return number_of(Bytes(sha256(octets)).first(4));
}

Result<NoteSignature> parse_signature(std::string_view line) {
    if (!line.starts_with(kSignatureMark)) return bad_note("a line after the last empty one is no signature");
    line.remove_prefix(kSignatureMark.size());
    const std::size_t space = line.find(' ');
    const std::string_view name = line.substr(0, space);
    if (space == std::string_view::npos || !is_key_name(name)) return bad_note("a signature has no key name");
    const auto octets = text::octets_of_base64(line.substr(space + 1));
    if (!octets || octets->size() <= 4) return bad_note("a signature is not base64 of a key id and a signature");
    return NoteSignature{std::string(name), number_of(Bytes(*octets).first(4)),
                         ByteVector(octets->begin() + 4, octets->end())};
}

bool is_signed_with(const std::array<std::byte, 32>& public_key, std::string_view text, Bytes signature) {
    const x509::EvpKeyPtr key(
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, x509::octets(Bytes(public_key)), public_key.size()));
    const std::unique_ptr<EVP_MD_CTX, x509::FreeBy<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
    const bool is_right = key && context &&
                          EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
                          EVP_DigestVerify(context.get(), x509::octets(signature), signature.size(),
                                           x509::octets(x509::as_bytes(text)), text.size()) == 1;
    static_cast<void>(x509::drain_error_queue());
    return is_right;
}

}  // namespace

bool is_key_name(std::string_view name) {
    return !name.empty() && name.size() <= 256 && name.find_first_of(" +\t\n") == std::string_view::npos &&
           text::escape_remaining(name) == name;
}

Result<Note> Note::parse(std::string_view note) {
    if (note.size() > kMostOctets) return bad_note("it is longer than 64 KiB");
    const std::size_t gap = note.rfind("\n\n");
    if (gap == std::string_view::npos) return bad_note("no empty line parts its text from a signature");
    if (!note.ends_with('\n')) return bad_note("its last line is cut off");
    Note parsed;
    parsed.text = note.substr(0, gap + 1);
    for (std::string_view rest = parsed.text; !rest.empty(); rest.remove_prefix(rest.find('\n') + 1)) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        // What is safe to print has neither control characters nor invalid UTF-8.
        if (text::escape_remaining(line, line.size()) != line) return bad_note("it has characters that are no text");
    }
    for (std::string_view rest = note.substr(gap + 2); !rest.empty(); rest.remove_prefix(rest.find('\n') + 1)) {
        auto signature = parse_signature(rest.substr(0, rest.find('\n')));
        if (!signature) return unexpected(signature.error());
        parsed.signatures.push_back(std::move(*signature));
    }
    if (parsed.signatures.empty()) return bad_note("it has no signature");
    if (parsed.signatures.size() > kMostSignatures) return bad_note("it has more than 64 signatures");
    return parsed;
}

Verifier::Verifier(std::string name, const std::array<std::byte, 32>& public_key)
    : name_(std::move(name)), public_key_(public_key), id_(key_id(name_, public_key)) {}

Verifier Verifier::from(std::string name, const std::array<std::byte, 32>& public_key) {
    return {std::move(name), public_key};
}

Result<Verifier> Verifier::parse(std::string_view text) {
    const auto refused = [&](std::string why) {
        return malformed("verifier_key", "reading the key \"" + text::escape(text, 256) + "\"", std::move(why),
                         "give it as \"cotter log checkpoint\" prints it: NAME+ID+KEY");
    };
    const std::size_t first = text.find('+');
    const std::size_t second = first == std::string_view::npos ? first : text.find('+', first + 1);
    if (second == std::string_view::npos) return refused("it is not of the form NAME+ID+KEY");
    const std::string_view name = text.substr(0, first);
    const std::string_view id = text.substr(first + 1, second - first - 1);
    if (!is_key_name(name)) return refused("its name is none");
    const auto octets = text::octets_of_base64(text.substr(second + 1));
    if (!octets || octets->empty()) return refused("its key is not base64");
    if (octets->front() != kEd25519 || octets->size() != 33) return refused("its key is not of Ed25519");
    std::array<std::byte, 32> public_key{};
    std::copy(octets->begin() + 1, octets->end(), public_key.begin());
    Verifier verifier(std::string(name), public_key);
    if (text::hex(octets_of(verifier.id_)) != id)
        return refused("its id is not of this name and key: it is cut or mixed up");
    return verifier;
}

std::string Verifier::to_string() const {
    ByteVector key{kEd25519};
    key.insert(key.end(), public_key_.begin(), public_key_.end());
    return name_ + "+" + text::hex(octets_of(id_)) + "+" + text::base64(key);
}

bool Verifier::has_signed(const Note& note) const {
    bool has_signature = false;
    for (const NoteSignature& signature : note.signatures) {
        if (signature.key_name != name_ || signature.key_id != id_) continue;
        if (signature.octets.size() != kSignatureSize || !is_signed_with(public_key_, note.text, signature.octets))
            return false;
        has_signature = true;
    }
    return has_signature;
}

Result<std::array<std::byte, 32>> ed25519_public_key(EVP_PKEY* key) {
    std::array<std::byte, 32> octets{};
    std::size_t size = octets.size();
    if (EVP_PKEY_is_a(key, "ED25519") != 1 ||
        EVP_PKEY_get_raw_public_key(key, x509::octets(std::span<std::byte>(octets)), &size) != 1 ||
        size != octets.size()) {
        static_cast<void>(x509::drain_error_queue());
        return failed("signing_key", "using a key for checkpoints", "it is not of Ed25519",
                      "checkpoints are signed with Ed25519 alone: openssl genpkey -algorithm ED25519");
    }
    return octets;
}

Result<std::string> sign_note(std::string_view text, const std::string& key_name, EVP_PKEY* key) {
    const auto public_key = ed25519_public_key(key);
    if (!public_key) return unexpected(public_key.error());
    ByteVector signature(4 + kSignatureSize);
    std::ranges::copy(octets_of(key_id(key_name, *public_key)), signature.begin());
    std::size_t size = kSignatureSize;
    const std::unique_ptr<EVP_MD_CTX, x509::FreeBy<EVP_MD_CTX_free>> context(EVP_MD_CTX_new());
    if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key) != 1 ||
        EVP_DigestSign(context.get(), x509::octets(std::span(signature).subspan(4)), &size,
                       x509::octets(x509::as_bytes(text)), text.size()) != 1 ||
        size != kSignatureSize) {
        return failed("signing", "signing a checkpoint", x509::drain_error_queue());
    }
    return std::string(text) + "\n" + std::string(kSignatureMark) + key_name + " " + text::base64(signature) + "\n";
}

}  // namespace cotter::audit
