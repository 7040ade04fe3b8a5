// HostName, IpAddress and HostPort: names as they are compared, parsed once at the edge. Matching a name against a
// certificate is x509/name_match.h.
#pragma once

#include <cotter/bytes.h>
#include <cotter/error.h>
#include <cotter/export.h>

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace cotter {

/// An IPv4 or IPv6 address literal: 4 or 16 octets. No zone, no octal, hex or short IPv4 forms.
class COTTER_EXPORT IpAddress {
  public:
    /// Reads "192.0.2.1" or, without brackets, "2001:db8::1"; everything else is malformed (`bad_address`).
    [[nodiscard]] static Result<IpAddress> parse(std::string_view text);
    /// 4 or 16, the most significant first; valid as long as this address.
    [[nodiscard]] Bytes octets() const { return Bytes(octets_).first(is_v6_ ? 16 : 4); }
    [[nodiscard]] bool is_v6() const { return is_v6_; }  ///< so, too, where an IPv4 address is mapped into it
    [[nodiscard]] std::string to_string() const;         ///< RFC 5952, without brackets

    bool operator==(const IpAddress&) const = default;
    auto operator<=>(const IpAddress&) const = default;

  private:
    std::array<std::byte, 16> octets_{};
    bool is_v6_ = false;
};

/// A DNS name in A-labels, lower case, without trailing dot; underscores allowed (docs/names.md).
class COTTER_EXPORT DnsName {
  public:
    /// U-labels are converted by IDNA2008 (RFC 5891). Malformed (`bad_host_name`): over 253 characters, a label that is
    /// empty or over 63, a last label that is a number.
    [[nodiscard]] static Result<DnsName> parse(std::string_view text);
    [[nodiscard]] const std::string& text() const { return text_; }  ///< valid as long as this name

    bool operator==(const DnsName&) const = default;
    auto operator<=>(const DnsName&) const = default;

  private:
    explicit DnsName(std::string text) : text_(std::move(text)) {}
    std::string text_;
};

/// What a peer is called: a DNS name or an address literal.
class COTTER_EXPORT HostName {
  public:
    /// An address where IpAddress::parse takes it, else a name; malformed (`bad_host_name`) if it is neither.
    [[nodiscard]] static Result<HostName> parse(std::string_view text);
    explicit HostName(DnsName name) : value_(std::move(name)) {}  ///< never an address
    explicit HostName(IpAddress address) : value_(address) {}  ///< compared with iPAddress names, never with DNS ones
    [[nodiscard]] bool is_address() const { return std::holds_alternative<IpAddress>(value_); }  ///< else it is a name
    /// Null where it is an address; valid as long as this HostName.
    [[nodiscard]] const DnsName* dns_name() const { return std::get_if<DnsName>(&value_); }
    /// Null where it is a name; valid as long as this HostName.
    [[nodiscard]] const IpAddress* address() const { return std::get_if<IpAddress>(&value_); }
    [[nodiscard]] std::string to_string() const;  ///< an IPv6 address without brackets

    bool operator==(const HostName&) const = default;
    auto operator<=>(const HostName&) const = default;

  private:
    std::variant<DnsName, IpAddress> value_;
};

/// HOST:PORT, [V6]:PORT.
struct COTTER_EXPORT HostPort {
    HostName host;           ///< whom the certificate must name, where names count
    std::uint16_t port = 0;  ///< 0 only where the caller says that it is allowed

    /// `default_port` 0: the port must be written. Port 0 itself is refused here; see stream/endpoint.h for listeners.
    [[nodiscard]] static Result<HostPort> parse(std::string_view text, std::uint16_t default_port = 0);
    [[nodiscard]] std::string to_string() const;  ///< brackets round IPv6; always with the port

    bool operator==(const HostPort&) const = default;
    auto operator<=>(const HostPort&) const = default;
};

}  // namespace cotter
