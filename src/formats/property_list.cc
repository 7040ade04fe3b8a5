// XML property lists to a Document.
#include "formats/document.h"
#include "formats/xml_reader.h"
#include "text/escape.h"

#include <unordered_set>

namespace cotter::formats {
namespace {

class PropertyListReader {
  public:
    explicit PropertyListReader(const XmlText& xml) : xml_(xml) {}

    Result<Document> read() const {
        const pugi::xml_node root = xml_.root();
        if (std::string_view(root.name()) != "plist") {
            return xml_.refuse(root, "no_property_list", "it is XML, but no property list",
                               "a property list begins with <plist version=\"1.0\">");
        }
        const auto values = elements(root);
        if (!values) return unexpected(values.error());
        if (values->size() != 1) return xml_.refuse(root, "bad_property_list", "a property list holds one value");
        return value(values->front());
    }

  private:
    /// The elements inside; text between them is refused.
    [[nodiscard]] Result<std::vector<pugi::xml_node>> elements(pugi::xml_node node) const {
        std::vector<pugi::xml_node> result;
        for (const pugi::xml_node child : node.children()) {
            if (child.type() == pugi::node_element) {
                result.push_back(child);
            } else if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) {
                return xml_.refuse(child, "bad_property_list", "there is text between the elements");
            }
        }
        return result;
    }

    [[nodiscard]] Document of(pugi::xml_node node, Document::Kind kind) const {
        const Place place = xml_.place(node);
        Document document;
        document.kind = kind;
        document.line = place.line.value_or(1);
        document.column = place.column.value_or(1);
        return document;
    }

    [[nodiscard]] Result<Document> scalar(pugi::xml_node node, Document::Kind kind) const {
        auto text = only_text(node);
        if (!text) return xml_.refuse(node, "bad_property_list", "there are elements inside of a text");
        Document document = of(node, kind);
        document.text = kind == Document::Kind::kText ? std::move(*text) : std::string(trimmed(*text));
        return document;
    }

    // Depth is bounded by XmlText.
    // NOLINTNEXTLINE(misc-no-recursion)
    [[nodiscard]] Result<Document> value(pugi::xml_node node) const {
        const std::string_view name = node.name();
        if (name == "dict") return dictionary(node);
        if (name == "array") return array(node);
        if (name == "string") return scalar(node, Document::Kind::kText);
        if (name == "integer" || name == "real") return scalar(node, Document::Kind::kNumber);
        if (name == "date") return scalar(node, Document::Kind::kDate);
        if (name == "data") return scalar(node, Document::Kind::kNull);
        if (name == "true" || name == "false") {
            if (node.first_child()) return xml_.refuse(node, "bad_property_list", "true and false hold nothing");
            Document document = of(node, Document::Kind::kBoolean);
            document.is_true = name == "true";
            return document;
        }
        return xml_.refuse(node, "bad_property_list", "a property list has no <" + text::escape(name, 32) + ">");
    }

    // NOLINTNEXTLINE(misc-no-recursion)
    [[nodiscard]] Result<Document> array(pugi::xml_node node) const {
        const auto values = elements(node);
        if (!values) return unexpected(values.error());
        Document document = of(node, Document::Kind::kList);
        for (const pugi::xml_node child : *values) {
            auto item = value(child);
            if (!item) return item;
            document.items.push_back(std::move(*item));
        }
        return document;
    }

    // NOLINTNEXTLINE(misc-no-recursion)
    [[nodiscard]] Result<Document> dictionary(pugi::xml_node node) const {
        const auto values = elements(node);
        if (!values) return unexpected(values.error());
        Document document = of(node, Document::Kind::kMap);
        std::unordered_set<std::string> known;
        for (std::size_t i = 0; i < values->size(); i += 2) {
            const pugi::xml_node key = (*values)[i];
            const auto text = only_text(key);
            if (std::string_view(key.name()) != "key" || !text) {
                return xml_.refuse(key, "bad_property_list", "a <key> is needed here");
            }
            if (i + 1 == values->size()) return xml_.refuse(key, "bad_property_list", "the key has no value");
            if (!known.insert(*text).second) {
                return xml_.refuse(key, "duplicate_key", "the key " + text::escape(*text, 64) + " stands twice");
            }
            auto item = value((*values)[i + 1]);
            if (!item) return item;
            document.keys.push_back(*text);
            document.items.push_back(std::move(*item));
        }
        return document;
    }

    const XmlText& xml_;
};

}  // namespace

Result<Document> read_property_list(std::string_view text, std::string_view source) {
    if (text.starts_with("bplist")) {
        return refuse_place({std::string(source), 1, 1, std::nullopt}, "binary_property_list",
                            "it is a binary property list", "plutil -convert xml1 FILE makes XML of it");
    }
    const auto xml = XmlText::parse(text, source, Doctype::kIgnored);
    if (!xml) return unexpected(xml.error());
    return PropertyListReader(*xml).read();
}

Result<Document> read_property_list_or_json(std::string_view text, std::string_view source) {
    const std::string_view content = trimmed(text);
    if (content.starts_with('{') || content.starts_with('[')) return read_json(text, source);
    return read_property_list(text, source);
}

}  // namespace cotter::formats
