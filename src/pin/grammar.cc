// What a valid pin is, as text: the spellings that are taken, and what is said of those that are not.
#include <cotter/detail/base64.h>
#include <cotter/detail/pin_prefix.h>
#include <cotter/pin.h>

#include "der/reader.h"
#include "text/escape.h"

#include <algorithm>
#include <array>
#include <span>

namespace cotter {
namespace {

constexpr std::string_view kChoices =
    "write sha256/BASE64 (a key's SPKI), cert-sha256/BASE64 (a certificate), key-sha256/BASE64 (the key alone), or hex "
    "after spki-sha256:, cert-sha256: or key-sha256:";

/// One pin being read: makes errors that name it and the place.
class PinText {
  public:
    explicit PinText(std::string_view text, std::size_t offset) : text_(text), offset_(offset) {}

    Result<Pin> parse() const {
        if (text_.empty()) return refuse("pin_empty", 0, "it is empty", kChoices);
        if (detail::is_white_space(text_.front())) return refuse_white_space(0);
        if (auto refusal = refused_by_name()) return unexpected(std::move(*refusal));
        if (text_.starts_with("pin-sha256=")) return parse_hpkp();
        if (const auto fingerprint = after_fingerprint()) return parse_hex(PinTarget::kCertificate, *fingerprint);
        for (const HexPrefix& prefix : kHexPrefixes) {
            if (text_.starts_with(prefix.text)) return parse_hex(prefix.target, prefix.text.size());
        }
        if (is_curls()) return parse_base64(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256, 8, text_.size());
        if (const auto prefix = detail::find_pin_prefix(text_)) {
            return parse_base64(prefix->target, prefix->form, prefix->text.size(), text_.size());
        }
        if (is_hex(text_)) return refuse_bare_hex();
        return refuse("pin_unknown_form", 0, "it begins with none of the known forms", kChoices);
    }

    [[nodiscard]] unexpected<Error> refuse(std::string_view code, std::size_t at, std::string why,
                                           std::string_view next) const {
        // What is pasted where a digest or a public object should be may be a private key: its beginning is enough.
        const bool may_be_secret = code == "pin_whole_object" || code == "pin_wrong_der";
        const std::string shown = text::escape(text_, may_be_secret ? 20 : 80);
        auto error =
            malformed(std::string(code), "reading the pin \"" + shown + "\"", std::move(why), std::string(next));
        error.value().place = Place{{}, std::nullopt, std::nullopt, offset_ + at};
        return error;
    }

  private:
    struct HexPrefix {
        std::string_view text;
        PinTarget target;
    };
    /// Digits of an MD5: fewer are not looked at as a digest in hex.
    static constexpr std::size_t kLeastHex = 32;
    static constexpr std::array<HexPrefix, 3> kHexPrefixes{{{"spki-sha256:", PinTarget::kSubjectPublicKeyInfo},
                                                            {"cert-sha256:", PinTarget::kCertificate},
                                                            {"key-sha256:", PinTarget::kKey}}};

