// The look through the text before pugixml sees it, and pugixml's tree after.
#include "formats/xml_reader.h"

#include "formats/document.h"
#include "formats/reading.h"
#include "text/escape.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <unordered_set>

namespace cotter::formats {
namespace {

constexpr std::size_t kMostXmlOctets = std::size_t{1} << 20U;
constexpr std::string_view kSpace = " \t\r\n";

bool is_space(char c) {
    return kSpace.contains(c);
}

/// The number of a character of XML 1.0 (2.2), in decimal or after an x in hex. A zero among them would end pugixml's
/// texts early.
bool is_character(std::string_view number) {
    const bool is_hex = number.starts_with('x');
    if (is_hex) number.remove_prefix(1);
    std::uint32_t code = 0;
    const auto [end, fault] = std::from_chars(number.data(), number.data() + number.size(), code, is_hex ? 16 : 10);
    if (fault != std::errc{} || end != number.data() + number.size()) return false;
    if (code < 0x20) return code == '\t' || code == '\n' || code == '\r';
    return code <= 0xd7ff || (code >= 0xe000 && code <= 0xfffd) || (code >= 0x10000 && code <= 0x10ffff);
}

/// Goes through the markup from tag to tag: what pugixml would let pass is refused here.
class MarkupCheck {
  public:
    MarkupCheck(std::string_view text, std::string_view source, Doctype doctype)
        : text_(text), source_(source), doctype_(doctype) {}

    Result<void> run() {
        for (const char& c : text_) {
            if (static_cast<unsigned char>(c) < 0x20 && !is_space(c)) {
                at_ = static_cast<std::size_t>(&c - text_.data());
                return refuse("bad_xml", "it has a control character, which no XML text may hold");
            }
        }
        while (at_ < text_.size()) {
            if (auto done = text_[at_] == '<' ? markup() : content(); !done) return done;
        }
        if (depth_ > 0) return refuse("bad_xml", "it ends inside of an element");
        if (!has_root_) return refuse("bad_xml", "it has no element");
        return {};
    }

  private:
    [[nodiscard]] unexpected<Error> refuse(std::string code, std::string why, std::string next = {}) const {
        return refuse_place(place_at(source_, text_, at_), std::move(code), std::move(why), std::move(next));
    }
    [[nodiscard]] std::string_view rest() const { return text_.substr(at_); }

    Result<void> content() {
        if (depth_ == 0 && !is_space(text_[at_])) return refuse("bad_xml", "there is text outside of the root element");
        if (rest().starts_with("]]>")) return refuse("bad_xml", "]]> stands outside of a CDATA section");
        if (text_[at_] == '&') return reference();
        ++at_;
        return {};
    }

    /// One of XML's own entities, or a character by its number.
    Result<void> reference() {
        constexpr std::size_t kLongest = 12;
        constexpr std::array<std::string_view, 5> kEntities{"lt", "gt", "amp", "quot", "apos"};
        const std::size_t end = rest().substr(0, kLongest).find(';');
        if (end == std::string_view::npos) return refuse("bad_xml", "an & begins nothing", "write it as &amp;");
        const std::string_view name = rest().substr(1, end - 1);
        if (name.starts_with('#')) {
            if (!is_character(name.substr(1))) {
                return refuse("bad_xml", "&" + text::escape(name, 32) + "; is no character that XML may hold");
            }
        } else if (std::ranges::find(kEntities, name) == kEntities.end()) {
            return refuse("xml_entity",
                          "there is no entity &" + text::escape(name, 32) + "; here, and none is declared",
                          "write the text itself");
        }
        at_ += end + 1;
        return {};
    }

    Result<void> markup() {
        if (rest().starts_with("<!--")) return skip("-->", 4);
        if (rest().starts_with("<![CDATA[")) {
            if (depth_ == 0) return refuse("bad_xml", "there is text outside of the root element");
            return skip("]]>", 9);
        }
        if (rest().starts_with("<?")) return skip("?>", 2);
        if (rest().starts_with("<!")) return doctype();
        return tag();
    }

    Result<void> skip(std::string_view end, std::size_t begin) {
        const std::size_t found = text_.find(end, at_ + begin);
        if (found == std::string_view::npos) return refuse("bad_xml", "it has no end");
        at_ = found + end.size();
        return {};
    }

    Result<void> doctype() {
        if (doctype_ == Doctype::kRefused || !rest().starts_with("<!DOCTYPE") || has_root_ || has_doctype_) {
            return refuse("xml_doctype", "a document type or other declaration is not taken here",
                          "take it out, and write what it declares in its place");
        }
        has_doctype_ = true;
        const std::size_t end = rest().find_first_of("[>");
        if (end == std::string_view::npos || rest()[end] == '[') {
            return refuse("xml_doctype", "declarations inside of a document type are not taken here");
        }
        at_ += end + 1;
        return {};
    }

