// PeerLine: one line of known_peers, and its grammar (docs/continuity.md).
#pragma once

#include "evidence/peer_name.h"
#include "trust/sight.h"

#include <cotter/pin.h>

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace cotter::evidence {

/// A key that is remembered for a host and port, or, revoked, that is refused at every host.
struct PeerEntry {
    bool is_revoked = false;
    PeerName name;
    Pin pin;
    x509::Time first_seen;
    x509::Time last_seen;
    trust::Sight sight;   ///< of the certificate when it was last seen
    std::string comment;  ///< from `#` on; may be empty
    /// Of a key that has been announced and not yet been presented: the remembered key that announced it.
    std::optional<Pin> follows{};

    bool operator==(const PeerEntry&) const = default;
};

/// A line whose mark this version doesn't know. What it says of that peer and that key isn't known, so it lets neither
/// pass; every other line counts, and it is kept as it is.
struct ForeignMark {
    std::string mark;
    PeerName name;
    Pin pin;

    bool operator==(const ForeignMark&) const = default;
};

class PeerLine {
  public:
    /// A comment, an empty line, an entry or a foreign mark; nothing where it is none of these.
    [[nodiscard]] static std::optional<PeerLine> parse(std::string_view text);
    [[nodiscard]] static PeerLine of(PeerEntry entry);

    [[nodiscard]] const std::string& text() const { return text_; }  ///< exactly as read, without the newline
    [[nodiscard]] const PeerEntry* entry() const { return std::get_if<PeerEntry>(&meaning_); }
    [[nodiscard]] const ForeignMark* foreign() const { return std::get_if<ForeignMark>(&meaning_); }

  private:
    struct Remark {};
    using Meaning = std::variant<Remark, PeerEntry, ForeignMark>;
    PeerLine(std::string text, Meaning meaning) : text_(std::move(text)), meaning_(std::move(meaning)) {}

    std::string text_;
    Meaning meaning_;
};

/// Whether the text can stand in a comment: no control character, which could begin another line.
[[nodiscard]] bool is_comment_text(std::string_view text);

}  // namespace cotter::evidence
