// Typed reading of TOML.
#include "formats/toml_reader.h"

#include "text/escape.h"
#include "text/nearest.h"

#include <algorithm>

namespace cotter::formats {
namespace {

Error error_at(Place place, std::string code, std::string why, std::string next) {
    return {ErrorKind::kMalformedInput,
            std::move(code),
            "reading " + text::escape(place.source),
            std::move(why),
            std::move(next),
            std::move(place)};
}

std::optional<std::chrono::sys_seconds> seconds_of(const toml::date_time& value) {
    if (!value.offset) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(value.date.year), std::chrono::month(value.date.month),
                                           std::chrono::day(value.date.day)};
    if (!date.ok() || value.date.year < 1970 || value.date.year > 9999) return std::nullopt;
    return std::chrono::sys_days(date) + std::chrono::hours(value.time.hour) + std::chrono::minutes(value.time.minute) +
           std::chrono::seconds(value.time.second) - std::chrono::minutes(value.offset->minutes);
}

}  // namespace

Place place_of(std::string_view source, const toml::node& node) {
    const toml::source_position at = node.source().begin;
    return {std::string(source), at.line, at.column, std::nullopt};
}

Result<toml::table> parse_toml(std::string_view text, std::string_view source) {
    try {
        return toml::parse(text, source);
    } catch (const toml::parse_error& fault) {
        const toml::source_position at = fault.source().begin;
        return unexpected(error_at({std::string(source), at.line, at.column, std::nullopt}, "bad_toml",
                                   "it is not TOML: " + text::escape(fault.description(), 200), {}));
    }
}

unexpected<Error> TomlTable::refuse(std::string_view key, std::string code, std::string why, std::string next) const {
    return unexpected(error_at(place(key), std::move(code), std::move(why), std::move(next)));
}

Place TomlTable::place(std::string_view key) const {
    const toml::node* const node = table_.get(key);
    return place_of(source_, node == nullptr ? table_ : *node);
}

const toml::node* TomlTable::ask(std::string_view key) {
    asked_.emplace_back(key);
    return table_.get(key);
}

template <class T>
Result<std::optional<T>> TomlTable::value(std::string_view key, std::string_view type) {
    const toml::node* const node = ask(key);
    if (node == nullptr) return std::nullopt;
    if (auto found = node->value_exact<T>()) return found;
    return refuse(key, "bad_type", std::string(key) + " must be " + std::string(type));
}

Result<std::optional<std::string>> TomlTable::text(std::string_view key) {
    return value<std::string>(key, "a text in quotes");
}

Result<std::optional<bool>> TomlTable::boolean(std::string_view key) {
    return value<bool>(key, "true or false");
}

Result<std::optional<std::int64_t>> TomlTable::integer(std::string_view key) {
    return value<std::int64_t>(key, "a whole number");
}

Result<std::optional<std::chrono::sys_seconds>> TomlTable::time(std::string_view key) {
    constexpr std::string_view kType = "a date and time with a zone, between 1970 and 9999";
    const auto found = value<toml::date_time>(key, kType);
    if (!found) return unexpected(found.error());
    if (!*found) return std::nullopt;
    const auto time = seconds_of(**found);
    if (!time)
        return refuse(key, "bad_time", std::string(key) + " must be " + std::string(kType),
                      "write 2027-06-01T00:00:00Z");
    return time;
}

Result<std::vector<TomlTable::Text>> TomlTable::texts(std::string_view key) {
    std::vector<Text> result;
    const toml::node* const node = ask(key);
    if (node == nullptr) return result;
    const toml::array* const array = node->as_array();
    if (array == nullptr) return refuse(key, "bad_type", std::string(key) + " must be a list of texts");
    for (const toml::node& element : *array) {
        const auto text = element.value_exact<std::string>();
        if (!text) {
            return unexpected(error_at(place_of(source_, element), "bad_type",
                                       std::string(key) + " must be a list of texts, and this is none", {}));
        }
        result.push_back({*text, place_of(source_, element)});
    }
    return result;
}

Result<const toml::table*> TomlTable::table(std::string_view key) {
    const toml::node* const node = ask(key);
    if (node == nullptr) return nullptr;
    if (const toml::table* const table = node->as_table()) return table;
    return refuse(key, "bad_type", std::string(key) + " must be a table");
}

Result<std::vector<const toml::table*>> TomlTable::tables(std::string_view key) {
    std::vector<const toml::table*> result;
    const toml::node* const node = ask(key);
    if (node == nullptr) return result;
    const toml::array* const array = node->as_array();
    const std::string wanted = "write it as [[" + std::string(key) + "]]";
    if (array == nullptr) return refuse(key, "bad_type", std::string(key) + " must be a list of tables", wanted);
    for (const toml::node& element : *array) {
        if (!element.is_table()) return refuse(key, "bad_type", std::string(key) + " must be a list of tables", wanted);
        result.push_back(element.as_table());
    }
    return result;
}

Result<void> TomlTable::finish() const {
    for (const auto& [key, node] : table_) {
        const std::string_view name = key.str();
        if (std::ranges::find(asked_, name) != asked_.end()) continue;
        const auto nearest = text::nearest(name, asked_);
        return unexpected(error_at(place_of(source_, node), "unknown_key", "there is no key " + text::escape(name, 64),
                                   nearest ? "did you mean " + *nearest + "?" : ""));
    }
    return {};
}

}  // namespace cotter::formats
