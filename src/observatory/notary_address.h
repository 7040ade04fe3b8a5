// NotaryAddress: where a notary is, and the key that it is known by, as people write it: HOST:PORT,PIN.
#pragma once

#include <cotter/error.h>
#include <cotter/host_name.h>
#include <cotter/pin.h>

#include <string>
#include <string_view>
#include <vector>

namespace cotter::observatory {

struct NotaryAddress {
    HostPort server;
    Pin pin;  ///< SHA-256 of its key's SPKI: the key of its TLS and of its signatures is one

    [[nodiscard]] static Result<NotaryAddress> parse(std::string_view text);
};

/// Several; one key may stand there but once, else one notary would count twice (INVARIANT A233).
[[nodiscard]] Result<std::vector<NotaryAddress>> parse_notaries(const std::vector<std::string>& texts);

}  // namespace cotter::observatory
