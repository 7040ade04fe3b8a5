// From TOML to entries.
#include "formats/policy_file.h"

#include "files/files.h"
#include "formats/toml_reader.h"
#include "text/encoding.h"
#include "x509/pem.h"

#include <algorithm>

namespace cotter::formats {
namespace {

using trust::PolicyPin;
using trust::ServerPolicy;

constexpr std::int64_t kVersion = 1;

/// One of few words, or an Error that lists them.
template <class T>
struct Word {
    std::string_view text;
    T value;
};

template <class T, std::size_t N>
Result<std::optional<T>> word(TomlTable& table, std::string_view key, const Word<T> (&words)[N]) {
    const auto text = table.text(key);
    if (!text) return unexpected(text.error());
    if (!*text) return std::nullopt;
    std::string known;
    for (const Word<T>& one : words) {
        if (one.text == **text) return std::optional(one.value);
        known += (known.empty() ? "" : ", ") + std::string(one.text);
    }
    return table.refuse(key, "unknown_word", std::string(key) + " must be one of " + known);
}

constexpr Word<trust::TrustMode> kTrustModes[] = {
    {"pins", trust::TrustMode::kPins},     {"chain+pins", trust::TrustMode::kChainAndPins},
    {"chain", trust::TrustMode::kChain},   {"accept-new", trust::TrustMode::kAcceptNew},
    {"strict", trust::TrustMode::kStrict}, {"ask", trust::TrustMode::kAsk},
    {"dane", trust::TrustMode::kDane}};
constexpr Word<trust::Match> kMatches[] = {
    {"leaf", trust::Match::kLeaf}, {"issuer", trust::Match::kIssuer}, {"any", trust::Match::kAny}};
constexpr Word<trust::Mode> kModes[] = {
    {"enforce", trust::Mode::kEnforce}, {"report", trust::Mode::kReport}, {"off", trust::Mode::kOff}};
constexpr Word<trust::OnExpiry> kOnExpiry[] = {{"refuse", trust::OnExpiry::kRefuse},
                                               {"chain", trust::OnExpiry::kChain}};
constexpr Word<trust::PinRole> kRoles[] = {
    {"primary", trust::PinRole::kPrimary}, {"backup", trust::PinRole::kBackup}, {"proxy", trust::PinRole::kProxy}};

/// A relative path in a `file:` pin is meant as seen from the policy file.
std::string with_folder(const std::string& text, const std::filesystem::path& folder) {
    for (const std::string_view prefix : {"cert:file:", "file:"}) {
        if (!text.starts_with(prefix)) continue;
        return std::string(prefix) + (folder / text.substr(prefix.size())).string();
    }
    return text;
}

/// Reads one [[host]].
class EntryReader {
  public:
    EntryReader(const toml::table& table, std::string_view source, const std::filesystem::path& folder,
                FilePins file_pins)
        : table_(table, source), source_(source), folder_(folder), file_pins_(file_pins) {}

    Result<trust::PolicyEntry> read() {
        auto host = read_host();
        if (!host) return unexpected(host.error());
        for (const auto step : {&EntryReader::read_rules, &EntryReader::read_short_pins, &EntryReader::read_long_pins,
                                &EntryReader::read_denied}) {
            if (auto done = (this->*step)(); !done) return unexpected(done.error());
        }
        if (auto done = table_.finish(); !done) return unexpected(done.error());
        if (auto done = check(); !done) return unexpected(done.error());
        return trust::PolicyEntry{std::move(*host), std::move(policy_)};
    }

  private:
    Result<trust::HostPattern> read_host() {
        const auto name = table_.text("name");
        if (!name) return unexpected(name.error());
        if (!*name) return table_.refuse("name", "no_name", "the entry has no name", "add name = \"HOST\"");
        const auto port = table_.integer("port");
        if (!port) return unexpected(port.error());
        if (*port && (**port < 1 || **port > 65535)) {
            return table_.refuse("port", "bad_port", "a port is a number from 1 to 65535");
        }
        const auto below = table_.boolean("include_subdomains");
        if (!below) return unexpected(below.error());
        auto pattern = trust::HostPattern::parse(
            **name, *port ? std::optional(static_cast<std::uint16_t>(**port)) : std::nullopt, below->value_or(false));
        if (!pattern) return placed(std::move(pattern.error()), table_.place("name"));
        return pattern;
    }

