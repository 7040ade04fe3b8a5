// Reading pins out of Kotlin, Java, or lines.
#include "formats/okhttp.h"

#include "formats/reading.h"
#include "formats/wider_pins.h"
#include "text/escape.h"

#include <algorithm>
#include <optional>

namespace cotter::formats {
namespace {

bool is_identifier_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$';
}

bool is_white_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct Word {
    std::string_view text;
    std::size_t offset = 0;
};

class OkHttpText {
  public:
    OkHttpText(std::string_view text, const ImportContext& context) : text_(text), context_(context) {}

    Result<Imported> read() {
        if (auto done = is_code() ? read_code() : read_lines(); !done) return unexpected(done.error());
        Imported result;
        result.entries = entries_.take();
        add_wider_pins(result.entries, result.lost);
        return result;
    }

  private:
    unexpected<Error> refuse(std::size_t offset, std::string code, std::string why, std::string next = {}) const {
        return refuse_at(context_, text_, offset, std::move(code), std::move(why), std::move(next));
    }

    /// A call, or the class that has it.
    [[nodiscard]] bool is_code() const {
        if (text_.contains("CertificatePinner")) return true;
        for (std::size_t at = text_.find("add"); at != std::string_view::npos; at = text_.find("add", at + 1)) {
            const std::size_t next = text_.find_first_not_of(" \t\r\n", at + 3);
            if (next != std::string_view::npos && text_[next] == '(') return true;
        }
        return false;
    }

    /// Every call of a function named add, outside of comments and strings.
    Result<void> read_code() {
        for (at_ = 0; at_ < text_.size();) {
            if (skip_comment()) continue;
            if (text_[at_] == '"' || text_[at_] == '\'') {
                skip_string();
                continue;
            }
            if (!is_identifier_character(text_[at_])) {
                ++at_;
                continue;
            }
            const std::size_t begin = at_;
            while (at_ < text_.size() && is_identifier_character(text_[at_])) ++at_;
            const std::string_view word = text_.substr(begin, at_ - begin);
            if (word == "CertificatePinner" && begins_a_builder() && ++builders_ > 1) {
                return refuse(begin, "two_lists",
                              "there is a second pinner in it, and its pins would count for the first",
                              "give the text of one CertificatePinner alone");
            }
            if (word != "add") continue;
            skip_gaps();
            if (at_ < text_.size() && text_[at_] == '(') {
                if (auto done = read_call(begin); !done) return done;
            }
        }
        if (nested_comment_) {
            return refuse(*nested_comment_, "nested_comment",
                          "Kotlin ends this comment elsewhere than Java does, and what follows might be either's",
                          "take the comment out");
        }
        return {};
    }

    /// Whether `.Builder` follows.
    bool begins_a_builder() {
        skip_gaps();
        if (at_ == text_.size() || text_[at_] != '.') return false;
        ++at_;
        skip_gaps();
        return text_.substr(at_).starts_with("Builder");
    }

    /// Gives whether a comment stood there; one that never ends takes the rest.
    bool skip_comment() {
        const std::string_view rest = text_.substr(at_);
        if (!rest.starts_with("//") && !rest.starts_with("/*")) return false;
        const bool is_line = rest[1] == '/';
        const std::size_t end = is_line ? rest.find('\n') : rest.find("*/", 2);
        const std::size_t inner = is_line ? std::string_view::npos : rest.find("/*", 2);
        if (inner < end && !nested_comment_) nested_comment_ = at_ + inner;
        at_ = end == std::string_view::npos ? text_.size() : at_ + end + (is_line ? 1 : 2);
        return true;
    }

    void skip_string() {
        const char quote = text_[at_];
        if (text_.substr(at_).starts_with("\"\"\"")) {
            const std::size_t end = text_.find("\"\"\"", at_ + 3);
            at_ = end == std::string_view::npos ? text_.size() : end + 3;
            return;
        }
        for (++at_; at_ < text_.size() && text_[at_] != quote && text_[at_] != '\n'; ++at_) {
            if (text_[at_] == '\\') ++at_;
        }
        at_ = std::min(at_ + 1, text_.size());
    }

    void skip_gaps() {
        while (at_ < text_.size() && (is_white_space(text_[at_]) || skip_comment())) {
            if (at_ < text_.size() && is_white_space(text_[at_])) ++at_;
        }
    }

    /// add("PATTERN", "sha256/…", …): literals alone. A call with one argument is of something else.
    Result<void> read_call(std::size_t begin) {
        ++at_;
        std::vector<Word> words;
        for (;;) {
            skip_gaps();
            if (at_ < text_.size() && text_[at_] == ')' && words.size() != 1) break;
            const std::size_t argument = at_;
            auto word = literal();
            if (!word) {
                at_ = argument;
                const bool is_other = words.empty() && is_of_one_argument();
                at_ = argument;  // what stands inside may be a call with pins
                if (is_other) return {};
                return unexpected(word.error());
            }
            words.push_back(*word);
            skip_gaps();
            const char after = at_ < text_.size() ? text_[at_] : '\0';
            if (after != ',' && after != ')') {
                return refuse(at_, "not_literal",
                              "a text that is put together can't be read: it is known only when it runs",
                              "write the pattern and the pins as they are");
            }
            if (after == ')' && words.size() == 1) return {};
            if (after == ')') break;
            ++at_;
        }
        ++at_;
        if (words.empty()) return {};
        return take(words, begin);
    }

