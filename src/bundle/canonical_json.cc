// Writing the tree.
#include "bundle/canonical_json.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace cotter::bundle {
namespace {

using formats::Document;
using Kind = formats::Document::Kind;

std::string canonical_string(std::string_view text) {
    std::string result = "\"";
    for (const char octet : text) {
        if (octet == '"' || octet == '\\') result += '\\';
        result += octet;
    }
    return result + '"';
}

bool is_whole(std::string_view literal) {
    std::int64_t as_signed = 0;
    std::uint64_t as_unsigned = 0;
    const char* const begin = literal.data();
    const char* const end = begin + literal.size();
    const auto is_all = [&](std::from_chars_result read) { return read.ec == std::errc() && read.ptr == end; };
    return is_all(std::from_chars(begin, end, as_signed)) || is_all(std::from_chars(begin, end, as_unsigned));
}

/// Adds to `text`; whatever can't be written is an Error.
Result<void> add_canonical(const Document& value, std::string& text) {
    switch (value.kind) {
        case Kind::kNull: text += "null"; return {};
        case Kind::kBoolean: text += value.is_true ? "true" : "false"; return {};
        case Kind::kText: text += canonical_string(value.text); return {};
        case Kind::kNumber:
            if (!is_whole(value.text)) {
                return malformed(
                    "not_canonical", "reading signed JSON",
                    "it has a number that is not whole, or has more than 64 bits: " + value.text.substr(0, 32));
            }
            text += value.text;
            return {};
        case Kind::kList:
            text += '[';
            for (std::size_t i = 0; i < value.items.size(); ++i) {
                if (i != 0) text += ',';
                if (auto added = add_canonical(value.items[i], text); !added) return added;
            }
            text += ']';
            return {};
        case Kind::kMap: {
            // Octets of UTF-8 have the order of their code points.
            std::vector<std::size_t> order(value.keys.size());
            for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
            std::ranges::sort(order, {}, [&](std::size_t i) -> const std::string& { return value.keys[i]; });
            text += '{';
            for (std::size_t i = 0; i < order.size(); ++i) {
                if (i != 0) text += ',';
                text += canonical_string(value.keys[order[i]]) + ':';
                if (auto added = add_canonical(value.items[order[i]], text); !added) return added;
            }
            text += '}';
            return {};
        }
        case Kind::kPlain:
        case Kind::kDate: break;
    }
    return malformed("not_canonical", "reading signed JSON", "it has a value that JSON doesn't know");
}

void add_json(const Document& value, const std::string& margin, std::string& text) {
    const std::string inner = margin + ' ';
    const auto add_items = [&](char open, char close) {
        text += open;
        for (std::size_t i = 0; i < value.items.size(); ++i) {
            text += (i == 0 ? "\n" : ",\n") + inner;
            if (value.is_map()) text += formats::json_quoted(value.keys[i]) + ": ";
            add_json(value.items[i], inner, text);
        }
        if (!value.items.empty()) text += '\n' + margin;
        text += close;
    };
    switch (value.kind) {
        case Kind::kNull: text += "null"; return;
        case Kind::kBoolean: text += value.is_true ? "true" : "false"; return;
        case Kind::kNumber: text += value.text; return;
        case Kind::kText:
        case Kind::kPlain:
        case Kind::kDate: text += formats::json_quoted(value.text); return;
        case Kind::kList: add_items('[', ']'); return;
        case Kind::kMap: add_items('{', '}'); return;
    }
}

}  // namespace

Result<std::string> canonical_json(const Document& value) {
    std::string text;
    if (auto added = add_canonical(value, text); !added) return unexpected(added.error());
    return text;
}

std::string json_text(const Document& value) {
    std::string text;
    add_json(value, "", text);
    return text + '\n';
}

Document json_string(std::string_view text) {
    Document value;
    value.kind = Kind::kText;
    value.text = text;
    return value;
}

Document json_number(std::uint64_t number) {
    Document value;
    value.kind = Kind::kNumber;
    value.text = std::to_string(number);
    return value;
}

Document json_boolean(bool is_true) {
    Document value;
    value.kind = Kind::kBoolean;
    value.is_true = is_true;
    return value;
}

Document json_list(std::vector<Document> items) {
    Document value;
    value.kind = Kind::kList;
    value.items = std::move(items);
    return value;
}

Document json_object(std::vector<std::pair<std::string, Document>> members) {
    Document value;
    value.kind = Kind::kMap;
    for (auto& [key, item] : members) set_member(value, key, std::move(item));
    return value;
}

void set_member(Document& object, std::string_view key, Document value) {
    const auto found = std::ranges::find(object.keys, key);
    if (found != object.keys.end()) {
        object.items[static_cast<std::size_t>(found - object.keys.begin())] = std::move(value);
        return;
    }
    object.keys.emplace_back(key);
    object.items.push_back(std::move(value));
}

std::optional<std::uint64_t> whole_number(const Document& value) {
    std::uint64_t number = 0;
    const char* const end = value.text.data() + value.text.size();
    if (value.kind != Kind::kNumber) return std::nullopt;
    const auto read = std::from_chars(value.text.data(), end, number);
    if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
    if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return std::nullopt;
    return number;
}

}  // namespace cotter::bundle