    Result<void> read_rules() {
        const auto trust = word(table_, "trust", kTrustModes);
        const auto match = word(table_, "match", kMatches);
        const auto mode = word(table_, "mode", kModes);
        const auto on_expiry = word(table_, "on_expiry", kOnExpiry);
        const auto expires = table_.time("expires");
        const auto require_backup = table_.boolean("require_backup");
        if (!trust) return unexpected(trust.error());
        if (!match) return unexpected(match.error());
        if (!mode) return unexpected(mode.error());
        if (!on_expiry) return unexpected(on_expiry.error());
        if (!expires) return unexpected(expires.error());
        if (!require_backup) return unexpected(require_backup.error());
        policy_.trust = trust->value_or(trust::TrustMode::kPins);
        policy_.match = match->value_or(trust::Match::kLeaf);
        policy_.mode = mode->value_or(trust::Mode::kEnforce);
        policy_.on_expiry = on_expiry->value_or(trust::OnExpiry::kRefuse);
        policy_.expires = *expires;
        policy_.require_backup = require_backup->value_or(false);
        return {};
    }

    Result<std::vector<Pin>> pins_of(const TomlTable::Text& text) const {
        // Neither base64 nor the names of forms have a colon, and lists may hold such a pin anywhere.
        if (file_pins_ == FilePins::kRefuse && text.value.find("file:") != std::string::npos) {
            return placed(Error{ErrorKind::kMalformedInput,
                                "file_pin",
                                "reading a pin",
                                "it is that of a file, which whoever reads this policy elsewhere doesn't have",
                                "write the pin itself, as cotter pin FILE prints it",
                                {}},
                          text.place);
        }
        auto pins = x509::pins_from_argument(with_folder(text.value, folder_));
        if (!pins) return placed(std::move(pins.error()), text.place);
        return pins;
    }

    Result<void> read_short_pins() {
        const auto texts = table_.texts("pins");
        if (!texts) return unexpected(texts.error());
        for (const TomlTable::Text& text : *texts) {
            auto pins = pins_of(text);
            if (!pins) return unexpected(pins.error());
            for (Pin& pin : *pins) {
                if (auto added = add({std::move(pin), trust::PinRole::kPrimary, {}, std::nullopt, {}}, text.place);
                    !added)
                    return added;
            }
        }
        return {};
    }

    Result<void> read_long_pins() {
        const auto tables = table_.tables("pin");
        if (!tables) return unexpected(tables.error());
        for (const toml::table* inner : *tables) {
            TomlTable table(*inner, source_);
            const auto text = table.text("pin");
            const auto role = word(table, "role", kRoles);
            const auto label = table.text("label");
            const auto expires = table.time("expires");
            const auto approved_by = table.text("approved_by");
            if (!text) return unexpected(text.error());
            if (!role) return unexpected(role.error());
            if (!label) return unexpected(label.error());
            if (!expires) return unexpected(expires.error());
            if (!approved_by) return unexpected(approved_by.error());
            if (auto done = table.finish(); !done) return done;
            if (!*text) return table.refuse("pin", "no_pin", "the [[host.pin]] has no pin", "add pin = \"sha256/…\"");
            const Place place = table.place("pin");
            auto pins = pins_of({**text, place});
            if (!pins) return unexpected(pins.error());
            if (pins->size() != 1) return table.refuse("pin", "many_pins", "one [[host.pin]] is one pin");
            PolicyPin pin{std::move(pins->front()), role->value_or(trust::PinRole::kPrimary), label->value_or(""),
                          *expires, approved_by->value_or("")};
            if (pin.role == trust::PinRole::kProxy && pin.approved_by.empty()) {
                return table.refuse("role", "proxy_not_approved", "an interception proxy's pin says who approved it",
                                    "add approved_by = \"…\"");
            }
            if (pin.role == trust::PinRole::kProxy && !pin.expires && !policy_.expires) {
                return table.refuse("role", "proxy_without_end", "an interception proxy's pin has an end",
                                    "add expires = 2027-06-01T00:00:00Z");
            }
            if (auto added = add(std::move(pin), place); !added) return added;
        }
        return {};
    }

