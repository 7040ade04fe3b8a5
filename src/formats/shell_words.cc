// Splitting a command line.
#include "formats/shell_words.h"

#include "formats/reading.h"

#include <algorithm>

namespace cotter::formats {
namespace {

class Splitter {
  public:
    Splitter(std::string_view text, const ImportContext& context) : text_(text), context_(context) {}

    Result<std::vector<ShellWord>> run() {
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (is_space(c)) {
                end_word();
                ++at_;
            } else if (c == '#' && !in_word_) {
                at_ = std::min(text_.find('\n', at_), text_.size());
            } else if (c == '\\') {
                take_escaped();
            } else if (c == '"' || c == '\'') {
                if (auto done = take_quoted(c); !done) return unexpected(done.error());
            } else {
                take(c);
            }
        }
        end_word();
        return std::move(words_);
    }

  private:
    static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

    void begin_word() {
        if (!in_word_) words_.push_back({{}, at_});
        in_word_ = true;
    }
    void end_word() { in_word_ = false; }

    void take(char c) {
        begin_word();
        words_.back().text += c;
        ++at_;
    }

    void take_escaped() {
        const std::string_view rest = text_.substr(at_ + 1);
        for (const std::string_view end : {"\n", "\r\n"}) {
            if (!rest.starts_with(end)) continue;
            at_ += 1 + end.size();
            return;
        }
        begin_word();
        ++at_;
        if (at_ < text_.size()) take(text_[at_]);
    }

    Result<void> take_quoted(char quote) {
        const std::size_t begin = at_;
        begin_word();
        ++at_;
        while (at_ < text_.size() && text_[at_] != quote) {
            const bool is_escape = quote == '"' && text_[at_] == '\\' && at_ + 1 < text_.size() &&
                                   std::string_view("\"\\$`").contains(text_[at_ + 1]);
            if (is_escape) ++at_;
            take(text_[at_]);
        }
        if (at_ == text_.size()) return refuse_at(context_, text_, begin, "bad_quotes", "the quotes are not closed");
        ++at_;
        return {};
    }

    std::string_view text_;
    const ImportContext& context_;
    std::vector<ShellWord> words_;
    std::size_t at_ = 0;
    bool in_word_ = false;
};

}  // namespace

Result<std::vector<ShellWord>> shell_words(std::string_view text, const ImportContext& context) {
    return Splitter(text, context).run();
}

Result<std::vector<ShellWord>> option_values(const std::vector<ShellWord>& words, std::string_view name,
                                             std::string_view text, const ImportContext& context) {
    if (std::ranges::none_of(words, [](const ShellWord& word) { return word.text.starts_with('-'); })) return words;
    std::vector<ShellWord> values;
    const std::string with_value = std::string(name) + "=";
    for (std::size_t i = 0; i < words.size(); ++i) {
        const ShellWord& word = words[i];
        if (word.text.starts_with(with_value)) {
            values.push_back({word.text.substr(with_value.size()), word.offset + with_value.size()});
        } else if (word.text == name) {
            if (i + 1 == words.size()) {
                return refuse_at(context, text, word.offset, "no_value", std::string(name) + " has no value after it");
            }
            values.push_back(words[++i]);
        }
    }
    return values;
}

}  // namespace cotter::formats
