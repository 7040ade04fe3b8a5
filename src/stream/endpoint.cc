// Parsing of listeners and targets.
#include "stream/endpoint.h"

#include "text/escape.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace cotter::stream {
namespace {

constexpr std::string_view kUnixPrefix = "unix:";
constexpr std::string_view kSystemdPrefix = "systemd:";
constexpr std::size_t kMostSystemdName = 255;  // sd_listen_fds(3)
constexpr std::size_t kMostUnixPath = 107;     // sun_path less its NUL, unix(7)

Result<UnixPath> parse_unix(std::string_view text) {
    const std::string_view path = text.substr(kUnixPrefix.size());
    if (path.empty() || path.size() > kMostUnixPath || path.find('\0') != std::string_view::npos) {
        return malformed("bad_unix_path", "reading the address " + text::escape(text),
                         "a UNIX socket's path has 1 to 107 bytes", "write unix:/run/NAME.sock");
    }
    return UnixPath{std::filesystem::path(path)};
}

Result<SystemdSocket> parse_systemd(std::string_view text) {
    const std::string_view name = text.substr(kSystemdPrefix.size());
    const bool is_name = std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7f && c != ':'; });
    if (name.size() > kMostSystemdName || !is_name) {
        return malformed("bad_systemd_name", "reading the address " + text::escape(text),
                         "a passed socket's name has at most 255 visible ASCII characters and no ':'",
                         "write systemd:NAME as FileDescriptorName=NAME in the .socket unit says");
    }
    return SystemdSocket{std::string(name)};
}

Result<std::uint16_t> parse_port(std::string_view text, std::string_view whole) {
    unsigned port = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (fault != std::errc{} || end != text.data() + text.size() || text.empty() || port > 65535) {
        return malformed("bad_port", "reading the address " + text::escape(whole), "a port is a number from 0 to 65535",
                         "write HOST:PORT, [IPV6]:PORT, PORT or unix:PATH");
    }
    return static_cast<std::uint16_t>(port);
}

/// Whether the address lies in the network of that many leading bits.
template <std::size_t N>
bool is_in(Bytes address, const std::array<unsigned, N>& network, unsigned bits) {
    for (std::size_t i = 0; i < N; ++i) {
        const unsigned covered = bits > i * 8 ? std::min(8U, bits - static_cast<unsigned>(i) * 8U) : 0U;
        const unsigned mask = covered == 0 ? 0U : (0xff00U >> covered) & 0xffU;
        if (((std::to_integer<unsigned>(address[i]) ^ network[i]) & mask) != 0) return false;
    }
    return true;
}

/// The IPv4 address inside ::ffff:0:0/96, or the octets as they are.
Bytes unmapped(const IpAddress& address) {
    const Bytes octets = address.octets();
    constexpr std::array<unsigned, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    return address.is_v6() && is_in(octets, kMapped, 96) ? octets.subspan(12) : octets;
}

}  // namespace

Result<ListenAddress> ListenAddress::parse(std::string_view text) {
    if (text.starts_with(kUnixPrefix)) {
        auto path = parse_unix(text);
        if (!path) return unexpected(path.error());
        return ListenAddress{std::move(*path)};
    }
    if (text.starts_with(kSystemdPrefix)) {
        auto socket = parse_systemd(text);
        if (!socket) return unexpected(socket.error());
        return ListenAddress{std::move(*socket)};
    }
    TcpListen listen;
    const std::size_t colon = text.rfind(':');
    if (colon != std::string_view::npos) {
        std::string_view host = text.substr(0, colon);
        const bool in_brackets = host.starts_with('[') && host.ends_with(']');
        if (in_brackets) host = host.substr(1, host.size() - 2);
        if (host == "localhost" && !in_brackets) {
            listen.is_localhost = true;
        } else {
            auto address = IpAddress::parse(host);
            // Without them, 1::2:7000 could mean an address of its own as well as a port.
            if (!address || address->is_v6() != in_brackets) {
                return malformed("bad_listen_address", "reading the address " + text::escape(text),
                                 "to listen, an address of this machine or localhost is needed",
                                 "write 127.0.0.1:PORT, [::1]:PORT, localhost:PORT or PORT");
            }
            listen.address = *address;
        }
    }
    const auto port = parse_port(colon == std::string_view::npos ? text : text.substr(colon + 1), text);
    if (!port) return unexpected(port.error());
    listen.port = *port;
    return ListenAddress{listen};
}

Result<Target> Target::parse(std::string_view text) {
    if (text.starts_with(kUnixPrefix)) {
        auto path = parse_unix(text);
        if (!path) return unexpected(path.error());
        return Target{std::move(*path)};
    }
    auto host = HostPort::parse(text);
    if (!host) return unexpected(host.error());
    return Target{std::move(*host)};
}

std::string Target::to_string() const {
    if (const auto* path = std::get_if<UnixPath>(&value)) return std::string(kUnixPrefix) + path->path.string();
    return std::get<HostPort>(value).to_string();
}

bool is_loopback(const IpAddress& address) {
    const Bytes octets = unmapped(address);
    if (octets.size() == 4) return is_in(octets, std::array<unsigned, 4>{127}, 8);
    std::array<unsigned, 16> one{};
    one[15] = 1;
    return is_in(octets, one, 128);
}

bool is_private(const IpAddress& address) {
    using V4 = std::array<unsigned, 4>;
    const Bytes octets = unmapped(address);
    if (octets.size() == 4) {
        return is_in(octets, V4{10}, 8) || is_in(octets, V4{172, 16}, 12) || is_in(octets, V4{192, 168}, 16) ||
               is_in(octets, V4{169, 254}, 16) || is_in(octets, V4{100, 64}, 10);
    }
    return is_in(octets, std::array<unsigned, 16>{0xfc}, 7) || is_in(octets, std::array<unsigned, 16>{0xfe, 0x80}, 10);
}

}  // namespace cotter::stream
