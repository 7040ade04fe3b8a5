// From a line to what it says, and back.
#include "evidence/peer_line.h"

#include "text/encoding.h"
#include "text/time.h"

#include <algorithm>

namespace cotter::evidence {
namespace {

constexpr std::string_view kRevokedMark = "@revoked";
constexpr std::string_view kNextMark = "@next";
constexpr std::string_view kSpace = " \t";

bool is_control(char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
}

/// Takes one word after another off a text.
class Words {
  public:
    explicit Words(std::string_view text) : rest_(text) {}

    std::string_view next() {
        const std::string_view word = peek();
        rest_.remove_prefix(std::min(rest_.size(), rest_.find_first_not_of(kSpace)) + word.size());
        return word;
    }
    [[nodiscard]] std::string_view peek() const {
        const std::string_view text = rest();
        return text.substr(0, text.find_first_of(kSpace));
    }
    /// All that is left, without the white space before it.
    [[nodiscard]] std::string_view rest() const {
        return rest_.substr(std::min(rest_.size(), rest_.find_first_not_of(kSpace)));
    }

  private:
    std::string_view rest_;
};

bool is_mark(std::string_view word) {
    return word.size() > 1 && word.front() == '@' && std::ranges::all_of(word.substr(1), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
           });
}

template <class T>
bool set_once(std::optional<T>& field, std::optional<T> value) {
    if (field || !value) return false;
    field = std::move(value);
    return true;
}

/// `until=`, `issuer=`, `issuer-key=` and `after=`, each at most once. A field that nobody knows might restrict the
/// line.
bool take_field(std::string_view word, trust::Sight& sight, std::optional<Pin>& follows) {
    const std::size_t equals = word.find('=');
    if (equals == std::string_view::npos) return false;
    const std::string_view name = word.substr(0, equals);
    const std::string_view value = word.substr(equals + 1);
    if (name == "after") {
        auto pin = Pin::parse(value);
        return pin && set_once(follows, std::optional(std::move(*pin)));
    }
    if (name == "issuer") return set_once(sight.issuer_name, octets_from_base64(value));
    if (name == "issuer-key") return set_once(sight.issuer_key, octets_from_base64(value));
    if (name != "until") return false;
    const auto until = text::parse_rfc3339(value);
    return until && set_once(sight.not_after, std::optional(*until));
}

std::string printed(const PeerEntry& entry) {
    const std::string_view mark = entry.is_revoked ? kRevokedMark : entry.follows ? kNextMark : "";
    std::string text = std::string(mark) + (mark.empty() ? "" : " ") + entry.name.to_string() + " " +
                       entry.pin.to_string() + " " + text::rfc3339(entry.first_seen) + " " +
                       text::rfc3339(entry.last_seen);
    if (entry.follows) text += " after=" + entry.follows->to_string();
    if (entry.sight.not_after) text += " until=" + text::rfc3339(*entry.sight.not_after);
    if (entry.sight.issuer_name) text += " issuer=" + text::base64(*entry.sight.issuer_name);
    if (entry.sight.issuer_key) text += " issuer-key=" + text::base64(*entry.sight.issuer_key);
    return entry.comment.empty() ? text : text + " " + entry.comment;
}

std::optional<PeerEntry> read_entry(std::string_view mark, PeerName name, Pin pin, Words words) {
    const bool is_revoked = mark == kRevokedMark;
    // A key that is right at every host is no such thing.
    if (name.is_everyone() && !is_revoked) return std::nullopt;
    const auto first = text::parse_rfc3339(words.next());
    const auto last = text::parse_rfc3339(words.next());
    if (!first || !last) return std::nullopt;
    trust::Sight sight;
    std::optional<Pin> follows;
    while (!words.rest().empty() && words.rest().front() != '#') {
        if (!take_field(words.next(), sight, follows)) return std::nullopt;
    }
    // Of a key that only was announced no certificate has been seen, and it doesn't follow itself.
    if (follows.has_value() != (mark == kNextMark) || (follows && (*follows == pin || sight.not_after)))
        return std::nullopt;
    if ((sight.issuer_key && !sight.issuer_name) || (sight.issuer_name && !sight.not_after)) return std::nullopt;
    return PeerEntry{is_revoked, std::move(name),           std::move(pin),    *first, *last,
                     sight,      std::string(words.rest()), std::move(follows)};
}

}  // namespace

bool is_comment_text(std::string_view text) {
    return std::ranges::none_of(text, is_control);
}

std::optional<PeerLine> PeerLine::parse(std::string_view text) {
    if (text.contains('\n')) return std::nullopt;
    if (text.empty() || text.front() == '#') return PeerLine(std::string(text), Remark{});
    if (std::ranges::any_of(text, is_control)) return std::nullopt;
    Words words(text);
    const bool is_marked = words.peek().starts_with('@');
    const std::string mark(is_marked ? words.next() : "");
    if (is_marked && !is_mark(mark)) return std::nullopt;
    auto name = PeerName::parse(words.next());
    auto pin = Pin::parse(words.next());
    if (!name || !pin) return std::nullopt;
    if (is_marked && mark != kRevokedMark && mark != kNextMark) {
        return PeerLine(std::string(text), ForeignMark{mark, std::move(*name), std::move(*pin)});
    }
    auto entry = read_entry(mark, std::move(*name), std::move(*pin), words);
    if (!entry) return std::nullopt;
    return PeerLine(std::string(text), std::move(*entry));
}

PeerLine PeerLine::of(PeerEntry entry) {
    std::string text = printed(entry);
    return {std::move(text), std::move(entry)};
}

}  // namespace cotter::evidence
