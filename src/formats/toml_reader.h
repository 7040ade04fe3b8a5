// TomlTable: one table of a TOML file, read key by key by type; what is left unread is an unknown key. For the files of
// cotter's own format.
#pragma once

#include <cotter/error.h>

#include <toml++/toml.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cotter::formats {

/// Where a node stands, as an Error's place.
[[nodiscard]] Place place_of(std::string_view source, const toml::node& node);

/// Parses TOML 1.0; a duplicate key is an error of the syntax.
[[nodiscard]] Result<toml::table> parse_toml(std::string_view text, std::string_view source);

class TomlTable {
  public:
    /// `source` names the file in errors. Both must outlive the reader.
    TomlTable(const toml::table& table, std::string_view source) : table_(table), source_(source) {}

    // Each gives the value, nothing if the key is absent, and an Error for another type.
    [[nodiscard]] Result<std::optional<std::string>> text(std::string_view key);
    [[nodiscard]] Result<std::optional<bool>> boolean(std::string_view key);
    [[nodiscard]] Result<std::optional<std::int64_t>> integer(std::string_view key);
    /// A date and time with its offset from UTC; a local one is refused.
    [[nodiscard]] Result<std::optional<std::chrono::sys_seconds>> time(std::string_view key);

    struct Text {
        std::string value;
        Place place;
    };
    /// An array of strings; empty if the key is absent.
    [[nodiscard]] Result<std::vector<Text>> texts(std::string_view key);
    /// A table; null if the key is absent.
    [[nodiscard]] Result<const toml::table*> table(std::string_view key);
    /// An array of tables; empty if the key is absent.
    [[nodiscard]] Result<std::vector<const toml::table*>> tables(std::string_view key);

    [[nodiscard]] bool has(std::string_view key) const { return table_.contains(key); }
    /// Of what stands under the key; of the table if nothing does.
    [[nodiscard]] Place place(std::string_view key) const;

    /// An Error for the first key that nobody asked for, with the nearest one that somebody did.
    [[nodiscard]] Result<void> finish() const;

    /// An Error about what stands under the key, or about the table if nothing does.
    [[nodiscard]] unexpected<Error> refuse(std::string_view key, std::string code, std::string why,
                                           std::string next = {}) const;

  private:
    [[nodiscard]] const toml::node* ask(std::string_view key);
    template <class T>
    Result<std::optional<T>> value(std::string_view key, std::string_view type);

    const toml::table& table_;
    std::string_view source_;
    std::vector<std::string> asked_;
};

}  // namespace cotter::formats
