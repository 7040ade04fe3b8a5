// YAML to Documents, by libyaml's events.
#include "formats/document.h"
#include "text/escape.h"

#include <yaml.h>

#include <memory>
#include <unordered_set>

namespace cotter::formats {
namespace {

struct ParserDeleter {
    void operator()(yaml_parser_t* parser) const {
        yaml_parser_delete(parser);
        delete parser;
    }
};
using ParserPtr = std::unique_ptr<yaml_parser_t, ParserDeleter>;

/// One event, released at the end of its scope.
class Event {
  public:
    Event() = default;
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;
    ~Event() { yaml_event_delete(&event_); }
    [[nodiscard]] yaml_event_t* get() { return &event_; }
    yaml_event_t* operator->() { return &event_; }

  private:
    yaml_event_t event_{};
};

std::string_view scalar_text(const yaml_event_t& event) {
    return {reinterpret_cast<const char*>(event.data.scalar.value), event.data.scalar.length};
}

class YamlReader {
  public:
    YamlReader(std::string_view text, std::string_view source) : source_(source), parser_(new yaml_parser_t{}) {
        is_ready_ = yaml_parser_initialize(parser_.get()) == 1;
        if (!is_ready_) return;
        yaml_parser_set_encoding(parser_.get(), YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(parser_.get(), reinterpret_cast<const unsigned char*>(text.data()), text.size());
    }

    Result<std::vector<Document>> read() {
        if (!is_ready_) return failed("no_memory", "reading " + text::escape(source_), "there is no memory for it");
        for (;;) {
            Event event;
            if (yaml_parser_parse(parser_.get(), event.get()) != 1) return refuse_syntax();
            if (event->type == YAML_STREAM_END_EVENT) return std::move(documents_);
            if (auto done = take(*event.get()); !done) return unexpected(done.error());
        }
    }

  private:
    struct Open {
        Document document;
        std::unordered_set<std::string> known;
        bool awaits_value = false;  ///< a map's key has been read
    };

    Result<void> take(const yaml_event_t& event) {
        switch (event.type) {
            case YAML_ALIAS_EVENT:
                return refuse(event.start_mark, "yaml_alias", "an alias is not taken here",
                              "write the value out in its place");
            case YAML_SCALAR_EVENT:
                if (event.data.scalar.anchor != nullptr) return refuse_anchor(event);
                if (event.data.scalar.tag != nullptr) return refuse_tag(event);
                return take_scalar(event);
            case YAML_SEQUENCE_START_EVENT:
                if (event.data.sequence_start.anchor != nullptr) return refuse_anchor(event);
                if (event.data.sequence_start.tag != nullptr) return refuse_tag(event);
                return open(event, Document::Kind::kList);
            case YAML_MAPPING_START_EVENT:
                if (event.data.mapping_start.anchor != nullptr) return refuse_anchor(event);
                if (event.data.mapping_start.tag != nullptr) return refuse_tag(event);
                return open(event, Document::Kind::kMap);
            case YAML_SEQUENCE_END_EVENT:
            case YAML_MAPPING_END_EVENT: {
                Document document = std::move(open_.back().document);
                open_.pop_back();
                put(std::move(document));
                return {};
            }
            case YAML_NO_EVENT:
            case YAML_STREAM_START_EVENT:
            case YAML_STREAM_END_EVENT:
            case YAML_DOCUMENT_START_EVENT:
            case YAML_DOCUMENT_END_EVENT: return {};
        }
        return {};
    }

    static Document at(const yaml_event_t& event, Document::Kind kind) {
        Document document;
        document.kind = kind;
        document.line = event.start_mark.line + 1;
        document.column = event.start_mark.column + 1;
        return document;
    }

    [[nodiscard]] bool is_key_next() const {
        return !open_.empty() && open_.back().document.is_map() && !open_.back().awaits_value;
    }

    Result<void> take_scalar(const yaml_event_t& event) {
        const std::string_view text = scalar_text(event);
        if (is_key_next()) {
            Open& map = open_.back();
            if (!map.known.emplace(text).second) {
                return refuse(event.start_mark, "duplicate_key", "the key " + text::escape(text, 64) + " stands twice");
            }
            map.document.keys.emplace_back(text);
            map.awaits_value = true;
            return {};
        }
        const bool is_plain = event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        const bool is_null = is_plain && (text.empty() || text == "~" || text == "null");
        Document document = at(event, is_null    ? Document::Kind::kNull
                                      : is_plain ? Document::Kind::kPlain
                                                 : Document::Kind::kText);
        document.text = text;
        put(std::move(document));
        return {};
    }

    Result<void> open(const yaml_event_t& event, Document::Kind kind) {
        if (is_key_next()) return refuse(event.start_mark, "bad_key", "a key must be a plain word or a quoted text");
        if (open_.size() == kMostDepth) {
            return refuse(event.start_mark, "too_deep",
                          "it is nested more than " + std::to_string(kMostDepth) + " deep");
        }
        open_.push_back({at(event, kind), {}, false});
        return {};
    }

    void put(Document document) {
        if (open_.empty()) {
            documents_.push_back(std::move(document));
            return;
        }
        open_.back().document.items.push_back(std::move(document));
        open_.back().awaits_value = false;
    }

    [[nodiscard]] unexpected<Error> refuse(const yaml_mark_t& mark, std::string code, std::string why,
                                           std::string next = {}) const {
        return refuse_place({std::string(source_), mark.line + 1, mark.column + 1, std::nullopt}, std::move(code),
                            std::move(why), std::move(next));
    }
    [[nodiscard]] unexpected<Error> refuse_anchor(const yaml_event_t& event) const {
        return refuse(event.start_mark, "yaml_anchor", "an anchor is not taken here", "write the value without it");
    }
    [[nodiscard]] unexpected<Error> refuse_tag(const yaml_event_t& event) const {
        return refuse(event.start_mark, "yaml_tag", "a tag is not taken here", "write the value without it");
    }
    [[nodiscard]] unexpected<Error> refuse_syntax() const {
        const std::string_view problem = parser_->problem == nullptr ? "it can't be read" : parser_->problem;
        const std::string why = "it is not YAML: " + text::escape(problem, 200);
        // A fault of the encoding has an offset and no mark.
        if (parser_->error == YAML_READER_ERROR) return refuse(parser_->mark, "bad_yaml", why);
        return refuse(parser_->problem_mark, "bad_yaml", why);
    }

    std::string_view source_;
    ParserPtr parser_;
    bool is_ready_ = false;
    std::vector<Open> open_;
    std::vector<Document> documents_;
};

}  // namespace

Result<std::vector<Document>> read_yaml(std::string_view text, std::string_view source) {
    constexpr std::size_t kMostYamlOctets = std::size_t{1} << 20U;
    if (text.size() > kMostYamlOctets)
        return refuse_place({std::string(source), 1, 1, std::nullopt}, "too_large", "it has more than 1 MiB");
    return YamlReader(text, source).read();
}

}  // namespace cotter::formats
