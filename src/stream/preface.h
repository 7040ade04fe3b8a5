// The preface of "cotter/1": what a server says inside TLS before the stream, so that a cotter client knows that it was
// admitted, and which key will follow the server's present one (docs/protocol.md). Frames; the last one decides.
#pragma once

#include <cotter/bytes.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cotter::stream {

/// The whole preface may not be longer.
inline constexpr std::size_t kMostPreface = 4096;

/// "You are admitted; the next octet is the stream's first."
[[nodiscard]] ByteVector ready_preface();
/// "You are admitted, but there is no stream": `why` is a short sentence without names of the inside.
[[nodiscard]] ByteVector unavailable_preface(std::string_view why);

/// "You are not admitted any more": `words` are the owner's.
[[nodiscard]] ByteVector farewell_preface(std::string_view words);

/// What a server says of the key that will follow its present one.
struct KeyNews {
    /// The proof that a next key is held (identity/key_proof.h); empty: no key is announced, and one that was before
    /// will not come.
    ByteVector proof;
    /// What the server has on record of the client's answer to it: a number of service/next_key.h, 0 for none.
    std::uint8_t answer_held = 0;

    bool operator==(const KeyNews&) const = default;
};
/// The frame that says so; others follow.
[[nodiscard]] ByteVector key_news_frame(const KeyNews& news);

/// Reads a preface as it arrives.
class PrefaceReader {
  public:
    enum class State : std::uint8_t { kIncomplete, kReady, kUnavailable, kFarewell, kMalformed };

    /// Takes plaintext; what follows the preface is left in rest().
    State take(Bytes plaintext);
    [[nodiscard]] const ByteVector& rest() const { return buffer_; }
    /// After kUnavailable and kFarewell: the server's sentence, escaped.
    [[nodiscard]] const std::string& why() const { return why_; }
    /// What was said of a next key, if anything was. Nothing of it has been checked.
    [[nodiscard]] const std::optional<KeyNews>& key_news() const { return key_news_; }

  private:
    [[nodiscard]] bool take_key_news(bool is_announced, Bytes payload);

    ByteVector buffer_;
    std::size_t consumed_ = 0;
    std::string why_;
    std::optional<KeyNews> key_news_;
};

}  // namespace cotter::stream
