// Matching a host name with subject alternative names.
#include "x509/name_match.h"

#include "text/lower.h"
#include "x509/openssl.h"

#include <libpsl.h>

#include <algorithm>

namespace cotter::x509 {
namespace {

bool is_suffix(const std::string& name) {
    static const psl_ctx_t* const kSuffixes = psl_builtin();
    // Without a list nothing is known not to be one.
    return kSuffixes == nullptr || psl_is_public_suffix(kSuffixes, name.c_str()) != 0;
}

bool covers(const std::string& pattern, const std::string& name) {
    if (!pattern.starts_with("*.")) return pattern == name;
    const std::string_view parent = std::string_view(pattern).substr(2);
    const std::size_t dot = name.find('.');
    if (dot == std::string::npos || name.substr(dot + 1) != parent) return false;
    return parent.find('.') != std::string_view::npos && parent.find('*') == std::string_view::npos &&
           !is_suffix(std::string(parent));
}

}  // namespace

bool is_public_suffix(const DnsName& name) {
    return is_suffix(name.text());
}

bool names_host(const Certificate& certificate, const HostName& host) {
    return std::ranges::any_of(certificate.subject_alternative_names(), [&](const SubjectAltName& name) {
        if (const IpAddress* address = host.address()) {
            return name.type == SanType::kIpAddress && std::ranges::equal(as_bytes(name.value), address->octets());
        }
        return name.type == SanType::kDns && covers(text::ascii_lower(name.value), host.dns_name()->text());
    });
}

}  // namespace cotter::x509
