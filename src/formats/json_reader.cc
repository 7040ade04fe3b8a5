// JSON to a Document, by nlohmann's lexer and grammar; what it lets pass (a key twice, any depth) is refused here.
#include "formats/document.h"
#include "formats/reading.h"
#include "text/escape.h"

#include <nlohmann/json.hpp>

#include <unordered_set>

namespace cotter::formats {
namespace {

/// Tells how far the lexer has read, which its events don't.
class CountingIterator {
  public:
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;

    CountingIterator(const char* at, std::size_t* read) : at_(at), read_(read) {}
    reference operator*() const { return *at_; }
    CountingIterator& operator++() {
        ++at_;
        ++*read_;
        return *this;
    }
    CountingIterator operator++(int) {
        CountingIterator before = *this;
        ++*this;
        return before;
    }
    bool operator==(const CountingIterator& other) const { return at_ == other.at_; }

  private:
    const char* at_;
    std::size_t* read_;
};

/// Builds the tree from the events. `open_` are the containers round the next value, the outermost first.
class Builder : public nlohmann::json_sax<nlohmann::json> {
  public:
    Builder(std::string_view text, std::string_view source) : text_(text), source_(source) {}

    [[nodiscard]] std::size_t* read() { return &read_; }

    Result<Document> finish() && {
        if (error_) return unexpected(std::move(*error_));
        return std::move(root_);
    }

    bool null() override { return add({}, 4); }
    bool boolean(bool value) override {
        Document document = of(Document::Kind::kBoolean);
        document.is_true = value;
        return add(std::move(document), value ? 4 : 5);
    }
    bool number_integer(number_integer_t value) override { return add_number(std::to_string(value)); }
    bool number_unsigned(number_unsigned_t value) override { return add_number(std::to_string(value)); }
    bool number_float(number_float_t /*value*/, const string_t& literal) override { return add_number(literal); }
    bool string(string_t& value) override {
        Document document = of(Document::Kind::kText);
        document.text = std::move(value);
        return add(std::move(document), string_size());
    }
    bool binary(binary_t& /*value*/) override { return false; }
    bool start_object(std::size_t /*elements*/) override { return open(Document::Kind::kMap); }
    bool start_array(std::size_t /*elements*/) override { return open(Document::Kind::kList); }
    bool end_object() override { return close(); }
    bool end_array() override { return close(); }

    bool key(string_t& value) override {
        if (!keys_.back().insert(value).second) {
            return refuse(read_ - string_size(), "duplicate_key",
                          "the key " + text::escape(value, 64) + " stands twice");
        }
        open_.back()->keys.push_back(std::move(value));
        return true;
    }

    bool parse_error(std::size_t position, const std::string& /*token*/,
                     const nlohmann::json::exception& fault) override {
        // The library's own words begin with its name and its count of the place.
        const std::string_view words = fault.what();
        const std::size_t begin = words.find("syntax error");
        return refuse(
            position == 0 ? 0 : position - 1, "bad_json",
            "it is not JSON: " + text::escape(begin == std::string_view::npos ? words : words.substr(begin), 200));
    }

  private:
    static Document of(Document::Kind kind) {
        Document document;
        document.kind = kind;
        return document;
    }

    bool add_number(std::string literal) {
        Document document = of(Document::Kind::kNumber);
        document.text = std::move(literal);
        // The lexer has read one character more, unless the text has ended.
        const std::size_t end = text_.find_last_of("0123456789", read_ - 1) + 1;
        const std::size_t before = text_.find_last_not_of("+-.0123456789eE", end - 1);
        return add(std::move(document), read_ - (before == std::string_view::npos ? 0 : before + 1));
    }

    /// Octets of the string that the lexer has just read, with its quotes.
    [[nodiscard]] std::size_t string_size() const {
        for (std::size_t at = read_ - 1; at-- > 0;) {
            if (text_[at] != '"') continue;
            std::size_t slashes = 0;
            while (slashes < at && text_[at - slashes - 1] == '\\') ++slashes;
            if (slashes % 2 == 0) return read_ - at;
        }
        return read_;
    }

    Document* put(Document document) {
        if (open_.empty()) {
            root_ = std::move(document);
            return &root_;
        }
        open_.back()->items.push_back(std::move(document));
        return &open_.back()->items.back();
    }

    bool add(Document document, std::size_t size) {
        place(document, read_ - std::min(size, read_));
        put(std::move(document));
        return true;
    }

    bool open(Document::Kind kind) {
        if (open_.size() == kMostDepth) {
            return refuse(read_ - 1, "too_deep", "it is nested more than " + std::to_string(kMostDepth) + " deep");
        }
        Document document = of(kind);
        place(document, read_ - 1);
        // A container's address stays while it is open: its own parent grows only after it has been closed.
        open_.push_back(put(std::move(document)));
        keys_.emplace_back();
        return true;
    }

    bool close() {
        open_.pop_back();
        keys_.pop_back();
        return true;
    }

    /// Events come in the text's order, so lines are counted on from the last one.
    void place(Document& document, std::size_t offset) {
        for (; counted_ < offset; ++counted_) {
            ++column_;
            if (text_[counted_] != '\n') continue;
            ++line_;
            column_ = 1;
        }
        document.line = line_;
        document.column = column_;
    }

    bool refuse(std::size_t offset, std::string code, std::string why) {
        if (!error_) {
            error_ = refuse_place(place_at(source_, text_, offset), std::move(code), std::move(why)).value();
        }
        return false;
    }

    std::string_view text_;
    std::string_view source_;
    std::size_t read_ = 0;
    std::size_t counted_ = 0;
    std::size_t line_ = 1;
    std::size_t column_ = 1;
    Document root_;
    std::vector<Document*> open_;
    std::vector<std::unordered_set<std::string>> keys_;
    std::optional<Error> error_;
};

}  // namespace

Result<Document> read_json(std::string_view text, std::string_view source, bool allow_comments) {
    if (text.size() > kMostDocumentOctets) {
        return refuse_place(place_at(source, text, 0), "too_large", "it has more than 16 MiB");
    }
    Builder builder(text, source);
    const CountingIterator begin(text.data(), builder.read());
    const CountingIterator end(text.data() + text.size(), builder.read());
    static_cast<void>(
        nlohmann::json::sax_parse(begin, end, &builder, nlohmann::json::input_format_t::json, true, allow_comments));
    return std::move(builder).finish();
}

}  // namespace cotter::formats
