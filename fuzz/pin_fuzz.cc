// The pin grammar: any text is refused readably and with its place, or is a pin whose own text means the same again.
#include "check.h"

#include <cotter/pin.h>

#include <string_view>

using cotter::Pin;
using cotter::PinSet;
using cotter::fuzz::promise;

namespace {

/// A refusal can be printed, and points into the input.
void promise_refusal(const cotter::Error& error, std::string_view text) {
    cotter::fuzz::promise_readable(error);
    promise(error.kind == cotter::ErrorKind::kMalformedInput);
    promise(error.place && error.place->offset && *error.place->offset <= text.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text = cotter::fuzz::text_of(data, size);
    const auto pin = Pin::parse(text);
    if (pin) {
        const auto again = Pin::parse(pin->to_string());
        promise(again.has_value() && *again == *pin && again->to_string() == pin->to_string());
        promise(Pin::from_octets(pin->target(), pin->form(), pin->octets()) == *pin);
        promise(pin->form() == cotter::PinForm::kDer || pin->octets().size() == digest_size(pin->form()));
        promise(text.find(';') == std::string::npos);
    } else {
        promise_refusal(pin.error(), text);
    }
    const auto pins = PinSet::parse(text);
    if (pins) {
        promise(!pins->empty());
        std::string joined;
        for (const Pin& one : *pins) joined += (joined.empty() ? "" : ";") + one.to_string();
        promise(PinSet::parse(joined) == *pins);
        promise(!pin || (pins->size() == 1 && pins->contains(*pin)));
    } else {
        promise_refusal(pins.error(), text);
        promise(!pin);
    }
    return 0;
}
