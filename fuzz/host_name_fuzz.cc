// Host names: text is refused readably, or is a name in its one normal form, which reads as itself.
#include "check.h"

#include <cotter/host_name.h>

#include <algorithm>

using cotter::HostName;
using cotter::HostPort;
using cotter::fuzz::promise;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text = cotter::fuzz::text_of(data, size);
    if (const auto name = HostName::parse(text)) {
        const std::string normal = name->to_string();
        const auto again = HostName::parse(normal);
        promise(again.has_value() && *again == *name && again->to_string() == normal);
        promise(name->is_address() != (name->dns_name() != nullptr));
        if (name->dns_name() != nullptr) {
            promise(!normal.empty() && normal.size() <= 253 && !normal.ends_with('.') && !normal.starts_with('.'));
            promise(std::ranges::all_of(normal, [](char c) {
                return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
            }));
        }
    } else {
        cotter::fuzz::promise_readable(name.error());
    }
    if (const auto place = HostPort::parse(text)) {
        const auto again = HostPort::parse(place->to_string());
        promise(place->port != 0 && again.has_value() && *again == *place);
    } else {
        cotter::fuzz::promise_readable(place.error());
    }
    return 0;
}
