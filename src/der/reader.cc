// Reading tags and lengths, and the rules of DER over a whole tree.
#include "der/reader.h"

#include <algorithm>
#include <array>

namespace cotter::der {
namespace {

unexpected<DerError> fault(std::string_view why, std::size_t offset) {
    return unexpected(DerError{why, offset});
}

unsigned at(Bytes bytes, std::size_t index) {
    return std::to_integer<unsigned>(bytes[index]);
}

expected<void, DerError> check_integer(const Element& element) {
    const Bytes content = element.content;
    if (content.empty()) return fault("INTEGER without content", element.offset);
    if (content.size() > 1) {
        const bool redundant_zero = at(content, 0) == 0x00 && (at(content, 1) & 0x80U) == 0;
        const bool redundant_ones = at(content, 0) == 0xff && (at(content, 1) & 0x80U) != 0;
        if (redundant_zero || redundant_ones) return fault("INTEGER not in its shortest form", element.offset);
    }
    return {};
}

expected<void, DerError> check_bit_string(const Element& element) {
    const Bytes content = element.content;
    if (content.empty()) return fault("BIT STRING without its count of unused bits", element.offset);
    const unsigned unused = at(content, 0);
    if (unused > 7 || (unused != 0 && content.size() == 1))
        return fault("BIT STRING with impossible unused bits", element.offset);
    const unsigned mask = (1U << unused) - 1U;
    if ((at(content, content.size() - 1) & mask) != 0 && content.size() > 1) {
        return fault("BIT STRING with padding that is not zero", element.offset);
    }
    return {};
}

expected<void, DerError> check_object_identifier(const Element& element) {
    const Bytes content = element.content;
    if (content.empty() || (at(content, content.size() - 1) & 0x80U) != 0) {
        return fault("OBJECT IDENTIFIER cut short", element.offset);
    }
    bool at_arc_begin = true;
    for (std::size_t i = 0; i < content.size(); ++i) {
        if (at_arc_begin && at(content, i) == 0x80U)
            return fault("OBJECT IDENTIFIER not in its shortest form", element.offset);
        at_arc_begin = (at(content, i) & 0x80U) == 0;
    }
    return {};
}

/// UTCTime YYMMDDHHMMSSZ or GeneralizedTime YYYYMMDDHHMMSSZ (RFC 5280, 4.1.2.5).
expected<void, DerError> check_time(const Element& element, std::size_t size) {
    const Bytes content = element.content;
    const bool is_digits = content.size() == size && std::ranges::all_of(content.first(size - 1), [](std::byte octet) {
                               return octet >= std::byte{'0'} && octet <= std::byte{'9'};
                           });
    if (!is_digits || content.back() != std::byte{'Z'})
        return fault("time not in the form that ends in seconds and Z", element.offset);
    struct Field {
        std::size_t from_end;
        unsigned least;
        unsigned most;
    };
    constexpr std::array<Field, 5> kFields{{{11, 1, 12}, {9, 1, 31}, {7, 0, 23}, {5, 0, 59}, {3, 0, 59}}};
    for (const Field& field : kFields) {
        const std::size_t tens = size - field.from_end;
        const unsigned value = (at(content, tens) - '0') * 10 + (at(content, tens + 1) - '0');
        if (value < field.least || value > field.most) return fault("a time that does not exist", element.offset);
    }
    return {};
}

expected<void, DerError> check_set_order(const Element& set) {
    Bytes before;
    for (Reader members = Reader::inside(set); !members.at_end();) {
        const auto member = members.next();
        if (!member) return unexpected(member.error());
        const Bytes now = member->encoding;
        if (std::ranges::lexicographical_compare(now, before)) return fault("SET OF not in order", member->offset);
        before = now;
    }
    return {};
}

expected<void, DerError> check_element(const Element& element, unsigned depth);

expected<void, DerError> check_members(const Element& element, unsigned depth) {
    if (depth == kMostDepth) return fault("nested more than 64 deep", element.offset);
    for (Reader members = Reader::inside(element); !members.at_end();) {
        const auto member = members.next();
        if (!member) return unexpected(member.error());
        if (auto checked = check_element(*member, depth + 1); !checked) return checked;
    }
    return {};
}

bool is_sequence_or_set(unsigned number) {
    return number == 0x10 || number == 0x11;
}

/// NumericString, VideotexString, GraphicString, VisibleString, GeneralString: whose content is not looked at.
bool is_other_string(unsigned tag) {
    return tag == 0x12 || tag == 0x15 || tag == 0x19 || tag == 0x1a || tag == 0x1b;
}

/// Constructed elements but the strings in pieces that DER doesn't have.
bool is_entered(const Element& element) {
    const auto tag = static_cast<unsigned>(element.tag);
    return element.is_constructed() && ((tag & 0xc0U) != 0 || is_sequence_or_set(tag & 0x1fU));
}

expected<void, DerError> check_element(const Element& element, unsigned depth) {
    if (is_entered(element)) {
        if (auto checked = check_members(element, depth); !checked) return checked;
    }
    return check_alone(element);
}

}  // namespace

expected<void, DerError> check_alone(const Element& element) {
    switch (element.tag) {
        case Tag::kBoolean:
            if (element.content.size() != 1 || (at(element.content, 0) != 0x00 && at(element.content, 0) != 0xff)) {
                return fault("BOOLEAN that is neither 00 nor FF", element.offset);
            }
            return {};
        case Tag::kInteger:
        case Tag::kEnumerated: return check_integer(element);
        case Tag::kBitString: return check_bit_string(element);
        case Tag::kNull:
            if (!element.content.empty()) return fault("NULL with content", element.offset);
            return {};
        case Tag::kObjectIdentifier: return check_object_identifier(element);
        case Tag::kUtcTime: return check_time(element, 13);
        case Tag::kGeneralizedTime: return check_time(element, 15);
        case Tag::kSet: return check_set_order(element);
        case Tag::kSequence:
        case Tag::kOctetString:
        case Tag::kUtf8String:
        case Tag::kPrintableString:
        case Tag::kT61String:
        case Tag::kIa5String:
        case Tag::kUniversalString:
        case Tag::kBmpString: return {};
    }
    const auto tag = static_cast<unsigned>(element.tag);
    if ((tag & 0xc0U) != 0) return {};
    if (is_sequence_or_set(tag & 0x1fU)) return fault("a SEQUENCE or SET that is not constructed", element.offset);
    if (element.is_constructed()) return fault("a string in pieces", element.offset);
    if (!is_other_string(tag)) return fault("a type that certificates don't have", element.offset);
    return {};
}

Reader Reader::inside(const Element& element) {
    return Reader(element.content, element.offset + (element.encoding.size() - element.content.size()));
}

bool Reader::next_is(Tag tag) const {
    return !rest_.empty() && rest_.front() == static_cast<std::byte>(tag);
}

expected<Element, DerError> Reader::next() {
    if (rest_.size() < 2) return fault("cut short", offset_);
    if ((at(rest_, 0) & 0x1fU) == 0x1fU) return fault("a tag number over 30", offset_);
    std::size_t header = 2;
    std::size_t length = at(rest_, 1);
    if (length == 0x80) return fault("indefinite length", offset_);
    if (length > 0x80) {
        const std::size_t count = length & 0x7fU;
        if (count > 4) return fault("a length of more than four octets", offset_);
        if (rest_.size() < 2 + count) return fault("cut short", offset_);
        length = 0;
        for (std::size_t i = 0; i < count; ++i) length = (length << 8U) | at(rest_, 2 + i);
        if (length < 0x80 || at(rest_, 2) == 0) return fault("length not in its shortest form", offset_);
        header += count;
    }
    if (rest_.size() - header < length) return fault("a length that goes beyond the end", offset_);
    const Element element{static_cast<Tag>(rest_[0]), rest_.first(header + length), rest_.subspan(header, length),
                          offset_};
    rest_ = rest_.subspan(header + length);
    offset_ += header + length;
    return element;
}

expected<Element, DerError> Reader::expect(Tag tag) {
    if (!next_is(tag)) return fault(rest_.empty() ? "an element is missing" : "another element than expected", offset_);
    return next();
}

expected<void, DerError> Reader::finish() const {
    if (!rest_.empty()) return fault("bytes after the end", offset_);
    return {};
}

expected<Element, DerError> read_single(Bytes input, Tag tag) {
    Reader reader(input);
    auto element = reader.expect(tag);
    if (!element) return element;
    if (auto finished = reader.finish(); !finished) return unexpected(finished.error());
    return element;
}

expected<void, DerError> check_strict(Bytes input) {
    Reader reader(input);
    const auto element = reader.next();
    if (!element) return unexpected(element.error());
    if (auto finished = reader.finish(); !finished) return finished;
    return check_element(*element, 0);
}

expected<Bytes, DerError> unsigned_integer(const Element& element) {
    if (element.tag != Tag::kInteger) return fault("another element than an INTEGER", element.offset);
    if (auto checked = check_integer(element); !checked) return unexpected(checked.error());
    if ((at(element.content, 0) & 0x80U) != 0) return fault("a negative INTEGER", element.offset);
    return at(element.content, 0) == 0 ? element.content.subspan(1) : element.content;
}

expected<Bytes, DerError> whole_octets(const Element& element) {
    if (element.tag != Tag::kBitString) return fault("another element than a BIT STRING", element.offset);
    if (element.content.empty() || at(element.content, 0) != 0)
        return fault("BIT STRING with unused bits", element.offset);
    return element.content.subspan(1);
}

}  // namespace cotter::der
