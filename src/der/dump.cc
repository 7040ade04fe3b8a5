// Walking and printing.
#include "der/dump.h"

#include "text/encoding.h"
#include "text/escape.h"

#include <algorithm>
#include <array>

namespace cotter::der {
namespace {

constexpr std::size_t kMostElements = 1'000'000;
constexpr std::size_t kMostOctets = 32;  // of a value, as hex
constexpr std::size_t kMostText = 256;

unsigned tag_of(const Element& element) {
    return static_cast<unsigned>(element.tag);
}

std::string_view universal_name(unsigned number) {
    constexpr std::array<std::string_view, 31> kNames{"END OF CONTENTS",
                                                      "BOOLEAN",
                                                      "INTEGER",
                                                      "BIT STRING",
                                                      "OCTET STRING",
                                                      "NULL",
                                                      "OBJECT IDENTIFIER",
                                                      "ObjectDescriptor",
                                                      "EXTERNAL",
                                                      "REAL",
                                                      "ENUMERATED",
                                                      "EMBEDDED PDV",
                                                      "UTF8String",
                                                      "RELATIVE-OID",
                                                      "TIME",
                                                      "RESERVED 15",
                                                      "SEQUENCE",
                                                      "SET",
                                                      "NumericString",
                                                      "PrintableString",
                                                      "T61String",
                                                      "VideotexString",
                                                      "IA5String",
                                                      "UTCTime",
                                                      "GeneralizedTime",
                                                      "GraphicString",
                                                      "VisibleString",
                                                      "GeneralString",
                                                      "UniversalString",
                                                      "CHARACTER STRING",
                                                      "BMPString"};
    return kNames.at(number);
}

std::string type_of(const Element& element) {
    const unsigned number = tag_of(element) & 0x1fU;
    switch (tag_of(element) >> 6U) {
        case 0: return std::string(universal_name(number));
        case 1: return "[APPLICATION " + std::to_string(number) + "]";
        case 2: return "[" + std::to_string(number) + "]";
        default: return "[PRIVATE " + std::to_string(number) + "]";
    }
}

std::string as_text(Bytes octets) {
    return {static_cast<const char*>(static_cast<const void*>(octets.data())), octets.size()};
}

std::string counted(std::size_t octets) {
    return std::to_string(octets) + (octets == 1 ? " octet" : " octets");
}

std::string hex(Bytes octets) {
    const std::string shown = text::hex(octets.first(std::min(octets.size(), kMostOctets)));
    return octets.size() <= kMostOctets ? shown : shown + "… (" + counted(octets.size()) + ")";
}

std::string quoted(std::string_view text) {
    return "\"" + text::escape(text.substr(0, 4 * kMostText), kMostText) + "\"";
}

/// A BMPString's UTF-16 or a UniversalString's UTF-32, `width` octets a character, as UTF-8; its surrogates stay
/// invalid, and so are escaped.
std::string wide(Bytes octets, std::size_t width) {
    std::string text;
    for (std::size_t at = 0; at + width <= octets.size() && text.size() < 4 * kMostText; at += width) {
        std::uint32_t character = 0;
        for (const std::byte octet : octets.subspan(at, width))
            character = (character << 8U) | std::to_integer<std::uint32_t>(octet);
        const auto tail = [&](unsigned shift) { text += static_cast<char>(0x80U | ((character >> shift) & 0x3fU)); };
        if (character < 0x80) {
            text += static_cast<char>(character);
        } else if (character < 0x800) {
            text += static_cast<char>(0xc0U | (character >> 6U));
            tail(0);
        } else if (character < 0x10000) {
            text += static_cast<char>(0xe0U | (character >> 12U));
            tail(6);
            tail(0);
        } else {
            text += static_cast<char>(0xf0U | ((character >> 18U) & 0x07U));
            tail(12);
            tail(6);
            tail(0);
        }
    }
    return quoted(text);
}

/// In RFC 3339's form where it is in DER's; the year of a UTCTime as RFC 5280 4.1.2.5.1 has it.
std::string time(const Element& element) {
    std::string digits = as_text(element.content.first(std::min(element.content.size(), 4 * kMostText)));
    if (!check_alone(element)) return quoted(digits);
    if (element.tag == Tag::kUtcTime) digits.insert(0, digits < "50" ? "20" : "19");
    return digits.substr(0, 4) + "-" + digits.substr(4, 2) + "-" + digits.substr(6, 2) + "T" + digits.substr(8, 2) +
           ":" + digits.substr(10, 2) + ":" + digits.substr(12, 2) + "Z";
}

std::string bits(Bytes content) {
    if (content.empty()) return "";
    const unsigned unused = std::to_integer<unsigned>(content.front());
    return hex(content.subspan(1)) + (unused == 0 ? "" : " (" + std::to_string(unused) + " bits unused)");
}

/// A primitive element of another class is whatever its context says: text if it reads like text.
std::string of_context(Bytes content) {
    const bool is_text = !content.empty() && std::ranges::all_of(content, [](std::byte octet) {
        return octet >= std::byte{0x20} && octet < std::byte{0x7f};
    });
    return is_text ? quoted(as_text(content.first(std::min(content.size(), 4 * kMostText)))) : hex(content);
}

std::string value_of(const Element& element, const DumpOptions& options) {
    const Bytes content = element.content;
    if (element.is_constructed()) return "";
    if (options.hides_values && is_hidden(element)) return "hidden (" + counted(content.size()) + ")";
    switch (element.tag) {
        case Tag::kBoolean:
            return content.size() != 1 ? hex(content) : content.front() == std::byte{0} ? "FALSE" : "TRUE";
        case Tag::kInteger:
        case Tag::kEnumerated: return "0x" + hex(content);
        case Tag::kBitString: return bits(content);
        case Tag::kNull: return content.empty() ? "" : hex(content);
        case Tag::kObjectIdentifier: {
            const std::string numbers = dotted(content);
            const std::string name = options.name_of && content.size() <= kMostText ? options.name_of(content) : "";
            return name.empty() ? numbers : text::escape(name, kMostText) + " (" + numbers + ")";
        }
        case Tag::kUtf8String:
        case Tag::kPrintableString:
        case Tag::kT61String:
        case Tag::kIa5String: return quoted(as_text(content.first(std::min(content.size(), 4 * kMostText))));
        case Tag::kUtcTime:
        case Tag::kGeneralizedTime: return time(element);
        case Tag::kUniversalString: return wide(content, 4);
        case Tag::kBmpString: return wide(content, 2);
        case Tag::kOctetString:
        case Tag::kSequence:
        case Tag::kSet: return hex(content);
    }
    return of_context(content);
}

/// What a string holds if all of it is one element of strict DER: for a BIT STRING, after its count of unused bits.
/// Where values are hidden, only what is surely structure is entered.
std::optional<Bytes> held_by(const Element& element, bool hides_values) {
    Bytes held = element.content;
    if (element.tag == Tag::kBitString) {
        if (held.empty() || held.front() != std::byte{0}) return std::nullopt;
        held = held.subspan(1);
    } else if (element.tag != Tag::kOctetString) {
        return std::nullopt;
    }
    const auto inner = check_strict(held) ? Reader(held).next() : unexpected(DerError{});
    if (!inner || (hides_values && !inner->is_constructed() && !is_hidden(*inner))) return std::nullopt;
    return held;
}

class Dumper {
  public:
    Dumper(const DumpOptions& options, const std::function<void(const DumpRow&)>& on_row)
        : options_(options), on_row_(on_row) {}

