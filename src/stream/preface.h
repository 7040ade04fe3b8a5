// The preface of "cotter/1": what a server says inside TLS before the stream, so that a cotter client knows that it was
// admitted (docs/protocol.md). Frames of one octet of type, two of length and a payload; the last one decides.
#pragma once

#include <cotter/bytes.h>

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

/// Reads a preface as it arrives.
class PrefaceReader {
  public:
    enum class State : std::uint8_t { kIncomplete, kReady, kUnavailable, kFarewell, kMalformed };

    /// Takes plaintext; what follows the preface is left in rest().
    State take(Bytes plaintext);
    [[nodiscard]] const ByteVector& rest() const { return buffer_; }
    /// After kUnavailable and kFarewell: the server's sentence, escaped.
    [[nodiscard]] const std::string& why() const { return why_; }

  private:
    ByteVector buffer_;
    std::size_t consumed_ = 0;
    std::string why_;
};

}  // namespace cotter::stream