    /// A tag and its attributes; their syntax is pugixml's matter.
    Result<void> tag() {
        const std::size_t begin = at_;
        const bool is_end = rest().starts_with("</");
        if (!is_end && depth_ == 0 && has_root_) return refuse("bad_xml", "there is a second root element");
        if (!is_end && depth_ == kMostDepth) {
            return refuse("too_deep", "it is nested more than " + std::to_string(kMostDepth) + " deep");
        }
        ++at_;
        char quote = '\0';
        for (;; ++at_) {
            if (at_ == text_.size()) {
                at_ = begin;
                return refuse("bad_xml", "the tag has no end");
            }
            const char c = text_[at_];
            if (c == '<') return refuse("bad_xml", "a < stands inside of a tag", "write it as &lt;");
            if (c == '&') {
                if (auto done = reference(); !done) return done;
                --at_;
            } else if (quote != '\0') {
                if (c == quote) quote = '\0';
            } else if (c == '"' || c == '\'') {
                quote = c;
            } else if (c == '>') {
                break;
            }
        }
        const bool is_empty = !is_end && text_[at_ - 1] == '/';
        ++at_;
        if (is_end && depth_ == 0) {
            at_ = begin;
            return refuse("bad_xml", "an element ends that has not begun");
        }
        if (is_end) --depth_;
        if (!is_end && !is_empty) ++depth_;
        has_root_ = true;
        return {};
    }

    std::string_view text_;
    std::string_view source_;
    Doctype doctype_;
    std::size_t at_ = 0;
    std::size_t depth_ = 0;
    bool has_root_ = false;
    bool has_doctype_ = false;
};

/// The first element, in the text's order, with an attribute twice.
struct DoubleAttribute : pugi::xml_tree_walker {
    pugi::xml_node found;

    bool for_each(pugi::xml_node& node) override {
        std::unordered_set<std::string_view> names;
        for (const pugi::xml_attribute attribute : node.attributes()) {
            if (names.insert(attribute.name()).second) continue;
            found = node;
            return false;
        }
        return true;
    }
};

}  // namespace

Result<XmlText> XmlText::parse(std::string_view text, std::string_view source, Doctype doctype) {
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
    if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    if (text.size() > kMostXmlOctets) {
        return refuse_place(place_at(source, text, 0), "too_large", "it has more than 1 MiB");
    }
    if (auto done = MarkupCheck(text, source, doctype).run(); !done) return unexpected(done.error());
    XmlText result(text, source);
    const pugi::xml_parse_result parsed =
        result.tree_->load_buffer(text.data(), text.size(), pugi::parse_default, pugi::encoding_utf8);
    if (!parsed) {
        return refuse_place(
            place_at(source, text, static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, parsed.offset))), "bad_xml",
            "it is not well-formed XML: " + text::escape(parsed.description(), 200));
    }
    DoubleAttribute walker;
    result.tree_->traverse(walker);
    if (walker.found) return result.refuse(walker.found, "bad_xml", "an attribute stands twice in one element");
    return result;
}

XmlText::XmlText(std::string_view text, std::string_view source)
    : source_(source), line_begins_{0}, tree_(std::make_unique<pugi::xml_document>()) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\n') line_begins_.push_back(i + 1);
    }
}

Place XmlText::place(pugi::xml_node node) const {
    // pugixml points at the name, behind the <.
    const std::ptrdiff_t back = node.type() == pugi::node_element ? 1 : 0;
    const auto offset = static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, node.offset_debug() - back));
    const auto next = std::ranges::upper_bound(line_begins_, offset);
    const auto line = static_cast<std::size_t>(next - line_begins_.begin());
    return {source_, line, offset - line_begins_[line - 1] + 1, std::nullopt};
}

unexpected<Error> XmlText::refuse(pugi::xml_node node, std::string code, std::string why, std::string next) const {
    return refuse_place(place(node), std::move(code), std::move(why), std::move(next));
}

std::optional<std::string> only_text(pugi::xml_node node) {
    std::string text;
    for (const pugi::xml_node child : node.children()) {
        if (child.type() == pugi::node_element) return std::nullopt;
        if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) text += child.value();
    }
    return text;
}

std::string_view trimmed(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(kSpace);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

std::string xml_escaped(std::string_view text) {
    std::string result;
    for (const char c : text) {
        switch (c) {
            case '&': result += "&amp;"; break;
            case '<': result += "&lt;"; break;
            case '>': result += "&gt;"; break;
            case '"': result += "&quot;"; break;
            case '\'': result += "&apos;"; break;
            default: result += static_cast<unsigned char>(c) < 0x20 ? std::string("\xef\xbf\xbd") : std::string(1, c);
        }
    }
    return result;
}

}  // namespace cotter::formats
