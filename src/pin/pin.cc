// Pin and PinSet as values; their text is read in pin/grammar.cc.
#include <cotter/detail/pin_prefix.h>
#include <cotter/pin.h>

#include "der/reader.h"
#include "pin/mistakes.h"
#include "text/encoding.h"

#include <algorithm>

namespace cotter {
namespace {

using der::Tag;

std::string_view canonical_prefix(PinTarget target, PinForm form) {
    const auto found = std::ranges::find_if(detail::kPinPrefixes, [&](const detail::PinPrefix& prefix) {
        return prefix.target == target && prefix.form == form;
    });
    return found->text;
}

bool is_sequence_of(Bytes der, std::initializer_list<Tag> members) {
    const auto sequence = der::read_single(der, Tag::kSequence);
    if (!sequence || !der::check_strict(der)) return false;
    der::Reader reader = der::Reader::inside(*sequence);
    return std::ranges::all_of(members, [&](Tag tag) { return reader.expect(tag).has_value(); }) && reader.at_end();
}

/// An EC point of P-256, P-384 or P-521, an Edwards key, or an RSAPublicKey: by shape, since the octets don't say
/// which.
bool is_key(Bytes octets) {
    if (octets.empty()) return false;
    const std::byte form = octets.front();
    const std::size_t size = octets.size();
    if (form == std::byte{0x04} && (size == 65 || size == 97 || size == 133)) return true;
    if ((form == std::byte{0x02} || form == std::byte{0x03}) && (size == 33 || size == 49 || size == 67)) return true;
    return size == 32 || size == 57 || is_sequence_of(octets, {Tag::kInteger, Tag::kInteger});
}

bool is_of_kind(PinTarget target, Bytes der) {
    switch (target) {
        case PinTarget::kSubjectPublicKeyInfo: return is_sequence_of(der, {Tag::kSequence, Tag::kBitString});
        case PinTarget::kCertificate: return is_sequence_of(der, {Tag::kSequence, Tag::kSequence, Tag::kBitString});
        case PinTarget::kKey: return is_key(der);
    }
    return false;
}

std::string_view digest_of_size(std::size_t octets) {
    switch (octets) {
        case 16: return "MD5";
        case 20: return "SHA-1";
        case 28: return "SHA-224";
        case 32: return "SHA-256";
        case 48: return "SHA-384";
        case 64: return "SHA-512";
        default: return "";
    }
}

std::string likeness(std::size_t octets) {
    const std::string_view digest = digest_of_size(octets);
    return digest.empty() ? std::string() : ", as many as " + std::string(digest);
}

}  // namespace

Result<Pin> Pin::from_octets(PinTarget target, PinForm form, Bytes octets) {
    const std::string what = "making a pin";
    if (form == PinForm::kDer) {
        if (!is_of_kind(target, octets)) {
            return malformed(
                "pin_wrong_der", what,
                "the value is not strict DER of what " + std::string(canonical_prefix(target, form)) + " pins",
                "cotter pin FILE prints the pins of a certificate or key");
        }
    } else {
        const std::size_t wanted = digest_size(form);
        if (octets.size() != wanted) {
            return malformed("pin_wrong_length", what,
                             "a " + std::string(digest_of_size(wanted)) + " digest has " + std::to_string(wanted) +
                                 " bytes, and this has " + std::to_string(octets.size()) + likeness(octets.size()),
                             "cotter pin FILE prints the pins of a certificate or key");
        }
        if (const auto mistake = mistake_of(form, octets)) {
            return malformed("pin_mistake", what, std::string(*mistake),
                             "cotter pin HOST:PORT prints the pins of a server");
        }
    }
    return Pin(target, form, ByteVector(octets.begin(), octets.end()));
}

std::string Pin::to_string() const {
    return std::string(canonical_prefix(target_, form_)) + text::base64(octets_);
}

std::string Pin::abbreviated() const {
    constexpr std::size_t kShown = 8;
    return std::string(canonical_prefix(target_, form_)) + text::base64(octets_).substr(0, kShown) + "…";
}

std::optional<std::string_view> Pin::sample_of() const {
    return manual_of(form_, octets_);
}

PinSet::PinSet(std::vector<Pin> pins) {
    for (Pin& pin : pins) insert(std::move(pin));
}

bool PinSet::contains(const Pin& pin) const {
    return std::ranges::find(pins_, pin) != pins_.end();
}

void PinSet::insert(Pin pin) {
    if (!contains(pin)) pins_.push_back(std::move(pin));
}

}  // namespace cotter
