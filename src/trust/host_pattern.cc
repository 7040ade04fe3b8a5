// Reading patterns, and the rule that each follows.
#include "trust/host_pattern.h"

#include "text/escape.h"

namespace cotter::trust {
namespace {

constexpr std::string_view kStar = "*.";

unexpected<Error> bad_name(std::string_view name, std::string why, std::string next) {
    return malformed("bad_host_name", "reading the host name " + text::escape(name, 280), std::move(why),
                     std::move(next));
}

}  // namespace

Result<HostPattern> HostPattern::parse(std::string_view name, std::optional<std::uint16_t> port,
                                       bool include_subdomains) {
    const bool is_wildcard = name.starts_with(kStar);
    const std::string_view rest = is_wildcard ? name.substr(kStar.size()) : name;
    if (rest.contains('*')) {
        return bad_name(name, "a star stands only for the whole leftmost label",
                        "write *.example.com, or the name itself");
    }
    if (is_wildcard && include_subdomains) {
        return bad_name(name, "a star is exactly one label, and include_subdomains any number of them",
                        "write the name without the star, or leave include_subdomains out");
    }
    auto base = HostName::parse(rest);
    if (!base) return unexpected(base.error());
    if (base->is_address() && (is_wildcard || include_subdomains)) {
        return bad_name(name, "an address has no subdomains", "write the address alone");
    }
    return HostPattern(std::move(*base), port, is_wildcard, include_subdomains);
}

std::optional<Reach> HostPattern::reaches(const HostPort& host) const {
    if (port_ && *port_ != host.port) return std::nullopt;
    if (host.host == base_) return is_wildcard_ ? std::nullopt : std::optional(Reach::kExact);
    const DnsName* const asked = host.host.dns_name();
    const DnsName* const own = base_.dns_name();
    if (asked == nullptr || own == nullptr) return std::nullopt;
    const std::string_view name = asked->text();
    const std::string suffix = "." + own->text();
    if (!name.ends_with(suffix)) return std::nullopt;
    const std::string_view more = name.substr(0, name.size() - suffix.size());
    if (is_wildcard_) return more.contains('.') ? std::nullopt : std::optional(Reach::kOneLabel);
    return includes_subdomains_ ? std::optional(Reach::kSubdomain) : std::nullopt;
}

std::string HostPattern::to_string() const {
    const bool needs_brackets = port_ && base_.is_address() && base_.address()->is_v6();
    std::string text = base_.to_string();
    if (needs_brackets) text = "[" + text + "]";
    return (is_wildcard_ ? std::string(kStar) : "") + text + (port_ ? ":" + std::to_string(*port_) : "");
}

}  // namespace cotter::trust
