// ClientName: what a client is called. Nothing else ever reaches a file name, a query, a log or a page.
#pragma once

#include <cotter/error.h>

#include <compare>
#include <string>
#include <string_view>

namespace cotter::registry {

/// `[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?`; upper case is folded at the edge (INVARIANT A209).
class ClientName {
  public:
    [[nodiscard]] static Result<ClientName> parse(std::string_view text);
    [[nodiscard]] const std::string& text() const { return text_; }
    bool operator==(const ClientName&) const = default;
    auto operator<=>(const ClientName&) const = default;

  private:
    explicit ClientName(std::string text) : text_(std::move(text)) {}
    std::string text_;
};

}  // namespace cotter::registry
