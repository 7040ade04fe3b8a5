// Reading pins out of header fields.
#include "formats/hpkp.h"

#include "formats/reading.h"
#include "text/escape.h"
#include "text/time.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace cotter::formats {
namespace {

bool is_token_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").contains(c);
}

bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

std::string lower(std::string_view text) {
    std::string result(text);
    std::ranges::transform(result, result.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return result;
}

/// One directive of a field (RFC 7469, 2.1).
struct Directive {
    std::string name;                  ///< in lower case
    std::optional<std::string> value;  ///< without its quotes
    bool is_quoted = false;
    std::size_t offset = 0;  ///< in the whole text
};

/// The value of one field, from `begin` to `end` of the text; where it is folded, with the line breaks.
struct Field {
    bool is_report_only = false;
    std::size_t begin = 0;
    std::size_t end = 0;
};

class HpkpText {
  public:
    HpkpText(std::string_view text, const ImportContext& context) : text_(text), context_(context) {}

    Result<Imported> read() {
        auto host = host_from(context_, "an HPKP header");
        if (!host) return unexpected(host.error());
        if (host->base().is_address() || host->is_wildcard()) {
            return malformed("address_host", "reading " + text::escape(context_.source),
                             "HPKP is of hosts with a name; for " + host->to_string() + " such a header is ignored",
                             "name the host: --host NAME");
        }
        name_ = host->to_string();
        const auto field = choose_field();
        if (!field) return unexpected(field.error());
        const auto directives = split(*field);
        if (!directives) return unexpected(directives.error());
        trust::ServerPolicy policy = pins_in_a_chain();
        bool below = false;
        if (auto done = apply(*directives, *field, policy, below); !done) return unexpected(done.error());
        auto pattern = trust::HostPattern::parse(host->base().to_string(), host->port(), below);
        if (!pattern) return unexpected(pattern.error());
        imported_.entries.push_back({std::move(*pattern), std::move(policy)});
        return std::move(imported_);
    }

  private:
    unexpected<Error> refuse(std::size_t offset, std::string code, std::string why, std::string next = {}) const {
        return refuse_at(context_, text_, offset, std::move(code), std::move(why), std::move(next));
    }
    void lose(std::string code, std::string message) {
        imported_.lost.push_back({std::move(code), name_, std::move(message)});
    }

    /// The field that counts, among those of a response, or all of the text where it has none.
    Result<Field> choose_field() {
        std::optional<Field> pins;
        std::optional<Field> report_only;
        bool has_names = false;
        for (std::size_t begin = 0; begin < text_.size();) {
            const std::size_t end = line_end(begin);
            std::size_t stop = end;
            // A line that begins with a blank goes on with the field before (RFC 7230, 3.2.4).
            while (stop < text_.size() && stop + 1 < text_.size() && is_blank(text_[stop + 1]))
                stop = line_end(stop + 1);
            const std::size_t colon = name_end(begin);
            if (colon != std::string_view::npos) {
                has_names = true;
                const std::string name = lower(text_.substr(begin, colon - begin));
                const bool is_report_only = name == "public-key-pins-report-only";
                auto& kept = is_report_only ? report_only : pins;
                if (is_report_only || name == "public-key-pins") {
                    if (kept)
                        lose("later_field", "only the first " + std::string(is_report_only ? kReportOnly : kPins) +
                                                " field counts (RFC 7469, 2.3.1); another is left out");
                    if (!kept) kept = Field{is_report_only, colon + 1, stop};
                }
            }
            begin = stop + 1;
        }
        if (pins && report_only) {
            lose("report_only", "Public-Key-Pins-Report-Only is left out beside Public-Key-Pins: a host has one entry");
        }
        if (pins) return *pins;
        if (report_only) return *report_only;
        if (has_names) {
            return refuse(0, "no_pins", "there is no Public-Key-Pins field among these");
        }
        return Field{false, 0, text_.size()};
    }

    [[nodiscard]] std::size_t line_end(std::size_t begin) const {
        return std::min(text_.find('\n', begin), text_.size());
    }

    /// Where the colon after a field name is, if the line begins with one.
    [[nodiscard]] std::size_t name_end(std::size_t begin) const {
        std::size_t at = begin;
        while (at < text_.size() && is_token_character(text_[at])) ++at;
        return at > begin && at < text_.size() && text_[at] == ':' ? at : std::string_view::npos;
    }

    void skip_blanks(std::size_t& at, std::size_t end) const {
        while (at < end && (is_blank(text_[at]) || text_[at] == '\r' || text_[at] == '\n')) ++at;
    }

    [[nodiscard]] Result<std::vector<Directive>> split(const Field& field) const {
        std::vector<Directive> directives;
        std::size_t at = field.begin;
        for (;;) {
            skip_blanks(at, field.end);
            if (at < field.end && text_[at] != ';') {
                auto directive = read_directive(at, field.end);
                if (!directive) return unexpected(directive.error());
                directives.push_back(std::move(*directive));
                skip_blanks(at, field.end);
            }
            if (at == field.end) return directives;
            if (text_[at] != ';') {
                return refuse(at, "bad_directive", "a semicolon is missing between two directives");
            }
            ++at;
        }
    }

    [[nodiscard]] Result<Directive> read_directive(std::size_t& at, std::size_t end) const {
        Directive directive;
        directive.offset = at;
        while (at < end && is_token_character(text_[at])) ++at;
        if (at == directive.offset) return refuse(at, "bad_directive", "that is no directive");
        directive.name = lower(text_.substr(directive.offset, at - directive.offset));
        std::size_t ahead = at;
        skip_blanks(ahead, end);
        if (ahead == end || text_[ahead] != '=') return directive;
        at = ahead + 1;
        skip_blanks(at, end);
        directive.is_quoted = at < end && text_[at] == '"';
        if (directive.is_quoted) return read_quoted(std::move(directive), at, end);
        const std::size_t begin = at;
        while (at < end && is_token_character(text_[at])) ++at;
        if (directive.name.starts_with("pin-")) {
            return refuse(begin, "pin_unquoted",
                          "the value of " + text::escape(directive.name, 40) + " stands in quotes",
                          "write " + text::escape(directive.name, 40) + "=\"BASE64\"");
        }
        if (at == begin) return refuse(begin, "bad_directive", "a value is missing after the equals sign");
        directive.value = std::string(text_.substr(begin, at - begin));
        return directive;
    }

    [[nodiscard]] Result<Directive> read_quoted(Directive directive, std::size_t& at, std::size_t end) const {
        const std::size_t open = at++;
        std::string value;
        for (; at < end && text_[at] != '"'; ++at) {
            if (text_[at] == '\\' && at + 1 < end) ++at;
            const auto octet = static_cast<unsigned char>(text_[at]);
            if (octet < 0x20 && text_[at] != '\t') {
                return refuse(at, "bad_directive", "a control character stands in quotes");
            }
            value += text_[at];
        }
        if (at == end) return refuse(open, "bad_directive", "the quotes are not closed");
        ++at;
        directive.value = std::move(value);
        return directive;
    }

    Result<void> apply(const std::vector<Directive>& directives, const Field& field, trust::ServerPolicy& policy,
                       bool& below) {
        std::vector<std::string> seen;
        std::optional<std::chrono::seconds> max_age;
        bool has_pins = false;
        for (const Directive& one : directives) {
            const bool is_pin = one.name.starts_with("pin-");
            if (!is_pin && std::ranges::find(seen, one.name) != seen.end()) {
                return refuse(one.offset, "twice", "the directive " + text::escape(one.name, 60) + " stands twice");
            }
            seen.push_back(one.name);
            if (is_pin) {
                has_pins = true;
                if (auto done = apply_pin(one, policy); !done) return done;
            } else if (one.name == "max-age") {
                const auto age = age_of(one);
                if (!age) return unexpected(age.error());
                max_age = *age;
            } else if (one.name == "includesubdomains") {
                if (one.value) return refuse(one.offset, "bad_directive", "includeSubDomains has no value");
                below = true;
            } else if (one.name == "report-uri") {
                if (auto done = apply_report_uri(one); !done) return done;
            } else {
                lose("unknown_directive", "the directive " + text::escape(one.name, 60) + " is not known, and ignored");
            }
        }
        if (!has_pins) return refuse(field.begin, "no_pins", "there is no pin directive in it");
        if (!field.is_report_only && !max_age) {
            return refuse(field.begin, "no_max_age",
                          "max-age is missing, so the header counts for nothing (RFC 7469, 2.1.2)");
        }
        if (policy.pins.empty()) {
            return refuse(field.begin, "unpins", "no pin is of an algorithm that RFC 7469 knows: it pins nothing",
                          "take the host's entry out of policy.toml");
        }
        return end_policy(field, max_age, policy);
    }

    Result<void> apply_pin(const Directive& one, trust::ServerPolicy& policy) {
        if (!one.value) return refuse(one.offset, "bad_directive", "a pin directive has a value");
        if (one.name != "pin-sha256") {
            lose("pin_algorithm",
                 text::escape(one.name, 60) + " is not of an algorithm that RFC 7469 knows, and ignored");
            return {};
        }
        auto pin = pin_from_base64(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256, *one.value);
        if (!pin) return placed(std::move(pin.error()), place_at(context_.source, text_, one.offset));
        add_pin(policy, std::move(*pin));
        return {};
    }

    [[nodiscard]] Result<std::chrono::seconds> age_of(const Directive& one) const {
        std::int64_t age = 0;
        const std::string value = one.value.value_or("");
        const bool is_digits = !value.empty() && value.find_first_not_of("0123456789") == std::string::npos;
        const auto [stop, fault] = std::from_chars(value.data(), value.data() + value.size(), age);
        if (!is_digits || fault != std::errc{}) {
            return refuse(one.offset, "bad_max_age",
                          "max-age is a number of seconds, and not \"" + text::escape(value, 40) + "\"");
        }
        return std::chrono::seconds(age);
    }

    Result<void> apply_report_uri(const Directive& one) {
        const std::string scheme = lower(one.value.value_or("").substr(0, 8));
        if (!scheme.starts_with("https://") && !scheme.starts_with("http://")) {
            return refuse(one.offset, "bad_report_uri", "report-uri is an absolute http or https URI");
        }
        lose("report_uri",
             "reports go nowhere: report-uri " + text::escape(*one.value, 200) + " is not part of a policy");
        return {};
    }

    Result<void> end_policy(const Field& field, std::optional<std::chrono::seconds> max_age,
                            trust::ServerPolicy& policy) {
        if (!field.is_report_only && max_age->count() == 0) {
            return refuse(field.begin, "unpins", "max-age=0 takes the host's pins back",
                          "take the host's entry out of policy.toml");
        }
        std::chrono::seconds age = kMostHpkpAge;
        if (field.is_report_only) {
            policy.mode = trust::Mode::kReport;
            policy.expires = context_.now + age;
            lose("report_end",
                 "a header that only reports has no end, and a policy must: " + text::rfc3339(*policy.expires));
            return {};
        }
        if (*max_age > kMostHpkpAge) {
            lose("max_age", "max-age is over 60 days, which is the most that counts");
        } else {
            age = *max_age;
        }
        policy.expires = context_.now + age;
        policy.on_expiry = trust::OnExpiry::kChain;
        if (policy.pins.size() < 2) {
            lose("no_backup", "with one pin alone a browser ignores the header (RFC 7469, 2.5); here it counts");
        }
        return {};
    }

    static constexpr std::string_view kPins = "Public-Key-Pins";
    static constexpr std::string_view kReportOnly = "Public-Key-Pins-Report-Only";

    std::string_view text_;
    const ImportContext& context_;
    std::string name_;
    Imported imported_;
};

}  // namespace

Result<Imported> import_hpkp(std::string_view text, const ImportContext& context) {
    return HpkpText(text, context).read();
}

}  // namespace cotter::formats
