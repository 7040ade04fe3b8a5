// Places, and typed reading of a map.
#include "formats/document.h"

#include "formats/reading.h"
#include "text/escape.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace cotter::formats {
namespace {

/// Plain scalars that are booleans in YAML 1.2's core schema.
std::optional<bool> boolean_of(const Document& value) {
    if (value.kind == Document::Kind::kBoolean) return value.is_true;
    if (value.kind != Document::Kind::kPlain) return std::nullopt;
    if (value.text == "true") return true;
    if (value.text == "false") return false;
    return std::nullopt;
}

}  // namespace

const Document* Document::find(std::string_view key) const {
    const auto found = std::ranges::find(keys, key);
    return found == keys.end() ? nullptr : &items[static_cast<std::size_t>(found - keys.begin())];
}

Place place_of(std::string_view source, const Document& value) {
    return {std::string(source), value.line, value.column, std::nullopt};
}

unexpected<Error> refuse_place(Place place, std::string code, std::string why, std::string next) {
    return placed({ErrorKind::kMalformedInput,
                   std::move(code),
                   "reading " + text::escape(place.source),
                   std::move(why),
                   std::move(next),
                   {}},
                  place);
}

unexpected<Error> refuse_value(std::string_view source, const Document& value, std::string code, std::string why,
                               std::string next) {
    return refuse_place(place_of(source, value), std::move(code), std::move(why), std::move(next));
}

std::optional<std::string_view> text_of(const Document& value) {
    if (value.kind == Document::Kind::kText || value.kind == Document::Kind::kPlain) return value.text;
    return std::nullopt;
}

std::string json_quoted(std::string_view text) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

const Document* Fields::any(std::string_view key) {
    asked_.emplace_back(key);
    return map_->find(key);
}

Result<std::optional<std::string>> Fields::text(std::string_view key) {
    const Document* const value = any(key);
    if (value == nullptr) return std::nullopt;
    const auto text = text_of(*value);
    if (!text) return refuse(key, "bad_type", text::escape(key, 64) + " must be a text");
    return std::string(*text);
}

Result<std::optional<bool>> Fields::boolean(std::string_view key) {
    const Document* const value = any(key);
    if (value == nullptr) return std::nullopt;
    const auto is_true = boolean_of(*value);
    if (!is_true) return refuse(key, "bad_type", text::escape(key, 64) + " must be true or false");
    return is_true;
}

Result<const Document*> Fields::list(std::string_view key) {
    const Document* const value = any(key);
    if (value != nullptr && !value->is_list())
        return refuse(key, "bad_type", text::escape(key, 64) + " must be a list");
    return value;
}

Result<const Document*> Fields::map(std::string_view key) {
    const Document* const value = any(key);
    if (value != nullptr && !value->is_map()) {
        return refuse(key, "bad_type", text::escape(key, 64) + " must have keys and values");
    }
    return value;
}

Result<std::vector<const Document*>> Fields::texts(std::string_view key) {
    const auto found = list(key);
    if (!found) return unexpected(found.error());
    std::vector<const Document*> result;
    if (*found == nullptr) return result;
    for (const Document& item : (*found)->items) {
        if (!text_of(item)) {
            return refuse_value(source_, item, "bad_type",
                                text::escape(key, 64) + " must be a list of texts, and this is none");
        }
        result.push_back(&item);
    }
    return result;
}

std::vector<std::string> Fields::unread() const {
    std::vector<std::string> result;
    for (const std::string& key : map_->keys) {
        if (std::ranges::find(asked_, key) == asked_.end()) result.push_back(key);
    }
    return result;
}

unexpected<Error> Fields::refuse(std::string_view key, std::string code, std::string why, std::string next) const {
    const Document* const value = map_->find(key);
    return refuse_value(source_, value == nullptr ? *map_ : *value, std::move(code), std::move(why), std::move(next));
}

}  // namespace cotter::formats
