// What goes between a notary and who asks it: a question of a line, and an answer that is a signed note (C2SP
// signed-note) over a text of which there is one form. The format is docs/notary.md.
#pragma once

#include "observatory/target.h"
#include "x509/certificate.h"

#include <cotter/error.h>
#include <cotter/pin.h>

#include <openssl/evp.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace cotter::observatory {

/// Most octets of a question, and of an answer.
inline constexpr std::size_t kMostQuestion = 512;
inline constexpr std::size_t kMostAnswer = 32U << 10U;

struct NotaryQuestion {
    Target target;
    std::array<std::byte, 32> nonce{};

    /// With a nonce that nobody has used.
    [[nodiscard]] static Result<NotaryQuestion> about(Target target);
    /// "ask NONCE HOST:PORT [PROTO]", without the newline.
    [[nodiscard]] static Result<NotaryQuestion> parse(std::string_view line);
    [[nodiscard]] std::string to_string() const;
};

struct NotarizedKey {
    Pin key;             ///< SHA-256 of the SPKI
    bool is_now = true;  ///< the server showed it to this very look; else it did before
    x509::Time since{};
    x509::Time last{};
    bool operator==(const NotarizedKey&) const = default;
};

/// What a notary has to say of a server.
struct NotaryAnswer {
    std::array<std::byte, 32> nonce{};
    x509::Time at{};
    std::string server;              ///< Target::to_string()
    std::vector<NotarizedKey> keys;  ///< those of now first
    std::string failure;             ///< where no key was seen now: why, in one line, escaped

    [[nodiscard]] std::string text() const;  ///< what is signed, without the notary's key
    bool operator==(const NotaryAnswer&) const = default;
};

/// The note: that text with the key's public half, signed by it. `key`: Ed25519.
[[nodiscard]] Result<std::string> sign(const NotaryAnswer& answer, EVP_PKEY* key);

/// The answer in a note, if it is the answer: to this question, of now, signed by the key that the pin is of. Anything
/// else is an Error, and so no answer (INVARIANT A233).
[[nodiscard]] Result<NotaryAnswer> open_answer(std::string_view note, const Pin& notary, const NotaryQuestion& question,
                                               x509::Time now);

/// How far a notary's clock may be from ours.
inline constexpr std::chrono::minutes kMostSkew{5};

}  // namespace cotter::observatory
