// Signed notes (C2SP signed-note): a few lines of text with Ed25519 signatures under them, and the keys that they are
// checked with, as text.
#pragma once

#include <cotter/bytes.h>
#include <cotter/error.h>

#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cotter::audit {

struct NoteSignature {
    std::string key_name;
    std::uint32_t key_id = 0;
    ByteVector octets;
};

struct Note {
    std::string text;  ///< with its last newline, without the empty line after it
    std::vector<NoteSignature> signatures;

    /// Refuses what signed-note forbids: control characters, invalid UTF-8, no signature, more than 64, a signature
    /// line that isn't one, more than 64 KiB.
    [[nodiscard]] static Result<Note> parse(std::string_view note);
};

/// A public key with the name that it signs under: "NAME+ID+KEY", as signed-note and Go's tools write it.
class Verifier {
  public:
    [[nodiscard]] static Result<Verifier> parse(std::string_view text);
    [[nodiscard]] static Verifier from(std::string name, const std::array<std::byte, 32>& public_key);

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] std::uint32_t id() const { return id_; }
    [[nodiscard]] std::string to_string() const;
    /// Whether the note has a signature of this key, and no wrong one under its name and id.
    [[nodiscard]] bool has_signed(const Note& note) const;

  private:
    Verifier(std::string name, const std::array<std::byte, 32>& public_key);
    std::string name_;
    std::array<std::byte, 32> public_key_;
    std::uint32_t id_;
};

/// What a key name may be: not empty, at most 256 octets, printable, without white space and "+".
[[nodiscard]] bool is_key_name(std::string_view name);

/// The 32 octets of an Ed25519 key's public half.
[[nodiscard]] Result<std::array<std::byte, 32>> ed25519_public_key(EVP_PKEY* key);

/// The text (ending in a newline), an empty line, and the signature of that Ed25519 key under that name.
[[nodiscard]] Result<std::string> sign_note(std::string_view text, const std::string& key_name, EVP_PKEY* key);

}  // namespace cotter::audit
