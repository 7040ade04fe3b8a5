// Parsing names and addresses (INTERFACE 7, "Names").
#include <cotter/host_name.h>

#include "text/escape.h"
#include "text/lower.h"

#include <arpa/inet.h>
#include <idn2.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>

namespace cotter {
namespace {

unexpected<Error> bad_name(std::string_view text, std::string why) {
    return malformed("bad_host_name", "reading the host name \"" + text::escape(text, 300) + "\"", std::move(why),
                     "write a DNS name, an IPv4 address or an IPv6 address");
}

/// A-labels of a name with letters outside ASCII (IDNA2008), or nothing.
std::optional<std::string> to_a_labels(std::string_view text) {
    char* converted = nullptr;
    const std::string input(text);
    if (idn2_to_ascii_8z(input.c_str(), &converted, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT) != IDN2_OK)
        return std::nullopt;
    const std::unique_ptr<char, decltype(&idn2_free)> owner(converted, &idn2_free);
    return std::string(converted);
}

bool is_label(std::string_view label) {
    const auto is_allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    };
    return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
           std::ranges::all_of(label, is_allowed);
}

bool looks_numeric(std::string_view last_label) {
    return std::ranges::all_of(last_label, [](char c) { return c >= '0' && c <= '9'; }) || last_label.starts_with("0x");
}

}  // namespace

Result<IpAddress> IpAddress::parse(std::string_view text) {
    IpAddress address;
    const std::string literal(text);
    // inet_pton takes neither octal nor hex nor short forms, nor a zone.
    if (literal.find('\0') == std::string::npos && ::inet_pton(AF_INET, literal.c_str(), address.octets_.data()) == 1)
        return address;
    address.is_v6_ = true;
    if (literal.find('\0') == std::string::npos &&
        ::inet_pton(AF_INET6, literal.c_str(), address.octets_.data()) == 1) {
        return address;
    }
    return malformed("bad_address", "reading the address \"" + text::escape(text, 100) + "\"",
                     "it is neither an IPv4 nor an IPv6 address", "write 192.0.2.1 or 2001:db8::1");
}

std::string IpAddress::to_string() const {
    std::array<char, INET6_ADDRSTRLEN> text{};
    ::inet_ntop(is_v6_ ? AF_INET6 : AF_INET, octets_.data(), text.data(), text.size());
    return text.data();
}

Result<DnsName> DnsName::parse(std::string_view text) {
    std::string name(text);
    // The conversion below reads up to a NUL, and maps away some of what nobody sees.
    if (std::ranges::any_of(name, [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; }))
        return bad_name(text, "a name has neither blanks nor control characters");
    if (std::ranges::any_of(name, [](char c) { return static_cast<unsigned char>(c) >= 0x80; })) {
        auto converted = to_a_labels(name);
        if (!converted) return bad_name(text, "it can't be written in the letters of the DNS (IDNA2008)");
        name = std::move(*converted);
    }
    name = text::ascii_lower(name);
    if (name.ends_with('.')) name.pop_back();
    if (name.empty() || name.size() > 253) return bad_name(text, "a name has 1 to 253 characters");
    std::size_t begin = 0;
    std::string_view last;
    for (;;) {
        const std::size_t dot = name.find('.', begin);
        last = std::string_view(name).substr(begin, dot == std::string::npos ? std::string::npos : dot - begin);
        if (!is_label(last))
            return bad_name(text, "a label is empty, too long, or has a character that names don't have");
        if (dot == std::string::npos) break;
        begin = dot + 1;
    }
    if (looks_numeric(last)) return bad_name(text, "its last label is a number, and it is not an IPv4 address");
    return DnsName(std::move(name));
}

Result<HostName> HostName::parse(std::string_view text) {
    if (auto address = IpAddress::parse(text)) return HostName(*address);
    auto name = DnsName::parse(text);
    if (!name) return unexpected(name.error());
    return HostName(std::move(*name));
}

std::string HostName::to_string() const {
    return address() != nullptr ? address()->to_string() : dns_name()->text();
}

Result<HostPort> HostPort::parse(std::string_view text, std::uint16_t default_port) {
    const auto bad_port = [&] {
        return malformed("bad_port", "reading \"" + text::escape(text, 300) + "\"", "a port from 1 to 65535 is needed",
                         "write HOST:PORT or [IPV6]:PORT");
    };
    std::string_view host = text;
    std::string_view port_text;
    bool has_port = false;
    if (text.starts_with('[')) {
        const std::size_t close = text.find(']');
        if (close == std::string_view::npos) return bad_name(text, "the bracket is not closed");
        host = text.substr(1, close - 1);
        const std::string_view rest = text.substr(close + 1);
        has_port = rest.starts_with(':');
        if (!has_port && !rest.empty()) return bad_port();
        if (has_port) port_text = rest.substr(1);
        if (const auto address = IpAddress::parse(host); !address || !address->is_v6()) {
            return bad_name(text, "brackets are for IPv6 addresses");
        }
    } else if (const std::size_t colon = text.rfind(':'); colon != std::string_view::npos) {
        if (text.find(':') != colon) {
            return malformed("bad_port", "reading \"" + text::escape(text, 300) + "\"",
                             "an IPv6 address with a port needs brackets",
                             "write [" + text::escape(text, 100) + "]:PORT");
        }
        host = text.substr(0, colon);
        port_text = text.substr(colon + 1);
        has_port = true;
    }
    unsigned port = default_port;
    if (has_port) {
        const auto [end, fault] = std::from_chars(port_text.data(), port_text.data() + port_text.size(), port);
        if (fault != std::errc{} || end != port_text.data() + port_text.size() || port_text.empty()) return bad_port();
    }
    if (port == 0 || port > 65535) return bad_port();
    auto name = HostName::parse(host);
    if (!name) return unexpected(name.error());
    return HostPort{std::move(*name), static_cast<std::uint16_t>(port)};
}

std::string HostPort::to_string() const {
    const bool is_v6 = host.address() != nullptr && host.address()->is_v6();
    return (is_v6 ? "[" + host.to_string() + "]" : host.to_string()) + ":" + std::to_string(port);
}

}  // namespace cotter
