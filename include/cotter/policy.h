// Policy: by what a client judges the servers that it talks to. What can stand in a file is docs/policy.md.
#pragma once

#include <cotter/error.h>
#include <cotter/export.h>
#include <cotter/host_name.h>
#include <cotter/pin.h>

#include <filesystem>
#include <memory>
#include <string_view>

namespace cotter {

struct PolicyContent;

/// Immutable, cheap to copy, and to be asked by any number of threads at once.
class COTTER_EXPORT Policy {
  public:
    /// Every server must have the key (or be the certificate) of one of these pins, and prove it. Names, dates and
    /// issuers don't count. An empty set is an Error: it would let nobody in.
    [[nodiscard]] static Result<Policy> of_pins(const PinSet& pins);
    /// The same of pins as people write them, one or several joined by `;`: "sha256/…;sha256/…", `file:PATH`, and
    /// every other spelling of docs/pins.md.
    [[nodiscard]] static Result<Policy> of_pins(std::string_view pins);

    /// Each host by its entry in a policy file (policy.toml, docs/policy.md). A host without an entry is refused
    /// (`no_policy`). Refused whole, with line and column: an unknown key, a bad pin, two equal entries.
    [[nodiscard]] static Result<Policy> read(const std::filesystem::path& file);
    /// The same of its text. `source` names it in errors; a relative `file:` pin is looked for in the working folder.
    [[nodiscard]] static Result<Policy> parse(std::string_view text, std::string_view source);

    /// Whether there is anything that it says of that server. If not, the server is refused.
    [[nodiscard]] bool covers(const HostPort& server) const;

    /// For the library itself.
    [[nodiscard]] const PolicyContent& content() const { return *content_; }

  private:
    explicit Policy(std::shared_ptr<const PolicyContent> content) : content_(std::move(content)) {}
    std::shared_ptr<const PolicyContent> content_;
};

}  // namespace cotter
