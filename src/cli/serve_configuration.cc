// The configuration file of serve: TOML, with a table for each service.
#include "cli/serve_options.h"

#include "files/files.h"
#include "formats/toml_reader.h"
#include "registry/client_name.h"
#include "text/encoding.h"
#include "text/escape.h"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <set>

namespace cotter::cli {
namespace {

using formats::TomlTable;

constexpr std::int64_t kVersion = 1;
constexpr std::size_t kMostOctets = std::size_t{1} << 20U;
constexpr std::size_t kMostServices = 256;

/// Reads keys of one table into texts that flags would have given; the first fault stays.
class Keys {
  public:
    Keys(const toml::table& table, const std::string& source) : table_(table, source) {}

    void text(std::string_view key, std::string& into) {
        if (auto value = take(table_.text(key))) into = std::move(*value);
    }
    void word(std::string_view key, std::string& into, std::initializer_list<std::string_view> words) {
        auto value = take(table_.text(key));
        if (!value) return;
        if (std::ranges::find(words, *value) == words.end()) {
            std::string known;
            for (const std::string_view one : words) known += (known.empty() ? "" : ", ") + std::string(one);
            return refuse(key, "unknown_word", "must be one of " + known);
        }
        into = std::move(*value);
    }
    void flag(std::string_view key, bool& into) {
        if (const auto value = take(table_.boolean(key))) into = *value;
    }
    template <class Number>
    void number(std::string_view key, Number& into, std::int64_t most) {
        const auto value = take(table_.integer(key));
        if (!value) return;
        if (*value < 0 || *value > most) {
            return refuse(key, "bad_number", "must be between 0 and " + std::to_string(most));
        }
        into = static_cast<Number>(*value);
    }
    void path(std::string_view key, std::string& into, const std::filesystem::path& folder) {
        text(key, into);
        if (!into.empty()) into = (folder / into).string();
    }
    void texts(std::string_view key, std::vector<std::string>& into) {
        auto values = table_.texts(key);
        if (!values) return fail(values.error());
        for (auto& one : *values) into.push_back(std::move(one.value));
    }

    TomlTable& table() { return table_; }
    void fail(Error error) {
        if (!error_) error_ = std::move(error);
    }
    /// What went wrong first, an unknown key counting last.
    [[nodiscard]] Result<void> finish() const {
        if (error_) return unexpected(*error_);
        return table_.finish();
    }

  private:
    void refuse(std::string_view key, std::string code, const std::string& why) {
        const Result<void> refused = table_.refuse(key, std::move(code), std::string(key) + " " + why);
        fail(refused.error());
    }
    template <class T>
    std::optional<T> take(Result<std::optional<T>> value) {
        if (value) return std::move(*value);
        fail(value.error());
        return std::nullopt;
    }

