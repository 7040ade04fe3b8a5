// Names of peers, hashed and in clear.
#include "evidence/peer_name.h"

#include "pin/digest.h"
#include "text/encoding.h"
#include "x509/openssl.h"

#include <algorithm>

namespace cotter::evidence {
namespace {

constexpr std::string_view kEveryone = "*";
constexpr std::string_view kHashedPrefix = "|1|";

std::array<std::byte, 32> digest_of(const HostPort& peer, const PeerName::Salt& salt) {
    return hmac_sha256(salt, x509::as_bytes(peer.to_string()));
}

}  // namespace

std::optional<std::array<std::byte, 32>> octets_from_base64(std::string_view text) {
    std::array<std::byte, 32> octets{};
    const auto read = text::octets_of_base64(text);
    if (!read || read->size() != octets.size()) return std::nullopt;
    std::ranges::copy(*read, octets.begin());
    return octets;
}

PeerName PeerName::hashed(const HostPort& peer, const Salt& salt) {
    return PeerName(Hashed{salt, digest_of(peer, salt)});
}

std::optional<PeerName> PeerName::parse(std::string_view text) {
    if (text == kEveryone) return everyone();
    if (!text.starts_with(kHashedPrefix)) {
        auto peer = HostPort::parse(text);
        return peer ? std::optional(PeerName(std::move(*peer))) : std::nullopt;
    }
    text.remove_prefix(kHashedPrefix.size());
    const std::size_t bar = text.find('|');
    if (bar == std::string_view::npos) return std::nullopt;
    const auto salt = octets_from_base64(text.substr(0, bar));
    const auto digest = octets_from_base64(text.substr(bar + 1));
    return salt && digest ? std::optional(PeerName(Hashed{*salt, *digest})) : std::nullopt;
}

bool PeerName::covers(const HostPort& peer) const {
    if (const auto* clear = in_clear()) return *clear == peer;
    if (const auto* hashed = std::get_if<Hashed>(&value_)) return digest_of(peer, hashed->salt) == hashed->digest;
    return true;
}

std::string PeerName::to_string() const {
    if (const auto* clear = in_clear()) return clear->to_string();
    if (const auto* hashed = std::get_if<Hashed>(&value_)) {
        return std::string(kHashedPrefix) + text::base64(hashed->salt) + "|" + text::base64(hashed->digest);
    }
    return std::string(kEveryone);
}

}  // namespace cotter::evidence
