// Words of policies, and patterns of client names.
#include "trust/policy.h"

#include "text/escape.h"
#include "x509/openssl.h"

#include <cotter/host_name.h>

#include <algorithm>
#include <array>

namespace cotter::trust {
namespace {

struct Prefix {
    std::string_view text;
    x509::SanType type;
};
constexpr std::array<Prefix, 4> kPrefixes{{{"DNS:", x509::SanType::kDns},
                                           {"URI:", x509::SanType::kUri},
                                           {"EMAIL:", x509::SanType::kEmail},
                                           {"IP:", x509::SanType::kIpAddress}}};

std::string lower(std::string_view text) {
    std::string result(text);
    std::ranges::transform(result, result.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return result;
}

unexpected<Error> bad_pattern(std::string_view text, std::string why) {
    return malformed("bad_client_name", "reading the client name pattern " + text::escape(text, 128), std::move(why),
                     "write DNS:name, DNS:*.name, URI:…, EMAIL:… or IP:…");
}

}  // namespace

std::optional<TrustMode> trust_mode_from(std::string_view text) {
    for (const TrustMode mode : kTrustModes) {
        if (text_of(mode) == text) return mode;
    }
    return std::nullopt;
}

std::string_view text_of(TrustMode mode) {
    switch (mode) {
        case TrustMode::kPins: return "pins";
        case TrustMode::kChainAndPins: return "chain+pins";
        case TrustMode::kChain: return "chain";
        case TrustMode::kStrict: return "strict";
        case TrustMode::kAcceptNew: return "accept-new";
        case TrustMode::kAsk: return "ask";
        case TrustMode::kDane: return "dane";
    }
    return "";
}

bool looks_at_pins(TrustMode mode) {
    return mode == TrustMode::kPins || mode == TrustMode::kChainAndPins;
}

bool looks_at_path(const ServerPolicy& policy) {
    const bool is_by_key_alone =
        is_continuity(policy.trust) || (policy.trust == TrustMode::kPins && policy.match == Match::kLeaf);
    return !is_by_key_alone || policy.mode == Mode::kOff || policy.on_expiry == OnExpiry::kChain;
}

bool needs_anchors(const ServerPolicy& policy) {
    return policy.trust == TrustMode::kChain || policy.trust == TrustMode::kChainAndPins || policy.mode == Mode::kOff ||
           policy.on_expiry == OnExpiry::kChain;
}

bool looks_at_dane(const ServerPolicy& policy) {
    return policy.trust == TrustMode::kDane && policy.mode != Mode::kOff;
}

bool is_continuity(TrustMode mode) {
    return mode == TrustMode::kStrict || mode == TrustMode::kAcceptNew || mode == TrustMode::kAsk;
}

std::optional<Match> match_from(std::string_view text) {
    for (const Match match : {Match::kLeaf, Match::kIssuer, Match::kAny}) {
        if (text_of(match) == text) return match;
    }
    return std::nullopt;
}

std::string_view text_of(Match match) {
    switch (match) {
        case Match::kLeaf: return "leaf";
        case Match::kIssuer: return "issuer";
        case Match::kAny: return "any";
    }
    return "";
}

Result<ClientNamePattern> ClientNamePattern::parse(std::string_view text) {
    for (const Prefix& prefix : kPrefixes) {
        if (!text.starts_with(prefix.text)) continue;
        const std::string_view value = text.substr(prefix.text.size());
        if (value.empty()) return bad_pattern(text, "nothing follows the type");
        if (prefix.type == x509::SanType::kIpAddress) {
            const auto address = IpAddress::parse(value);
            if (!address) return bad_pattern(text, "it is not an IP address");
            std::string octets;
            for (const std::byte octet : address->octets()) octets += static_cast<char>(octet);
            return ClientNamePattern{prefix.type, std::move(octets)};
        }
        const bool is_wildcard = prefix.type == x509::SanType::kDns && value.starts_with("*.");
        const std::string_view rest = is_wildcard ? value.substr(2) : value;
        if (rest.contains('*')) {
            return bad_pattern(text, "a star stands only for the whole leftmost label of a DNS name");
        }
        if (prefix.type != x509::SanType::kDns) return ClientNamePattern{prefix.type, std::string(value)};
        const auto name = DnsName::parse(rest);
        if (!name) return bad_pattern(text, name.error().why);
        return ClientNamePattern{prefix.type, (is_wildcard ? "*." : "") + name->text()};
    }
    return bad_pattern(text, "it does not begin with the type of name");
}

bool ClientNamePattern::matches(const x509::SubjectAltName& name) const {
    if (name.type != type) return false;
    if (type != x509::SanType::kDns) return name.value == value;
    // What is no DNS name in its normal form (a star, a trailing dot, an octet of another alphabet) is matched by
    // nothing.
    const std::string candidate = lower(name.value);
    const auto dns_name = DnsName::parse(candidate);
    if (!dns_name || dns_name->text() != candidate) return false;
    if (!value.starts_with("*.")) return candidate == value;
    const std::size_t dot = candidate.find('.');
    return dot != std::string::npos && candidate.substr(dot + 1) == value.substr(2);
}

}  // namespace cotter::trust