    Result<void> add(PolicyPin pin, const Place& place) {
        if (std::ranges::any_of(policy_.pins, [&](const PolicyPin& other) { return other.pin == pin.pin; })) {
            return placed(Error{ErrorKind::kMalformedInput,
                                "duplicate_pin",
                                "reading the pin " + pin.pin.abbreviated(),
                                "it stands twice in one entry",
                                "keep one of them",
                                {}},
                          place);
        }
        policy_.pins.push_back(std::move(pin));
        return {};
    }

    Result<void> read_denied() {
        const auto texts = table_.texts("deny");
        if (!texts) return unexpected(texts.error());
        for (const TomlTable::Text& text : *texts) {
            auto pins = pins_of(text);
            if (!pins) return unexpected(pins.error());
            for (Pin& pin : *pins) policy_.deny.insert(std::move(pin));
        }
        return {};
    }

    /// What the parts must be to each other.
    Result<void> check() {
        if (!table_.has("trust") && !table_.has("pins") && !table_.has("pin") && policy_.mode != trust::Mode::kOff) {
            return table_.refuse("name", "no_trust", "the entry says neither trust nor pins",
                                 "add trust = \"…\" or pins = […]");
        }
        if (!trust::looks_at_pins(policy_.trust) && !policy_.pins.empty()) {
            return table_.refuse("trust", "pins_unused", "that trust mode does not look at pins",
                                 "write trust = \"chain+pins\", or take the pins out");
        }
        if (policy_.mode == trust::Mode::kReport && !policy_.expires) {
            return table_.refuse("mode", "report_without_end", "mode = \"report\" lets pass, so it has an end",
                                 "add expires = 2027-06-01T00:00:00Z");
        }
        const auto ours = std::ranges::count_if(
            policy_.pins, [](const PolicyPin& pin) { return pin.role != trust::PinRole::kProxy; });
        if (policy_.require_backup && ours < 2) {
            return table_.refuse("require_backup", "no_backup",
                                 "require_backup asks for a second pin, and there is none",
                                 "make the next key now and add its pin with role = \"backup\"");
        }
        return {};
    }

    static unexpected<Error> placed(Error error, Place place) {
        error.place = std::move(place);
        return unexpected(std::move(error));
    }

    TomlTable table_;
    std::string_view source_;
    const std::filesystem::path& folder_;
    FilePins file_pins_;
    ServerPolicy policy_;
};

}  // namespace

Result<trust::PolicySet> parse_policy(std::string_view text, std::string_view source,
                                      const std::filesystem::path& folder, FilePins file_pins) {
    const auto parsed = parse_toml(text, source);
    if (!parsed) return unexpected(parsed.error());
    TomlTable table(*parsed, source);
    const auto version = table.integer("version");
    if (!version) return unexpected(version.error());
    if (!*version) return table.refuse("version", "no_version", "there is no version", "begin with version = 1");
    if (**version != kVersion) {
        return table.refuse("version", "unknown_version", "this cotter reads version 1",
                            "a later cotter wrote it: install that one");
    }
    const auto hosts = table.tables("host");
    if (!hosts) return unexpected(hosts.error());
    if (auto done = table.finish(); !done) return unexpected(done.error());
    std::vector<trust::PolicyEntry> entries;
    for (const toml::table* host : *hosts) {
        auto entry = EntryReader(*host, source, folder, file_pins).read();
        if (!entry) return unexpected(entry.error());
        entries.push_back(std::move(*entry));
    }
    auto set = trust::PolicySet::from(std::move(entries));
    if (!set) {
        Error error = set.error();
        error.place = Place{std::string(source), std::nullopt, std::nullopt, std::nullopt};
        return unexpected(std::move(error));
    }
    return set;
}

Result<trust::PolicySet> read_policy(const std::filesystem::path& path) {
    const auto content = files::read(path);
    if (!content) return unexpected(content.error());
    std::string text = text::of_octets(*content);
    return parse_policy(text, path.string(), path.parent_path());
}

}  // namespace cotter::formats
