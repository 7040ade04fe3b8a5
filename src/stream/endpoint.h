// Where to listen and where to go: TCP or UNIX sockets, or one that systemd passes; parsed once from a flag.
#pragma once

#include <cotter/error.h>
#include <cotter/host_name.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace cotter::stream {

/// A UNIX socket's path: "unix:PATH", at most 107 octets.
struct UnixPath {
    std::filesystem::path path;
    bool operator==(const UnixPath&) const = default;
};

/// [HOST:]PORT of a listener; port 0 takes a free one. HOST is an address literal or "localhost".
struct TcpListen {
    std::optional<IpAddress> address;  ///< none: as ListenAddress::parse's caller says
    bool is_localhost = false;         ///< "localhost": 127.0.0.1
    std::uint16_t port = 0;
    bool operator==(const TcpListen&) const = default;
};

/// A listening socket that systemd opens and passes (sd_listen_fds(3)): "systemd:NAME", by its FileDescriptorName, or
/// "systemd:", where but one is passed.
struct SystemdSocket {
    std::string name;  ///< empty: the only one
    bool operator==(const SystemdSocket&) const = default;
};

struct ListenAddress {
    std::variant<TcpListen, UnixPath, SystemdSocket> value;
    [[nodiscard]] static Result<ListenAddress> parse(std::string_view text);
    bool operator==(const ListenAddress&) const = default;
};

/// Where a stream goes: HOST:PORT or unix:PATH.
struct Target {
    std::variant<HostPort, UnixPath> value;
    [[nodiscard]] static Result<Target> parse(std::string_view text);
    [[nodiscard]] std::string to_string() const;
    bool operator==(const Target&) const = default;
};

/// 127.0.0.0/8 and ::1.
[[nodiscard]] bool is_loopback(const IpAddress& address);
/// RFC 1918, RFC 6598, link-local, fc00::/7.
[[nodiscard]] bool is_private(const IpAddress& address);

}  // namespace cotter::stream
