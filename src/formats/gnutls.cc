// Lines of fields between bars.
#include "formats/gnutls.h"

#include "formats/losses.h"
#include "formats/reading.h"
#include "formats/wider_pins.h"
#include "text/encoding.h"
#include "text/escape.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace cotter::formats {
namespace {

struct Service {
    std::string_view name;
    std::uint16_t port;
};

/// Names under which a service with TLS is registered (IANA, Service Name and Transport Protocol Port Number Registry):
/// the file may say https for 443. The machine's own table is not asked: the same file means the same everywhere.
constexpr std::array<Service, 22> kServices{
    {{"ftp", 21},          {"smtp", 25},         {"http", 80},      {"pop3", 110},         {"imap", 143},
     {"ldap", 389},        {"https", 443},       {"smtps", 465},    {"submissions", 465},  {"nntps", 563},
     {"submission", 587},  {"ldaps", 636},       {"domain-s", 853}, {"ftps", 990},         {"telnets", 992},
     {"imaps", 993},       {"pop3s", 995},       {"mysql", 3306},   {"xmpp-client", 5222}, {"xmpp-server", 5269},
     {"postgresql", 5432}, {"secure-mqtt", 8883}}};

/// Numbers of gnutls_digest_algorithm_t.
struct Algorithm {
    unsigned number;
    PinForm form;
};
constexpr std::array<Algorithm, 3> kAlgorithms{{{6, PinForm::kSha256}, {7, PinForm::kSha384}, {8, PinForm::kSha512}}};

struct Field {
    std::string_view text;
    std::size_t offset = 0;
};

template <class Number>
std::optional<Number> number_of(std::string_view text) {
    Number value{};
    const auto [stop, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool is_number =
        fault == std::errc{} && stop == text.data() + text.size() && !text.empty() && text.front() != '-';
    return is_number ? std::optional(value) : std::nullopt;
}

class KnownHostsText {
  public:
    KnownHostsText(std::string_view text, const ImportContext& context) : text_(text), context_(context) {}

    Result<Imported> read() {
        for (std::size_t begin = 0; begin < text_.size();) {
            const std::size_t end = std::min(text_.find('\n', begin), text_.size());
            if (auto done = read_line(begin, end); !done) return unexpected(done.error());
            begin = end + 1;
        }
        imported_.entries = entries_.take();
        add_wider_pins(imported_.entries, imported_.lost);
        return std::move(imported_);
    }

  private:
    unexpected<Error> refuse(std::size_t offset, std::string code, std::string why, std::string next = {}) const {
        return refuse_at(context_, text_, offset, std::move(code), std::move(why), std::move(next));
    }

    Result<void> read_line(std::size_t begin, std::size_t end) {
        while (end > begin && text_[end - 1] == '\r') --end;
        const std::string_view line = text_.substr(begin, end - begin);
        if (line.empty() || line.starts_with('#')) return {};
        const bool is_key = line.starts_with("|g0|");
        if (!is_key && !line.starts_with("|c0|")) {
            return refuse(begin, "unknown_line", "a line begins with |g0| or |c0|");
        }
        std::vector<Field> fields;
        for (std::size_t at = begin + 4; at <= end;) {
            const std::size_t stop = std::min(text_.find('|', at), end);
            fields.push_back({text_.substr(at, stop - at), at});
            at = stop + 1;
        }
        const std::size_t wanted = is_key ? 4 : 5;
        if (fields.size() != wanted) {
            return refuse(begin, "bad_fields",
                          "it has " + std::to_string(fields.size()) + " fields, and needs " + std::to_string(wanted) +
                              (is_key ? ": host, service, expiry, key" : ": host, service, expiry, algorithm, digest"));
        }
        auto pin = is_key ? key_of(fields[3]) : digest_of(fields[3], fields[4]);
        if (!pin) return unexpected(pin.error());
        return take(fields, std::move(*pin));
    }

    Result<void> take(const std::vector<Field>& fields, Pin pin) {
        const auto expiry = expiry_of(fields[2]);
        if (!expiry) return unexpected(expiry.error());
        const auto port = port_of(fields[1]);
        if (!port) return unexpected(port.error());
        if (fields[0].text.starts_with('*')) {
            imported_.lost.push_back({"any_host",
                                      {},
                                      pin.abbreviated() + " counts for any host in GnuTLS (\"" +
                                          text::escape(fields[0].text, 80) + "\"), which no entry can say: left out"});
            return {};
        }
        auto host = trust::HostPattern::parse(fields[0].text, *port, false);
        if (!host) return placed(std::move(host.error()), place_at(context_.source, text_, fields[0].offset));
        auto& pins = entries_.at(*host, {}).policy.pins;
        const auto same = std::ranges::find(pins, pin, &trust::PolicyPin::pin);
        if (same == pins.end()) {
            pins.push_back({std::move(pin), trust::PinRole::kPrimary, {}, *expiry, {}});
        } else if (!*expiry || (same->expires && **expiry > *same->expires)) {
            same->expires = *expiry;
        }
        return {};
    }

    [[nodiscard]] Result<Pin> key_of(const Field& field) const {
        auto pin = pin_from_base64(PinTarget::kSubjectPublicKeyInfo, PinForm::kDer, field.text);
        if (!pin) return placed(std::move(pin.error()), place_at(context_.source, text_, field.offset));
        return pin;
    }

    [[nodiscard]] Result<Pin> digest_of(const Field& algorithm, const Field& digest) const {
        const auto number = number_of<unsigned>(algorithm.text);
        const auto known = std::ranges::find(kAlgorithms, number.value_or(0), &Algorithm::number);
        if (known == kAlgorithms.end()) {
            const bool is_weak = number && (*number == 2 || *number == 3);
            return refuse(algorithm.offset, is_weak ? "weak_digest" : "unknown_digest",
                          is_weak ? "MD5 and SHA-1 bind nothing, and nothing else can be made of them"
                                  : "the algorithm is 6 (SHA-256), 7 (SHA-384) or 8 (SHA-512)");
        }
        auto pin = pin_from_hex(PinTarget::kSubjectPublicKeyInfo, known->form, digest.text);
        if (!pin) return placed(std::move(pin.error()), place_at(context_.source, text_, digest.offset));
        return pin;
    }

    [[nodiscard]] Result<std::optional<trust::Time>> expiry_of(const Field& field) const {
        constexpr trust::Time kMost = std::chrono::sys_days(std::chrono::year(9999) / 12 / 31);
        const auto seconds = number_of<std::int64_t>(field.text);
        if (!seconds || trust::Time(std::chrono::seconds(*seconds)) > kMost) {
            return refuse(field.offset, "bad_expiry", "an expiry is 0, or seconds since 1970 up to the year 9999");
        }
        if (*seconds == 0) return std::nullopt;
        return trust::Time(std::chrono::seconds(*seconds));
    }

    /// Nothing: every port.
    [[nodiscard]] Result<std::optional<std::uint16_t>> port_of(const Field& field) const {
        if (field.text == "*") return std::nullopt;
        const auto number = number_of<std::uint16_t>(field.text);
        if (number && *number > 0) return *number;
        const auto service = std::ranges::find(kServices, field.text, &Service::name);
        if (service != kServices.end()) return service->port;
        return refuse(field.offset, "unknown_service",
                      "the service \"" + text::escape(field.text, 40) + "\" is neither a port nor a name that is known",
                      "write the number of its port");
    }

    std::string_view text_;
    const ImportContext& context_;
    EntriesByHost entries_;
    Imported imported_;
};

}  // namespace

Result<Imported> import_gnutls(std::string_view text, const ImportContext& context) {
    return KnownHostsText(text, context).read();
}

Result<Exported> export_gnutls(const std::vector<trust::PolicyEntry>& entries, trust::Time now) {
    static constexpr PinKind kKinds[] = {{PinTarget::kSubjectPublicKeyInfo, PinForm::kDer},
                                         {PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256},
                                         {PinTarget::kSubjectPublicKeyInfo, PinForm::kSha384},
                                         {PinTarget::kSubjectPublicKeyInfo, PinForm::kSha512}};
    constexpr Room kRoom{.format = "GnuTLS's known_hosts",
                         .names_hosts = true,
                         .ports = true,
                         .pin_ends = true,
                         .ending = Ending::kRefuses,
                         .path = Path::kNever,
                         .positions = Positions::kLeaf,
                         .kinds = kKinds};
    Exported result;
    const auto written = writable(entries, kRoom, now, result.lost);
    if (!written) return unexpected(written.error());
    std::vector<trust::PolicyEntry> told;
    for (const WritableEntry& one : *written) {
        const trust::HostPattern& host = one.entry->host;
        auto alone = trust::HostPattern::parse(host.base().to_string(), host.port(), false);
        if (!alone) return unexpected(alone.error());
        told.push_back({std::move(*alone), one.entry->policy});
        told.back().policy.pins = one.pins;
    }
    if (const auto clash = first_clash(told, Ports::kSaid)) {
        return malformed("wider_pins", "writing the policy as GnuTLS's known_hosts",
                         "there, the keys of " + told[clash->adds].host.to_string() + " would count for " +
                             told[clash->counts].host.to_string() +
                             ", too, which would trust more than the policy does",
                         "write them apart: --host NAME");
    }
    for (const WritableEntry& one : *written) {
        const trust::HostPattern& host = one.entry->host;
        bool has_end = false;
        for (const trust::PolicyPin& pin : one.pins) {
            std::optional<trust::Time> end = one.expires;
            if (pin.expires && (!end || *pin.expires < *end)) end = pin.expires;
            has_end = has_end || end;
            const bool is_key = pin.pin.form() == PinForm::kDer;
            result.text += std::string(is_key ? "|g0|" : "|c0|") + host.base().to_string() + "|" +
                           (host.port() ? std::to_string(*host.port()) : "*") + "|" +
                           std::to_string(end ? end->time_since_epoch().count() : 0) + "|";
            if (is_key) {
                result.text += text::base64(pin.pin.octets()) + "\n";
            } else {
                result.text +=
                    std::to_string(std::ranges::find(kAlgorithms, pin.pin.form(), &Algorithm::form)->number) + "|" +
                    text::hex(pin.pin.octets()) + "\n";
            }
        }
        if (has_end) {
            result.lost.push_back(
                {"forgotten", host.to_string(),
                 "after its date GnuTLS no longer knows the key, and a program that trusts the first one "
                 "seen takes any"});
        }
    }
    return result;
}

}  // namespace cotter::formats