    [[nodiscard]] Result<Word> literal() {
        if (at_ >= text_.size() || text_[at_] != '"') {
            return refuse(at_, "not_literal", "that is not a text in quotes: it is known only when it runs",
                          "write the pattern and the pins as they are");
        }
        const std::size_t open = at_++;
        const std::size_t begin = at_;
        while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\n') {
            if (text_[at_] == '$' || text_[at_] == '\\') {
                return refuse(at_, "not_literal", "neither a pattern nor a pin has such a character",
                              "write the pattern and the pins as they are");
            }
            ++at_;
        }
        if (at_ >= text_.size() || text_[at_] != '"') return refuse(open, "bad_quotes", "the quotes are not closed");
        return Word{text_.substr(begin, at_++ - begin), begin};
    }

    /// From here to the closing parenthesis no comma on this level: `list.add(x)` has no pins. Not so deep that calls
    /// in calls would be looked through again and again.
    bool is_of_one_argument() {
        constexpr int kDeepest = 64;
        int depth = 0;
        while (at_ < text_.size()) {
            if (skip_comment()) continue;
            const char c = text_[at_];
            if (c == '"' || c == '\'') {
                skip_string();
                continue;
            }
            if (c == ',' && depth == 0) return false;
            if (c == '(' || c == '[' || c == '{') ++depth;
            if (c == ')' || c == ']' || c == '}') --depth;
            ++at_;
            if (depth < 0) return true;
            if (depth > kDeepest) return false;
        }
        return false;
    }

    /// PATTERN and pins, one or more to a line, parted by blanks or commas; # begins a comment.
    Result<void> read_lines() {
        for (std::size_t begin = 0; begin < text_.size();) {
            const std::size_t end = std::min(text_.find('\n', begin), text_.size());
            std::vector<Word> words;
            for (std::size_t i = begin; i < end && text_[i] != '#'; ++i) {
                if (is_white_space(text_[i]) || text_[i] == ',' || text_[i] == '"') continue;
                const std::size_t stop = std::min(text_.find_first_of(" \t\r\v\f,\"", i), end);
                words.push_back({text_.substr(i, stop - i), i});
                i = stop - 1;
            }
            if (!words.empty()) {
                if (auto done = take(words, begin); !done) return done;
            }
            begin = end + 1;
        }
        return {};
    }

    Result<void> take(const std::vector<Word>& words, std::size_t begin) {
        auto pattern = pattern_of(words.front());
        if (!pattern) return unexpected(pattern.error());
        if (words.size() < 2) return refuse(begin, "no_pins", "the pattern has no pin");
        trust::PolicyEntry& entry = entries_.at(*pattern, pins_in_a_chain());
        for (std::size_t i = 1; i < words.size(); ++i) {
            auto pin = pin_of(words[i]);
            if (!pin) return unexpected(pin.error());
            add_pin(entry.policy, std::move(*pin));
        }
        return {};
    }

    [[nodiscard]] Result<trust::HostPattern> pattern_of(const Word& word) const {
        constexpr std::string_view kAnyDepth = "**.";
        const bool below = word.text.starts_with(kAnyDepth);
        auto pattern =
            trust::HostPattern::parse(below ? word.text.substr(kAnyDepth.size()) : word.text, std::nullopt, below);
        if (!pattern) return placed(std::move(pattern.error()), place_at(context_.source, text_, word.offset));
        return pattern;
    }

    [[nodiscard]] Result<Pin> pin_of(const Word& word) const {
        constexpr std::string_view kPrefix = "sha256/";
        if (word.text.starts_with("sha1/")) {
            return refuse(word.offset, "sha1_pin", "a SHA-1 of a key binds nothing, and nothing else can be made of it",
                          "cotter pin HOST:PORT prints the pins of the live server");
        }
        if (!word.text.starts_with(kPrefix)) {
            return refuse(word.offset, "not_a_pin",
                          "\"" + text::escape(word.text, 80) + "\" is not sha256/ and a digest in base64");
        }
        auto pin =
            pin_from_base64(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256, word.text.substr(kPrefix.size()));
        if (!pin) return placed(std::move(pin.error()), place_at(context_.source, text_, word.offset));
        return pin;
    }

    std::size_t builders_ = 0;
    std::optional<std::size_t> nested_comment_;
    std::string_view text_;
    const ImportContext& context_;
    std::size_t at_ = 0;
    EntriesByHost entries_;
};

}  // namespace

Result<Imported> import_okhttp(std::string_view text, const ImportContext& context) {
    return OkHttpText(text, context).read();
}

}  // namespace cotter::formats