    /// curl writes two slashes. One digest in 64 begins with a slash in base64, and its canonical text must not be
    /// taken for curl's: that is one character longer.
    [[nodiscard]] bool is_curls() const {
        constexpr std::size_t kCanonicalSize = std::string_view("sha256/").size() + 44;
        return text_.starts_with("sha256//") && !(text_.size() == kCanonicalSize && text_.ends_with('='));
    }
    static bool is_hex_digit(char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    }
    static bool is_hex(std::string_view text) {
        return std::ranges::all_of(text, [](char c) { return is_hex_digit(c) || c == ':'; });
    }
    static std::string lower(std::string_view text) {
        std::string result(text);
        std::ranges::transform(result, result.begin(),
                               [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
        return result;
    }

    /// Hex or the hex of a file of hex: what a digest's octets or letters never are by chance.
    static bool is_hex_text(Bytes octets) {
        while (!octets.empty() && (octets.back() == std::byte{'\n'} || octets.back() == std::byte{'\r'})) {
            octets = octets.first(octets.size() - 1);
        }
        return octets.size() >= kLeastHex && std::ranges::all_of(octets, [](std::byte octet) {
                   return is_hex_digit(static_cast<char>(octet)) || octet == std::byte{':'};
               });
    }

    /// DER of a certificate or key, whole or cut, or PEM: where a digest should be. Octets of a digest's own length may
    /// begin like DER by chance.
    static bool is_object(Bytes octets, std::size_t digest_octets) {
        constexpr std::string_view kPem = "-----BEGIN";
        if (std::ranges::equal(octets.first(std::min(octets.size(), kPem.size())), std::as_bytes(std::span(kPem))))
            return true;
        if (octets.size() == digest_octets) return false;
        return der::read_single(octets, der::Tag::kSequence).has_value() ||
               (octets.size() > 64 && octets[0] == std::byte{0x30});
    }

    [[nodiscard]] std::optional<Error> refused_by_name() const {
        const std::string folded = lower(text_);
        std::string_view digest = folded;
        for (const std::string_view what : {"spki-", "cert-", "key-", "pin-"}) {
            if (folded.starts_with(what)) digest.remove_prefix(what.size());
        }
        for (const std::string_view weak : {"sha1", "sha-1", "md5"}) {
            if (digest.starts_with(weak)) return refuse_weak("").value();
        }
        for (const std::string_view ambiguous : {"sha256:", "sha-256:", "sha384:", "sha512:"}) {
            if (folded.starts_with(ambiguous)) {
                return refuse("pin_ambiguous", 0,
                              std::string(ambiguous) +
                                  " means a key in base64, a key in hex or a certificate in hex, by who wrote it",
                              kChoices)
                    .value();
            }
        }
        if (folded.starts_with("file:") || folded.starts_with("cert:file:")) {
            return refuse("pin_is_file", 0, "a file is not taken here",
                          "cotter pin FILE prints the pin to write instead")
                .value();
        }
        return std::nullopt;
    }

    /// Where the hex begins in the line of `openssl x509 -fingerprint -sha256`.
    [[nodiscard]] std::optional<std::size_t> after_fingerprint() const {
        constexpr std::string_view kLine = "sha256 fingerprint=";
        return lower(text_.substr(0, kLine.size())) == kLine ? std::optional(kLine.size()) : std::nullopt;
    }

    [[nodiscard]] Result<Pin> parse_hpkp() const {
        constexpr std::size_t kValueAt = 12;  // after pin-sha256="
        constexpr std::string_view kAdvice = "write pin-sha256=\"BASE64\"";
        if (text_.size() < kValueAt || text_[kValueAt - 1] != '"')
            return refuse("pin_unquoted", kValueAt - 1, "the value of pin-sha256= stands in quotes", kAdvice);
        const std::size_t close = text_.find('"', kValueAt);
        if (close == std::string_view::npos)
            return refuse("pin_unquoted", text_.size(), "the quotes are not closed", kAdvice);
        if (close + 1 != text_.size())
            return refuse("pin_trailing", close + 1, "something follows its end", "take it off");
        return parse_base64(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256, kValueAt, close);
    }

    [[nodiscard]] Result<Pin> parse_hex(PinTarget target, std::size_t begin) const {
        const std::string_view value = text_.substr(begin);
        if (value.empty()) return refuse_empty(begin);
        const bool has_colons = value.find(':') != std::string_view::npos;
        ByteVector octets;
        std::size_t at = 0;
        const auto digit = [](char c) { return static_cast<unsigned>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10); };
        while (at < value.size()) {
            if (!octets.empty() && has_colons) {
                if (detail::is_white_space(value[at])) return refuse_white_space(begin + at);
                if (value[at] != ':') return refuse("pin_bad_hex", begin + at, "a colon is missing", kChoices);
                ++at;
            }
            if (at + 2 > value.size() || !is_hex_digit(value[at]) || !is_hex_digit(value[at + 1])) {
                const std::size_t fault = at < value.size() && is_hex_digit(value[at]) ? at + 1 : at;
                if (fault < value.size() && detail::is_white_space(value[fault]))
                    return refuse_white_space(begin + fault);
                return refuse("pin_bad_hex", begin + fault, "two hex digits are needed here", kChoices);
            }
            octets.push_back(static_cast<std::byte>((digit(value[at]) << 4U) | digit(value[at + 1])));
            at += 2;
        }
        return made(target, PinForm::kSha256, octets, begin);
    }

    [[nodiscard]] Result<Pin> parse_base64(PinTarget target, PinForm form, std::size_t begin, std::size_t end) const {
        const std::string_view value = text_.substr(begin, end - begin);
        const std::size_t letters = (digest_size(form) + 2) / 3 * 4;
        if (form != PinForm::kDer && value.starts_with('/') && value.size() == letters + 1) {
            return refuse("pin_two_slashes", begin, "one slash too many: two of them are curl's way, for sha256 alone",
                          "take one off");
        }
        const bool is_zero = value.find_first_not_of('A') == std::string_view::npos;
        if (value.size() >= kLeastHex && is_hex(value) && !is_zero)
            return refuse("pin_hex_as_base64", begin, "the value is hex, and base64 is needed here", kChoices);
        const detail::Base64Check check = detail::check_base64(value);
        if (check.fault != detail::Base64Fault::kNone) return refuse_base64(check, begin);
        ByteVector octets(check.size);
        detail::decode_base64(value, octets.data());
        if (is_hex_text(octets))
            return refuse("pin_hex_as_base64", begin, "the value is the base64 of a digest's hex text", kChoices);
        if (form != PinForm::kDer && is_object(octets, digest_size(form))) {
            return refuse("pin_whole_object", begin, "the value is a whole certificate or key, not its digest",
                          "put it in a file and give file:PATH, or write spki-der/ or cert-der/");
        }
        return made(target, form, octets, begin);
    }

    [[nodiscard]] unexpected<Error> refuse_empty(std::size_t at) const {
        return refuse("pin_empty", at, "no value follows", kChoices);
    }
    [[nodiscard]] unexpected<Error> refuse_white_space(std::size_t at) const {
        return refuse("pin_white_space", at, "there is white space in it", "take it out");
    }
    [[nodiscard]] unexpected<Error> refuse_weak(std::string why) const {
        return refuse("pin_weak_digest", 0, std::move(why) + "SHA-1 and MD5 can be forged and are not taken",
                      "cotter pin FILE prints the SHA-256 pins of the same certificate");
    }
    /// A thumbprint by its length, or a digest that could be of anything.
    [[nodiscard]] unexpected<Error> refuse_bare_hex() const {
        const auto digits = text_.size() - static_cast<std::size_t>(std::ranges::count(text_, ':'));
        auto error = digits == 40   ? refuse_weak("40 hex digits are a SHA-1 thumbprint: ")
                     : digits == 32 ? refuse_weak("32 hex digits are an MD5 thumbprint: ")
                                    : refuse("pin_bare_hex", 0, "bare hex does not say what it is of", "");
        if (!error.value().next.empty()) error.value().next += "; ";
        error.value().next += kChoices;
        return error;
    }
    [[nodiscard]] unexpected<Error> refuse_base64(const detail::Base64Check& check, std::size_t begin) const {
        const std::size_t at = begin + check.offset;
        switch (check.fault) {
            case detail::Base64Fault::kEmpty: return refuse_empty(at);
            case detail::Base64Fault::kWhiteSpace: return refuse_white_space(at);
            case detail::Base64Fault::kUrlAlphabet:
                return refuse("pin_base64url", at, "it is base64url, with - and _ for + and /",
                              "write it in base64: + for - and / for _");
            case detail::Base64Fault::kMissingPadding:
                return refuse("pin_padding", at, "its padding is missing or it is cut",
                              "check that it was copied whole, with the = at its end");
            case detail::Base64Fault::kTrailing:
                return refuse("pin_trailing", at, "something follows its end", "take it off");
            case detail::Base64Fault::kPaddingBits:
                return refuse("pin_padding_bits", at, "its last letter has bits that belong to nothing",
                              "copy the pin anew from its source");
            case detail::Base64Fault::kNone:
            case detail::Base64Fault::kBadCharacter: break;
        }
        return refuse("pin_bad_character", at, "a character is not of base64", "copy the pin anew from its source");
    }

    [[nodiscard]] Result<Pin> made(PinTarget target, PinForm form, const ByteVector& octets, std::size_t begin) const {
        auto pin = Pin::from_octets(target, form, octets);
        if (!pin) return refuse(pin.error().code, begin, pin.error().why, pin.error().next);
        return pin;
    }

    std::string_view text_;
    std::size_t offset_;
};

}  // namespace

Result<Pin> Pin::parse(std::string_view text) {
    return PinText(text, 0).parse();
}

Result<PinSet> PinSet::parse(std::string_view text) {
    PinSet pins;
    std::size_t begin = 0;
    for (;;) {
        const std::size_t end = std::min(text.find(';', begin), text.size());
        auto pin = PinText(text.substr(begin, end - begin), begin).parse();
        if (!pin) return unexpected(pin.error());
        pins.insert(std::move(*pin));
        if (end == text.size()) return pins;
        begin = end + 1;
    }
}

}  // namespace cotter