    TomlTable table_;
    std::optional<Error> error_;
};

void read_stream(Keys& keys, StreamOptions& options) {
    keys.word("min_tls", options.minimum_tls, {"1.2", "1.3"});
    keys.flag("resumption", options.resumption);
    keys.text("handshake_timeout", options.handshake_timeout);
    keys.text("connect_timeout", options.connect_timeout);
    keys.text("idle_timeout", options.idle_timeout);
    keys.text("max_lifetime", options.max_lifetime);
}

/// Of the service's table `rules`.
Result<void> read_rules(Keys& service, const std::string& source, trust::RuleTexts& rules) {
    const auto table = service.table().table("rules");
    if (!table) return unexpected(table.error());
    if (*table == nullptr) return {};
    Keys keys(**table, source);
    keys.texts("from", rules.from);
    keys.texts("hours", rules.hours);
    std::uint32_t most = 0;
    keys.number("max_streams", most, std::numeric_limits<std::int32_t>::max());
    if (keys.table().has("max_streams")) rules.max_streams = std::to_string(most);
    keys.text("rate", rules.rate);
    return keys.finish();
}

Result<ServiceOptions> read_service(const toml::table& table, const std::string& source,
                                    const std::filesystem::path& folder, const StreamOptions& defaults) {
    ServiceOptions service;
    service.stream = defaults;
    Keys keys(table, source);
    keys.text("name", service.name);
    keys.text("listen", service.listen);
    keys.texts("to", service.to);
    keys.text("health_check", service.health_check);
    keys.path("client_ca", service.client_ca, folder);
    keys.texts("client_crls", service.client_crls);
    for (std::string& file : service.client_crls) file = (folder / file).string();
    keys.texts("client_names", service.client_names);
    keys.word("proxy_protocol", service.proxy_protocol, {"v1", "v2"});
    keys.flag("unsafe_target", service.unsafe_target);
    keys.flag("end_with_certificate", service.end_with_certificate);
    if (auto read = read_rules(keys, source, service.rules); !read) return unexpected(read.error());
    read_stream(keys, service.stream);
    if (auto read = keys.finish(); !read) return unexpected(read.error());

    const auto missing = [&](std::string_view key, std::string next) {
        return keys.table().refuse(key, "missing_key", "a service needs " + std::string(key), std::move(next));
    };
    if (service.name.empty()) return missing("name", "name = \"db\"");
    const auto name = registry::ClientName::parse(service.name);
    if (!name || name->text() != service.name) {
        return keys.table().refuse("name", "bad_name", "a service's name has small letters, digits, '.', '_' and '-'",
                                   "name = \"db\"");
    }
    if (service.listen.empty()) return missing("listen", "listen = \"0.0.0.0:7000\"");
    if (service.to.empty()) return missing("to", "to = [\"127.0.0.1:5432\"]");
    if (auto parsed = service.settings(); !parsed) {
        Error error = parsed.error();
        error.what = "service " + service.name + ": " + error.what;
        error.place = keys.table().place("name");
        return unexpected(std::move(error));
    }
    return service;
}

}  // namespace

Result<ServeOptions> read_configuration(const std::string& file) {
    const auto content = files::read(file, kMostOctets);
    if (!content) return unexpected(content.error());
    const std::string text = text::of_octets(*content);
    const auto document = formats::parse_toml(text, file);
    if (!document) return unexpected(document.error());
    const std::filesystem::path folder = std::filesystem::path(file).parent_path();

    ServeOptions options;
    Keys keys(*document, file);
    std::int64_t version = 0;
    keys.number("version", version, kVersion);
    keys.path("cert", options.certificate, folder);
    keys.path("key", options.key, folder);
    keys.text("registry", options.registry);
    keys.text("registry_grace", options.registry_grace);
    keys.number("threads", options.threads, 1024);
    keys.flag("pending", options.pending);
    keys.flag("no_renewal", options.no_renewal);
    keys.flag("renew_certificates", options.renew_certificates);
    keys.path("ca_folder", options.ca_folder, folder);
    keys.path("ca_passphrase_file", options.ca_passphrase_file, folder);
    keys.number("max_connections", options.stream.max_connections, std::int64_t{1} << 32U);
    keys.text("drain_timeout", options.stream.drain_timeout);
    keys.text("metrics", options.stream.metrics);
    keys.flag("unsafe_metrics", options.stream.unsafe_metrics);
    keys.word("log_format", options.stream.log_format, {"text", "json"});
    keys.word("log_level", options.stream.log_level, {"debug", "info", "warning", "error"});
    read_stream(keys, options.stream);
    const auto tables = keys.table().tables("service");
    if (!tables) return unexpected(tables.error());
    if (auto read = keys.finish(); !read) return unexpected(read.error());
    if (version != kVersion)
        return keys.table().refuse("version", "unknown_version", "this cotter reads version 1", "write version = 1");
    if (tables->empty() || tables->size() > kMostServices) {
        return keys.table().refuse("service", "no_service", "between one and 256 services must be there",
                                   "begin one with [[service]]");
    }
    std::set<std::string> names;
    for (const toml::table* table : *tables) {
        auto service = read_service(*table, file, folder, options.stream);
        if (!service) return unexpected(service.error());
        if (!names.insert(service->name).second) {
            return TomlTable(*table, file)
                .refuse("name", "same_name", "two services are called " + text::escape(service->name, 64));
        }
        options.services.push_back(std::move(*service));
    }
    return options;
}

}  // namespace cotter::cli