    /// False if it can't go on.
    bool level(Reader reader, unsigned depth) {
        while (!reader.at_end()) {
            if (depth == 0 && rows_ > 0) note({"bytes after the end", reader.offset()});
            const auto element = reader.next();
            if (!element) return note(element.error());
            if (rows_++ == kMostElements) return note({"more elements than are shown", element->offset});
            if (!row(*element, depth)) return false;
        }
        return true;
    }

    [[nodiscard]] std::optional<DerError> first_fault() const { return fault_; }

  private:
    bool note(DerError fault) {
        if (!fault_) fault_ = fault;
        return false;
    }

    bool row(const Element& element, unsigned depth) {
        DumpRow row{depth, element, type_of(element), value_of(element, options_), false, std::nullopt};
        const auto checked = check_alone(element);
        // A SET is looked into for its order: what is wrong deeper is told there.
        if (!checked && (element.tag != Tag::kSet || checked.error().why == kOutOfOrder)) {
            row.fault = checked.error().why;
            note(checked.error());
        }
        const auto held = options_.enters_strings && !element.is_constructed() ? held_by(element, options_.hides_values)
                                                                               : std::nullopt;
        if (held) {
            row.holds_der = true;
            row.value.clear();
        }
        const bool is_too_deep = (held || element.is_constructed()) && depth + 1 >= kMostDepth;
        if (is_too_deep) {
            row.fault = kTooDeep;
            note({kTooDeep, element.offset});
        }
        on_row_(row);
        if (is_too_deep) return true;
        if (held) return level(Reader(*held, element.offset + element.encoding.size() - held->size()), depth + 1);
        return !element.is_constructed() || level(Reader::inside(element), depth + 1);
    }

    static constexpr std::string_view kTooDeep = "nested deeper than is shown";
    static constexpr std::string_view kOutOfOrder = "SET OF not in order";

    const DumpOptions& options_;
    const std::function<void(const DumpRow&)>& on_row_;
    std::size_t rows_ = 0;
    std::optional<DerError> fault_;
};

}  // namespace

std::optional<DerError> dump(Bytes input, const DumpOptions& options,
                             const std::function<void(const DumpRow&)>& on_row) {
    if (input.empty()) return DerError{"nothing at all", 0};
    Dumper dumper(options, on_row);
    dumper.level(Reader(input), 0);
    return dumper.first_fault();
}

std::string dotted(Bytes object_identifier_content) {
    constexpr unsigned kMostArcs = 32;
    constexpr std::uint64_t kMostBeforeShift = UINT64_MAX >> 7U;
    std::string text;
    std::uint64_t arc = 0;
    unsigned arcs = 0;
    for (const std::byte octet : object_identifier_content) {
        if (arc > kMostBeforeShift || arcs == kMostArcs) return text + "…";
        arc = (arc << 7U) | (std::to_integer<std::uint64_t>(octet) & 0x7fU);
        if ((octet & std::byte{0x80}) != std::byte{0}) continue;
        if (arcs++ == 0) {
            const std::uint64_t first = std::min<std::uint64_t>(arc / 40, 2);
            text = std::to_string(first) + "." + std::to_string(arc - 40 * first);
        } else {
            text += "." + std::to_string(arc);
        }
        arc = 0;
    }
    return text;
}

bool is_hidden(const Element& element) {
    constexpr std::size_t kMostShown = 4;
    return (element.tag == Tag::kInteger && element.content.size() > kMostShown) || element.tag == Tag::kOctetString ||
           element.tag == Tag::kBitString;
}

}  // namespace cotter::der
