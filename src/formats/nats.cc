// NATS' pins, both ways. Of its configuration only as much is read as tells the list from comments and texts.
#include "formats/nats.h"

#include "formats/losses.h"
#include "formats/reading.h"
#include "text/encoding.h"
#include "text/escape.h"

#include <algorithm>
#include <optional>

namespace cotter::formats {
namespace {

constexpr std::string_view kName = "NATS";
constexpr std::string_view kKey = "pinned_certs";
constexpr Room kRoom{.format = kName, .path = Path::kAlways, .positions = Positions::kLeaf};

struct Token {
    enum class Kind : std::uint8_t { kWord, kQuoted, kMark };
    Kind kind = Kind::kMark;
    std::string_view text;  ///< of a quoted text what stands in the quotes
    std::size_t offset = 0;

    [[nodiscard]] bool is_mark(char mark) const { return kind == Kind::kMark && text == std::string_view(&mark, 1); }
};

bool is_key(const Token& token) {
    return token.kind != Token::Kind::kMark && std::ranges::equal(token.text, kKey, [](char a, char b) {
               return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
           });
}

class ListReader {
  public:
    ListReader(std::string_view text, const ImportContext& context) : text_(text), context_(context) {}

    Result<trust::ServerPolicy> read() {
        bool has_list = false;
        for (;;) {
            const auto token = next();
            if (!token) return unexpected(token.error());
            if (!*token) break;
            if (!is_key(**token)) continue;
            if (has_list) {
                return refuse((*token)->offset, "two_lists", "there is a second pinned_certs, of another connection",
                              "give the tls block of one connection alone");
            }
            has_list = true;
            if (auto done = read_list((*token)->offset); !done) return unexpected(done.error());
        }
        if (!has_list) return refuse(0, "no_pins", "there is no pinned_certs in it");
        policy_.trust = trust::TrustMode::kChainAndPins;
        policy_.match = trust::Match::kLeaf;
        return policy_;
    }

  private:
    [[nodiscard]] unexpected<Error> refuse(std::size_t offset, std::string code, std::string why,
                                           std::string advice = {}) const {
        return refuse_at(context_, text_, offset, std::move(code), std::move(why), std::move(advice));
    }

    static bool is_separator(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

    /// Past white space, and comments that begin with # or //.
    void skip() {
        while (at_ < text_.size()) {
            if (is_separator(text_[at_])) {
                ++at_;
            } else if (text_[at_] == '#' || text_.substr(at_).starts_with("//")) {
                at_ = std::min(text_.find('\n', at_), text_.size());
            } else {
                return;
            }
        }
    }

    Result<std::optional<Token>> next() {
        constexpr std::string_view kMarks = "{}[]()=:,;";
        skip();
        if (at_ == text_.size()) return std::nullopt;
        const std::size_t begin = at_;
        const char c = text_[at_];
        if (c == '"' || c == '\'') {
            do {
                at_ = text_.find(c, at_ + 1);
            } while (at_ != std::string_view::npos && c == '"' && is_escaped(at_));
            if (at_ == std::string_view::npos) return refuse(begin, "bad_quotes", "the quotes are not closed");
            ++at_;
            return Token{Token::Kind::kQuoted, text_.substr(begin + 1, at_ - begin - 2), begin};
        }
        ++at_;
        if (kMarks.contains(c)) return Token{Token::Kind::kMark, text_.substr(begin, 1), begin};
        while (at_ < text_.size() && !is_separator(text_[at_]) && !kMarks.contains(text_[at_])) ++at_;
        return Token{Token::Kind::kWord, text_.substr(begin, at_ - begin), begin};
    }

    [[nodiscard]] bool is_escaped(std::size_t quote) const {
        std::size_t slashes = 0;
        while (text_[quote - slashes - 1] == '\\') ++slashes;
        return slashes % 2 == 1;
    }

    Result<Token> needed(std::size_t list) {
        auto token = next();
        if (!token) return unexpected(token.error());
        if (!*token) return refuse(list, "bad_list", "the list of pinned_certs has no end");
        return **token;
    }

    Result<void> read_list(std::size_t begin) {
        auto token = needed(begin);
        if (token && (token->is_mark(':') || token->is_mark('='))) token = needed(begin);
        if (!token) return unexpected(token.error());
        if (!token->is_mark('[')) {
            return refuse(token->offset, "bad_list", "pinned_certs is a list: a [ is needed here");
        }
        for (;;) {
            token = needed(begin);
            if (!token) return unexpected(token.error());
            if (token->is_mark(']')) break;
            if (token->is_mark(',') || token->is_mark(';')) continue;
            if (token->kind == Token::Kind::kMark) {
                return refuse(token->offset, "bad_list", "a text of 64 hex digits is needed here");
            }
            auto pin = pin_from_hex(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256, token->text);
            if (!pin) return placed(pin.error(), place_at(context_.source, text_, token->offset));
            add_pin(policy_, std::move(*pin));
        }
        if (policy_.pins.empty()) {
            return refuse(begin, "empty_pinset", "the list is empty, which pins nothing");
        }
        return {};
    }

    std::string_view text_;
    const ImportContext& context_;
    std::size_t at_ = 0;
    trust::ServerPolicy policy_;
};

}  // namespace

Result<Imported> import_nats(std::string_view text, const ImportContext& context) {
    auto policy = ListReader(text, context).read();
    if (!policy) return unexpected(policy.error());
    auto host = host_from(context, kName);
    if (!host) return unexpected(host.error());
    Imported imported;
    imported.entries.push_back({std::move(*host), std::move(*policy)});
    return imported;
}

Result<Exported> export_nats(const std::vector<trust::PolicyEntry>& entries, trust::Time now) {
    Exported exported;
    const auto writable_entries = writable(entries, kRoom, now, exported.lost);
    if (!writable_entries) return unexpected(writable_entries.error());
    exported.text = "pinned_certs: [\n";
    for (const trust::PolicyPin& pin : writable_entries->front().pins) {
        exported.text += "  \"" + text::hex(pin.pin.octets()) + "\",\n";
    }
    exported.text += "]\n";
    return exported;
}

}  // namespace cotter::formats
