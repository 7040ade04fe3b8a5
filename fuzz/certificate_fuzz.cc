// Certificates: what is read is exactly the bytes that came, its pins are digests of slices of them, and what it says
// of itself can be printed.
#include "check.h"
#include "pin/digest.h"
#include "x509/certificate.h"

#include <algorithm>

using cotter::Bytes;
using cotter::PinForm;
using cotter::PinTarget;
using cotter::fuzz::promise;

namespace {

bool is_slice(Bytes part, Bytes whole) {
    return !part.empty() && !std::ranges::search(whole, part).empty();
}

bool is_printable(std::string_view text) {
    return std::ranges::none_of(text, [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Bytes input = cotter::fuzz::bytes_of(data, size);
    const auto certificate = cotter::x509::Certificate::parse(input);
    if (!certificate) {
        cotter::fuzz::promise_readable(certificate.error());
        return 0;
    }
    promise(std::ranges::equal(certificate->der(), input));
    const auto& key = certificate->public_key();
    promise(is_slice(key.subject_public_key_info(), input));
    promise(key.key_octets().empty() || is_slice(key.key_octets(), key.subject_public_key_info()));
    const auto spki_pin = certificate->pin(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256);
    promise(spki_pin.has_value());
    promise(std::ranges::equal(spki_pin->octets(), cotter::sha256(key.subject_public_key_info())));
    promise(certificate->matches(*spki_pin));
    const auto certificate_pin = certificate->pin(PinTarget::kCertificate, PinForm::kSha256);
    promise(certificate_pin.has_value());
    promise(std::ranges::equal(certificate_pin->octets(), cotter::sha256(input)));
    promise(certificate->matches(*certificate_pin) && *certificate_pin != *spki_pin);
    promise(is_slice(certificate->subject(), input));
    promise(!certificate->issuer_and_serial().serial.empty() && certificate->issuer_and_serial().serial.size() <= 20);
    promise(is_printable(certificate->subject_text()) && is_printable(certificate->issuer_text()));
    for (const auto& name : certificate->subject_alternative_names()) promise(is_printable(name.to_string()));
    return 0;
}
