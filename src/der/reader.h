// A strict reader of DER (X.690): it gives spans of the received bytes and never a value that was encoded another way.
// It knows tags and lengths; what the elements mean is the business of the rooms below.
#pragma once

#include <cotter/bytes.h>
#include <cotter/expected.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cotter::der {

/// Identifier octet (X.690 8.1.2). Only low tag numbers (0–30) exist in what cotter reads; others are refused.
enum class Tag : std::uint8_t {
    kBoolean = 0x01,
    kInteger = 0x02,
    kBitString = 0x03,
    kOctetString = 0x04,
    kNull = 0x05,
    kObjectIdentifier = 0x06,
    kEnumerated = 0x0a,
    kUtf8String = 0x0c,
    kPrintableString = 0x13,
    kT61String = 0x14,
    kIa5String = 0x16,
    kUtcTime = 0x17,
    kGeneralizedTime = 0x18,
    kUniversalString = 0x1c,
    kBmpString = 0x1e,
    kSequence = 0x30,
    kSet = 0x31,
};

/// Context-specific tag [number], primitive or constructed.
[[nodiscard]] constexpr Tag context(std::uint8_t number, bool constructed) {
    return static_cast<Tag>(0x80U | (constructed ? 0x20U : 0U) | number);
}

/// Why bytes are not DER, and where.
struct DerError {
    std::string_view why;    ///< a literal: "length not in its shortest form"
    std::size_t offset = 0;  ///< octets from the start of the outermost input

    bool operator==(const DerError&) const = default;
};

/// One tag-length-value. Both spans point into the input.
struct Element {
    Tag tag{};
    Bytes encoding;          ///< header and content
    Bytes content;           ///< content only
    std::size_t offset = 0;  ///< of the header, from the start of the outermost input

    [[nodiscard]] bool is_constructed() const { return (static_cast<std::uint8_t>(tag) & 0x20U) != 0; }
};

/// Reads the elements of one level, in order.
class Reader {
  public:
    explicit Reader(Bytes input, std::size_t base_offset = 0) : rest_(input), offset_(base_offset) {}

    /// Reads inside a constructed element; offsets go on counting from the outermost input.
    [[nodiscard]] static Reader inside(const Element& element);

    [[nodiscard]] bool at_end() const { return rest_.empty(); }
    [[nodiscard]] std::size_t offset() const { return offset_; }
    /// Whether the next element has this tag; false at the end.
    [[nodiscard]] bool next_is(Tag tag) const;

    /// The next element. Refused: indefinite and non-minimal lengths, high tag numbers, lengths beyond the input.
    [[nodiscard]] expected<Element, DerError> next();
    /// The next element, which must have this tag.
    [[nodiscard]] expected<Element, DerError> expect(Tag tag);
    /// An error unless everything has been read.
    [[nodiscard]] expected<void, DerError> finish() const;

  private:
    Bytes rest_;
    std::size_t offset_;
};

/// The single element that the whole input is; trailing bytes are refused.
[[nodiscard]] expected<Element, DerError> read_single(Bytes input, Tag tag);

/// Whether the input is one element whose whole tree is DER: minimal lengths, minimal INTEGERs and OIDs, BOOLEAN 00 or
/// FF, NULL empty, BIT STRING padding zero, SET OF sorted, times in the Z form with fields in range, universal types
/// that X.509 has, nesting at most 64 deep. Content of OCTET and BIT STRINGs is not entered.
[[nodiscard]] expected<void, DerError> check_strict(Bytes input);

/// The rules of check_strict for this element itself, not for what a constructed one holds.
[[nodiscard]] expected<void, DerError> check_alone(const Element& element);

/// How deep elements may be nested.
inline constexpr unsigned kMostDepth = 64;

/// Content of an INTEGER that must not be negative, without the leading zero octet. Refuses non-minimal encodings.
[[nodiscard]] expected<Bytes, DerError> unsigned_integer(const Element& element);

/// Octets of a BIT STRING that must have no unused bits.
[[nodiscard]] expected<Bytes, DerError> whole_octets(const Element& element);

}  // namespace cotter::der
