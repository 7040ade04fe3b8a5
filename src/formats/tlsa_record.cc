// Reading and printing the data of one TLSA record.
#include "formats/tlsa_record.h"

#include "formats/reading.h"
#include "text/encoding.h"
#include "text/escape.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>
#include <vector>

namespace cotter::formats {
namespace {

struct Word {
    std::string_view text;
    std::size_t offset = 0;
};

/// Mnemonics of RFC 7218, in the order of their numbers.
constexpr std::array<std::string_view, 4> kUsages{"PKIX-TA", "PKIX-EE", "DANE-TA", "DANE-EE"};
constexpr std::array<std::string_view, 2> kSelectors{"Cert", "SPKI"};
constexpr std::array<std::string_view, 3> kMatchings{"Full", "SHA2-256", "SHA2-512"};

bool is_same_word(std::string_view one, std::string_view other) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return std::ranges::equal(one, other, {}, lower, lower);
}

class RecordText {
  public:
    explicit RecordText(std::string_view text) : text_(text) {}

    Result<trust::TlsaRecord> parse() {
        if (auto done = split(); !done) return unexpected(done.error());
        if (!words_.empty() && words_.front().text == "\\#") return parse_generic();
        if (words_.size() < 4) {
            return refuse(text_.size(), "tlsa_short",
                          "a record is USAGE SELECTOR MATCHING HEX, and something is missing");
        }
        const auto usage = field(words_[0], "usage", kUsages);
        const auto selector = field(words_[1], "selector", kSelectors);
        const auto matching = field(words_[2], "matching type", kMatchings);
        if (!usage) return unexpected(usage.error());
        if (!selector) return unexpected(selector.error());
        if (!matching) return unexpected(matching.error());
        auto data = hex(3);
        if (!data) return unexpected(data.error());
        return checked({*usage, *selector, *matching, std::move(*data)}, words_[3].offset);
    }

  private:
    [[nodiscard]] unexpected<Error> refuse(std::size_t offset, std::string code, std::string why,
                                           std::string next = "write 3 1 1 and the SHA-256 of the key in hex") const {
        constexpr std::size_t kShown = 120;
        return placed({ErrorKind::kMalformedInput,
                       std::move(code),
                       "reading the TLSA record \"" + text::escape(text_, kShown) + "\"",
                       std::move(why),
                       std::move(next),
                       {}},
                      Place{{}, std::nullopt, std::nullopt, offset});
    }

    /// Blanks and parentheses part words; parentheses are balanced, and not nested (RFC 1035, 5.1).
    Result<void> split() {
        std::optional<std::size_t> open;
        bool in_word = false;
        for (std::size_t i = 0; i < text_.size(); ++i) {
            const char c = text_[i];
            const bool is_blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
            if (c == '(' || c == ')') {
                if ((c == '(') == open.has_value())
                    return refuse(i, "tlsa_parentheses", "a parenthesis is not balanced");
                open = c == '(' ? std::optional(i) : std::nullopt;
            }
            if (is_blank || c == '(' || c == ')') {
                in_word = false;
                continue;
            }
            if (!in_word) words_.push_back({text_.substr(i, 0), i});
            words_.back().text = text_.substr(words_.back().offset, i + 1 - words_.back().offset);
            in_word = true;
        }
        if (open) return refuse(*open, "tlsa_parentheses", "a parenthesis is not balanced");
        return {};
    }

    [[nodiscard]] Result<std::uint8_t> field(const Word& word, std::string_view name,
                                             std::span<const std::string_view> mnemonics) const {
        for (std::size_t i = 0; i < mnemonics.size(); ++i) {
            if (is_same_word(word.text, mnemonics[i])) return static_cast<std::uint8_t>(i);
        }
        unsigned value = 0;
        const char* const end = word.text.data() + word.text.size();
        const auto [stop, fault] = std::from_chars(word.text.data(), end, value);
        const bool is_number = fault == std::errc{} && stop == end && word.text.size() <= 3;
        if (is_number && value < mnemonics.size()) return static_cast<std::uint8_t>(value);
        return refuse(word.offset, "tlsa_field",
                      "the " + std::string(name) + " is a number from 0 to " + std::to_string(mnemonics.size() - 1) +
                          ", or one of " + listed(mnemonics));
    }

    static std::string listed(std::span<const std::string_view> mnemonics) {
        std::string text;
        for (const std::string_view one : mnemonics) text += (text.empty() ? "" : ", ") + std::string(one);
        return text;
    }

    [[nodiscard]] Result<ByteVector> hex(std::size_t first_word) const {
        ByteVector octets;
        std::string digits;
        for (std::size_t i = first_word; i < words_.size(); ++i) {
            const Word& word = words_[i];
            const std::size_t bad = word.text.find_first_not_of("0123456789abcdefABCDEF");
            if (bad != std::string_view::npos) {
                return refuse(word.offset + bad, "bad_hex", "that is not a digit of hex");
            }
            digits += word.text;
        }
        auto read = octets_from_hex(digits);
        if (!read) return refuse(words_.back().offset, "bad_hex", read.error().why);
        return read;
    }

    /// RFC 3597, section 5: the octets of the record's data, counted.
    [[nodiscard]] Result<trust::TlsaRecord> parse_generic() const {
        if (words_.size() < 3) {
            return refuse(text_.size(), "tlsa_short", "\\# is followed by the number of octets and their hex");
        }
        std::size_t length = 0;
        const std::string_view number = words_[1].text;
        const auto [stop, fault] = std::from_chars(number.data(), number.data() + number.size(), length);
        if (fault != std::errc{} || stop != number.data() + number.size()) {
            return refuse(words_[1].offset, "tlsa_length", "the number of octets is not a number");
        }
        const auto octets = hex(2);
        if (!octets) return unexpected(octets.error());
        if (octets->size() != length || length < 4) {
            return refuse(words_[1].offset, "tlsa_length",
                          "it says " + std::string(text::escape(number, 20)) + " octets, and there are " +
                              std::to_string(octets->size()) + "; a TLSA record has at least 4");
        }
        const auto number_at = [&](std::size_t i) { return static_cast<std::uint8_t>((*octets)[i]); };
        if (number_at(0) >= kUsages.size() || number_at(1) >= kSelectors.size() || number_at(2) >= kMatchings.size()) {
            return refuse(words_[2].offset, "tlsa_field", "its usage, selector or matching type is of no known kind");
        }
        return checked({number_at(0), number_at(1), number_at(2), ByteVector(octets->begin() + 3, octets->end())},
                       words_[2].offset);
    }

    /// The data is what its numbers say: so much a pin of the same object knows already.
    [[nodiscard]] Result<trust::TlsaRecord> checked(trust::TlsaRecord record, std::size_t offset) const {
        constexpr std::array<PinForm, 3> kForms{PinForm::kDer, PinForm::kSha256, PinForm::kSha512};
        const PinTarget target = record.selector == 0 ? PinTarget::kCertificate : PinTarget::kSubjectPublicKeyInfo;
        const auto pin = Pin::from_octets(target, kForms[record.matching], record.data);
        if (!pin) return refuse(offset, pin.error().code, pin.error().why);
        return record;
    }

    std::string_view text_;
    std::vector<Word> words_;
};

}  // namespace

Result<trust::TlsaRecord> parse_tlsa_record(std::string_view text) {
    return RecordText(text).parse();
}

std::string to_string(const trust::TlsaRecord& record) {
    return std::to_string(record.usage) + " " + std::to_string(record.selector) + " " +
           std::to_string(record.matching) + " " + text::hex(record.data);
}

}  // namespace cotter::formats
