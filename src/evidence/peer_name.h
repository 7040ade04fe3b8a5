// PeerName: whom a line of known_peers is about: one host and port, in clear or hashed, or everyone.
#pragma once

#include <cotter/host_name.h>

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace cotter::evidence {

class PeerName {
  public:
    using Salt = std::array<std::byte, 32>;

    explicit PeerName(HostPort peer) : value_(std::move(peer)) {}
    /// `|1|SALT|HMAC`: base64 of the salt, and of HMAC-SHA-256 with it as the key over `host:port` in its normal form.
    /// Whoever gets the file can only try out names.
    [[nodiscard]] static PeerName hashed(const HostPort& peer, const Salt& salt);
    [[nodiscard]] static PeerName everyone() { return PeerName(Everyone{}); }

    /// `HOST:PORT`, `|1|SALT|HMAC` or `*`; anything else is nothing.
    [[nodiscard]] static std::optional<PeerName> parse(std::string_view text);

    [[nodiscard]] bool covers(const HostPort& peer) const;
    [[nodiscard]] bool is_hashed() const { return std::holds_alternative<Hashed>(value_); }
    [[nodiscard]] bool is_everyone() const { return std::holds_alternative<Everyone>(value_); }
    /// The host and port, where they stand in clear.
    [[nodiscard]] const HostPort* in_clear() const { return std::get_if<HostPort>(&value_); }
    [[nodiscard]] std::string to_string() const;

    bool operator==(const PeerName&) const = default;

  private:
    struct Hashed {
        Salt salt;
        std::array<std::byte, 32> digest;
        bool operator==(const Hashed&) const = default;
    };
    struct Everyone {
        bool operator==(const Everyone&) const = default;
    };
    explicit PeerName(Hashed hashed) : value_(hashed) {}
    explicit PeerName(Everyone everyone) : value_(everyone) {}

    std::variant<HostPort, Hashed, Everyone> value_;
};

/// 32 octets in base64, as salts, names and keys stand in the file.
[[nodiscard]] std::optional<std::array<std::byte, 32>> octets_from_base64(std::string_view text);

}  // namespace cotter::evidence
