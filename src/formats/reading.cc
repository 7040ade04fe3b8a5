// What importers share.
#include "formats/reading.h"

#include "text/escape.h"

#include <algorithm>

namespace cotter::formats {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

std::optional<unsigned> hex_digit(char c) {
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
    const std::size_t digit = kHexDigits.find(c);
    return digit == std::string_view::npos ? std::nullopt : std::optional(static_cast<unsigned>(digit));
}

std::string_view prefix_of(PinTarget target, PinForm form) {
    switch (target) {
        case PinTarget::kSubjectPublicKeyInfo:
            switch (form) {
                // Not sha256/: before a value that begins with a slash it would be read as curl's.
                case PinForm::kSha256: return "spki-sha256/";
                case PinForm::kSha384: return "spki-sha384/";
                case PinForm::kSha512: return "spki-sha512/";
                case PinForm::kDer: return "spki-der/";
            }
            break;
        case PinTarget::kCertificate:
            switch (form) {
                case PinForm::kSha256: return "cert-sha256/";
                case PinForm::kSha384: return "cert-sha384/";
                case PinForm::kSha512: return "cert-sha512/";
                case PinForm::kDer: return "cert-der/";
            }
            break;
        case PinTarget::kKey:
            switch (form) {
                case PinForm::kSha256: return "key-sha256/";
                case PinForm::kSha384: return "key-sha384/";
                case PinForm::kSha512: return "key-sha512/";
                case PinForm::kDer: return "key-der/";
            }
            break;
    }
    return "";
}

}  // namespace

Place place_at(std::string_view source, std::string_view text, std::size_t offset) {
    const std::string_view before = text.substr(0, std::min(offset, text.size()));
    const auto line = static_cast<std::size_t>(std::ranges::count(before, '\n')) + 1;
    const std::size_t begin = before.rfind('\n');
    const std::size_t column = before.size() - (begin == std::string_view::npos ? 0 : begin + 1) + 1;
    return {std::string(source), line, column, std::nullopt};
}

unexpected<Error> refuse_at(const ImportContext& context, std::string_view text, std::size_t offset, std::string code,
                            std::string why, std::string next) {
    return placed({ErrorKind::kMalformedInput,
                   std::move(code),
                   "reading " + text::escape(context.source),
                   std::move(why),
                   std::move(next),
                   {}},
                  place_at(context.source, text, offset));
}

unexpected<Error> placed(Error error, Place place) {
    error.place = std::move(place);
    return unexpected(std::move(error));
}

Result<Pin> pin_from_base64(PinTarget target, PinForm form, std::string_view base64) {
    return Pin::parse(std::string(prefix_of(target, form)) + std::string(base64));
}

Result<ByteVector> octets_from_hex(std::string_view hex) {
    const std::string what = "reading the hex \"" + text::escape(hex, 80) + "\"";
    ByteVector octets;
    for (std::size_t i = 0; i < hex.size(); ++i) {
        const auto digit = hex_digit(hex[i]);
        if (!digit) {
            return malformed("bad_hex", what,
                             "it has a character that is not a digit of hex, at " + std::to_string(i + 1));
        }
        if (i % 2 == 0) {
            octets.push_back(static_cast<std::byte>(*digit << 4U));
        } else {
            octets.back() |= static_cast<std::byte>(*digit);
        }
    }
    if (hex.empty() || hex.size() % 2 != 0) {
        return malformed("bad_hex", what, hex.empty() ? "it is empty" : "half an octet is missing");
    }
    return octets;
}

Result<Pin> pin_from_hex(PinTarget target, PinForm form, std::string_view hex, bool separated) {
    std::string digits(hex);
    if (separated && hex.contains(':')) {
        if (hex.ends_with(':')) {
            return malformed("bad_hex", "reading the hex \"" + text::escape(hex, 120) + "\"", "it ends in a colon");
        }
        digits.clear();
        for (std::size_t i = 0; i < hex.size(); ++i) {
            if (i % 3 != 2) {
                digits += hex[i];
            } else if (hex[i] != ':') {
                return malformed("bad_hex", "reading the hex \"" + text::escape(hex, 120) + "\"",
                                 "a colon is missing at " + std::to_string(i + 1));
            }
        }
    }
    const auto octets = octets_from_hex(digits);
    if (!octets) return unexpected(octets.error());
    return Pin::from_octets(target, form, *octets);
}

Result<trust::HostPattern> host_from(const ImportContext& context, std::string_view format) {
    if (context.host) return *context.host;
    return malformed("host_needed", "reading " + text::escape(context.source),
                     std::string(format) + " doesn't say whose pins these are", "name the host: --host NAME[:PORT]");
}

void add_pin(trust::ServerPolicy& policy, Pin pin) {
    if (std::ranges::any_of(policy.pins, [&](const trust::PolicyPin& other) { return other.pin == pin; })) return;
    policy.pins.push_back({std::move(pin), trust::PinRole::kPrimary, {}, std::nullopt, {}});
}

trust::PolicyEntry& EntriesByHost::at(const trust::HostPattern& host, const trust::ServerPolicy& fresh) {
    const std::string key = host.to_string() + (host.includes_subdomains() ? " and below" : "");
    const auto [place, is_new] = index_.emplace(key, entries_.size());
    if (is_new) entries_.push_back({host, fresh});
    return entries_[place->second];
}

trust::ServerPolicy pins_in_a_chain() {
    trust::ServerPolicy policy;
    policy.trust = trust::TrustMode::kChainAndPins;
    policy.match = trust::Match::kAny;
    return policy;
}

void note_samples(const trust::PolicyEntry& entry, std::vector<Loss>& lost) {
    for (const trust::PolicyPin& pin : entry.policy.pins) {
        if (const auto manual = pin.pin.sample_of()) {
            lost.push_back(
                {"sample_pin", entry.host.to_string(),
                 pin.pin.abbreviated() + " is a sample out of " + std::string(*manual) + ": it pins nothing real"});
        }
    }
}

}  // namespace cotter::formats
