// Document: one tree for what JSON, YAML and property lists can say, with the place of every value. Each reader refuses
// what its grammar leaves open: a key twice, too deep, aliases, entities.
#pragma once

#include <cotter/error.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cotter::formats {

/// Bounds of every reader that makes a tree.
inline constexpr std::size_t kMostDepth = 64;
inline constexpr std::size_t kMostDocumentOctets = std::size_t{16} << 20U;

struct Document {
    enum class Kind : std::uint8_t {
        kText,
        kPlain,  ///< YAML's unquoted scalar: a text, a boolean or a number, by who asks
        kBoolean,
        kNumber,  ///< `text` is the literal
        kDate,    ///< a property list's; `text` is the literal
        kNull,
        kList,
        kMap,
    };

    Kind kind = Kind::kNull;
    std::string text;               ///< of kText, kPlain, kNumber and kDate
    bool is_true = false;           ///< of kBoolean
    std::vector<std::string> keys;  ///< of kMap, in the text's order, each once; as many as items
    std::vector<Document> items;    ///< of kList and kMap
    std::size_t line = 1;
    std::size_t column = 1;

    [[nodiscard]] bool is_map() const { return kind == Kind::kMap; }
    [[nodiscard]] bool is_list() const { return kind == Kind::kList; }
    /// What stands under the key; null if nothing does or this is no map.
    [[nodiscard]] const Document* find(std::string_view key) const;
};

/// An Error about a place, of code, reason and advice.
[[nodiscard]] unexpected<Error> refuse_place(Place place, std::string code, std::string why, std::string next = {});
/// The same about a value that a reader of `source` gave.
[[nodiscard]] unexpected<Error> refuse_value(std::string_view source, const Document& value, std::string code,
                                             std::string why, std::string next = {});
[[nodiscard]] Place place_of(std::string_view source, const Document& value);

/// RFC 8259; with `allow_comments`, C++'s comments count as white space. A key twice, more than kMostDepth levels, more
/// octets than kMostDocumentOctets and what follows the value are refused.
[[nodiscard]] Result<Document> read_json(std::string_view text, std::string_view source, bool allow_comments = false);

/// YAML 1.1 as libyaml reads it: every document of the stream. Aliases, anchors, tags, keys that are no scalars, a key
/// twice, and what passes the bounds are refused.
[[nodiscard]] Result<std::vector<Document>> read_yaml(std::string_view text, std::string_view source);

/// Apple's XML property list (PropertyList-1.0.dtd). A dictionary's key twice, an element of another kind, and a binary
/// list are refused; so is what xml_reader.h refuses.
[[nodiscard]] Result<Document> read_property_list(std::string_view text, std::string_view source);

/// A property list in XML, or the same in JSON, as plutil and wrappers for other languages write it.
[[nodiscard]] Result<Document> read_property_list_or_json(std::string_view text, std::string_view source);

/// A map being read key by key, by type; what nobody asked for can be listed.
class Fields {
  public:
    /// Both must outlive the reader; `map` is a map.
    Fields(const Document& map, std::string_view source) : map_(&map), source_(source) {}

    // Each gives the value, nothing if the key is absent, and an Error for another type.
    [[nodiscard]] Result<std::optional<std::string>> text(std::string_view key);
    [[nodiscard]] Result<std::optional<bool>> boolean(std::string_view key);
    [[nodiscard]] Result<const Document*> list(std::string_view key);
    [[nodiscard]] Result<const Document*> map(std::string_view key);
    /// A list of texts; empty if the key is absent.
    [[nodiscard]] Result<std::vector<const Document*>> texts(std::string_view key);
    /// What stands under the key, of whatever type; null if absent.
    [[nodiscard]] const Document* any(std::string_view key);

    /// The keys that nobody asked for, in the text's order.
    [[nodiscard]] std::vector<std::string> unread() const;

    /// An Error about what stands under the key, or about the map if nothing does.
    [[nodiscard]] unexpected<Error> refuse(std::string_view key, std::string code, std::string why,
                                           std::string next = {}) const;

  private:
    const Document* map_;
    std::string_view source_;
    std::vector<std::string> asked_;
};

/// The text of a scalar that can be one; nothing for another kind.
[[nodiscard]] std::optional<std::string_view> text_of(const Document& value);

/// `text` as a string literal of JSON, which is one of YAML, too; invalid UTF-8 becomes U+FFFD.
[[nodiscard]] std::string json_quoted(std::string_view text);

}  // namespace cotter::formats
