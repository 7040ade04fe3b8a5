// XML as cotter reads it: pugixml's tree of a text that has been looked through before, since pugixml lets much pass.
// No DTD is ever read and no entity expanded but XML's own five.
#pragma once

#include <cotter/error.h>

#include <pugixml.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cotter::formats {

/// Whether a document type declaration may stand before the root element. It is never fetched, and one with
/// declarations of its own (an internal subset) is always refused.
enum class Doctype : std::uint8_t { kRefused, kIgnored };

class XmlText {
  public:
    /// Reads UTF-8 text of at most 1 MiB and 64 levels. Refused with line and column: what is not well-formed (XML
    /// 1.0), an entity other than &lt; &gt; &amp; &quot; &apos; and character references, a DTD, an attribute twice.
    [[nodiscard]] static Result<XmlText> parse(std::string_view text, std::string_view source,
                                               Doctype doctype = Doctype::kRefused);

    [[nodiscard]] pugi::xml_node root() const { return tree_->document_element(); }
    [[nodiscard]] Place place(pugi::xml_node node) const;
    [[nodiscard]] const std::string& source() const { return source_; }

    /// An Error about an element.
    [[nodiscard]] unexpected<Error> refuse(pugi::xml_node node, std::string code, std::string why,
                                           std::string next = {}) const;

  private:
    XmlText(std::string_view text, std::string_view source);

    std::string source_;
    std::vector<std::size_t> line_begins_;  ///< offsets, so that a place is found without counting anew
    std::unique_ptr<pugi::xml_document> tree_;
};

/// The text of an element that holds nothing else; nothing if it holds elements, too. White space round it is kept.
[[nodiscard]] std::optional<std::string> only_text(pugi::xml_node node);

[[nodiscard]] std::string_view trimmed(std::string_view text);  ///< without XML's white space round it

/// `text` for content and attribute values in quotes (XML 1.0, 2.4). What no XML may hold becomes U+FFFD.
[[nodiscard]] std::string xml_escaped(std::string_view text);

}  // namespace cotter::formats
