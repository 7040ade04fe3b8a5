// The invitation code: any text is refused readably, or is a code whose own text means the same again.
#include "check.h"
#include "registry/invitation.h"

#include <algorithm>

using cotter::fuzz::promise;
using cotter::registry::InvitationCode;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto code = InvitationCode::parse(cotter::fuzz::text_of(data, size));
    if (!code) {
        cotter::fuzz::promise_readable(code.error());
        return 0;
    }
    const auto again = InvitationCode::parse(code->to_string());
    promise(again.has_value());
    promise(again->to_string() == code->to_string());
    promise(again->server_pin == code->server_pin);
    promise(std::ranges::equal(again->secret.octets(), code->secret.octets()));
    return 0;
}
