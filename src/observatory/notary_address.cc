// Reading notaries.
#include "observatory/notary_address.h"

#include "text/escape.h"

#include <algorithm>

namespace cotter::observatory {

Result<NotaryAddress> NotaryAddress::parse(std::string_view text) {
    const std::string what = "reading the notary " + text::escape(text, 128);
    const std::size_t comma = text.find(',');
    if (comma == std::string_view::npos)
        return malformed("notary_address", what, "it has no pin", "write HOST:PORT,PIN as its owner told you");
    auto server = HostPort::parse(text.substr(0, comma));
    if (!server) return unexpected(server.error());
    auto pin = Pin::parse(text.substr(comma + 1));
    if (!pin) return unexpected(pin.error());
    if (pin->target() != PinTarget::kSubjectPublicKeyInfo || pin->form() != PinForm::kSha256)
        return malformed("notary_pin", what, "a notary is known by the SHA-256 of its key", "write sha256/…");
    return NotaryAddress{std::move(*server), std::move(*pin)};
}

Result<std::vector<NotaryAddress>> parse_notaries(const std::vector<std::string>& texts) {
    std::vector<NotaryAddress> notaries;
    for (const std::string& text : texts) {
        auto notary = NotaryAddress::parse(text);
        if (!notary) return unexpected(notary.error());
        if (std::ranges::find(notaries, notary->pin, &NotaryAddress::pin) != notaries.end()) {
            return malformed("notary_twice", "reading the notary " + notary->server.to_string(),
                             "another one has the same key, and a notary counts once", "leave one of them out");
        }
        notaries.push_back(std::move(*notary));
    }
    return notaries;
}

}  // namespace cotter::observatory
