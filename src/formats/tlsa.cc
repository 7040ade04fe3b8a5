// Records to entries and back.
#include "formats/tlsa.h"

#include "formats/losses.h"
#include "formats/reading.h"
#include "formats/tlsa_record.h"
#include "text/escape.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <unordered_map>

namespace cotter::formats {
namespace {

constexpr std::array<PinForm, 3> kForms{PinForm::kDer, PinForm::kSha256, PinForm::kSha512};
constexpr std::uint16_t kUsualPort = 443;

std::string upper(std::string_view text) {
    std::string result(text);
    std::ranges::transform(result, result.begin(),
                           [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    return result;
}

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/// The records of one host and port.
struct RecordSet {
    trust::HostPattern host;
    std::vector<trust::TlsaRecord> records;
};

class ZoneText {
  public:
    ZoneText(std::string_view text, const ImportContext& context) : text_(text), context_(context) {}

    Result<Imported> read() {
        if (auto done = without_comments(); !done) return unexpected(done.error());
        for (std::size_t begin = 0; begin < plain_.size();) {
            const std::size_t end = std::min(plain_.find('\n', begin), plain_.size());
            if (auto done = read_record(begin, end); !done) return unexpected(done.error());
            begin = end + 1;
        }
        for (const RecordSet& set : sets_) add_entry(set);
        return std::move(imported_);
    }

  private:
    unexpected<Error> refuse(std::size_t offset, std::string code, std::string why, std::string next = {}) const {
        return refuse_at(context_, text_, offset, std::move(code), std::move(why), std::move(next));
    }

    /// The text with comments and what parentheses join turned into blanks: one record a line, every octet in its
    /// place.
    Result<void> without_comments() {
        plain_ = std::string(text_);
        bool in_comment = false;
        std::optional<std::size_t> open;
        for (std::size_t i = 0; i < plain_.size(); ++i) {
            char& c = plain_[i];
            if (c == '\n') in_comment = false;
            if (c == ';') in_comment = true;
            if (in_comment) {
                c = ' ';
                continue;
            }
            if (c == '(' || c == ')') {
                if ((c == '(') == open.has_value())
                    return refuse(i, "tlsa_parentheses", "a parenthesis is not balanced");
                open = c == '(' ? std::optional(i) : std::nullopt;
                c = ' ';
            }
            if (open && c == '\n') c = ' ';
        }
        if (open) return refuse(*open, "tlsa_parentheses", "a parenthesis is not balanced");
        return {};
    }

    /// The next word of the line; empty at its end.
    std::string_view word(std::size_t& at, std::size_t end) const {
        while (at < end && is_blank(plain_[at])) ++at;
        const std::size_t begin = at;
        while (at < end && !is_blank(plain_[at])) ++at;
        return std::string_view(plain_).substr(begin, at - begin);
    }

    Result<void> read_record(std::size_t begin, std::size_t end) {
        std::size_t at = begin;
        const std::string_view first = word(at, end);
        if (first.empty()) return {};
        const std::size_t first_at = at - first.size();
        if (first.starts_with('$')) {
            return refuse(first_at, "zone_directive", text::escape(first, 40) + " is not read", "write names in full");
        }
        // A record's data alone begins with a number or a mnemonic, a name with the port's label or a blank before it.
        if (!has_type(begin, end)) return take_data(first_at, end, std::nullopt, first_at);
        if (first_at == begin) {
            owner_ = std::string(first);
            owner_at_ = first_at;
        } else {
            at = begin;
            if (owner_.empty())
                return refuse(first_at, "no_owner", "the record says no name, and there is none before it");
        }
        return read_after_owner(at, end);
    }

    /// Whether a word of the line names the type.
    bool has_type(std::size_t begin, std::size_t end) const {
        for (std::size_t at = begin; at < end;) {
            const std::string name = upper(word(at, end));
            if (name == "TLSA" || name == "TYPE52" || name == "IN" || name.starts_with("RRSIG")) return true;
        }
        return false;
    }

    Result<void> read_after_owner(std::size_t at, std::size_t end) {
        for (bool has_class = false, has_ttl = false;;) {
            const std::string type = upper(word(at, end));
            const std::size_t type_at = at - type.size();
            if (type == "IN" && !has_class) {
                has_class = true;
            } else if (is_time_to_live(type) && !has_ttl) {
                has_ttl = true;
            } else if (type == "TLSA" || type == "TYPE52") {
                return take_data(at, end, owner_, owner_at_);
            } else if (type == "RRSIG" || type == "CNAME" || type == "SOA" || type == "NS") {
                imported_.lost.push_back({"other_record", {}, "a record of type " + type + " is left out"});
                return {};
            } else {
                return refuse(type_at, "not_tlsa", "it is not a TLSA record: \"" + text::escape(type, 40) + "\"");
            }
        }
    }

    static bool is_time_to_live(std::string_view text) {
        return !text.empty() && text.front() >= '0' && text.front() <= '9' &&
               text.find_first_not_of("0123456789SMHDW") == std::string_view::npos;
    }

    Result<void> take_data(std::size_t begin, std::size_t end, const std::optional<std::string>& owner,
                           std::size_t owner_at) {
        auto record = parse_tlsa_record(std::string_view(plain_).substr(begin, end - begin));
        if (!record) {
            const std::size_t offset = record.error().place->offset.value_or(0);
            return placed(std::move(record.error()), place_at(context_.source, text_, begin + offset));
        }
        auto host = owner ? host_of(*owner, owner_at) : host_from(context_, "the data of a TLSA record alone");
        if (!host) return unexpected(host.error());
        const auto [place, is_new] = index_.emplace(host->to_string(), sets_.size());
        if (is_new) sets_.push_back({*host, {}});
        sets_[place->second].records.push_back(std::move(*record));
        return {};
    }

    /// _PORT._tcp.HOST (RFC 6698, section 3).
    [[nodiscard]] Result<trust::HostPattern> host_of(std::string_view owner, std::size_t offset) const {
        const std::string shown = text::escape(owner, 280);
        const std::size_t port_end = owner.find('.');
        const std::size_t transport_end = port_end == std::string_view::npos ? port_end : owner.find('.', port_end + 1);
        if (!owner.starts_with('_') || transport_end == std::string_view::npos) {
            return refuse(offset, "tlsa_owner", "a record's name is _PORT._tcp.HOST, and not " + shown);
        }
        if (upper(owner.substr(port_end + 1, transport_end - port_end - 1)) != "_TCP") {
            return refuse(offset, "tlsa_owner", "only records of TCP can be carried over, and not " + shown);
        }
        const std::string_view number = owner.substr(1, port_end - 1);
        unsigned port = 0;
        const auto [stop, fault] = std::from_chars(number.data(), number.data() + number.size(), port);
        if (fault != std::errc{} || stop != number.data() + number.size() || port == 0 || port > 65535) {
            return refuse(offset, "tlsa_owner", "it begins with no port from 1 to 65535: " + shown);
        }
        const std::string_view name = owner.substr(transport_end + 1);
        if (name.starts_with('*')) return refuse(offset, "tlsa_owner", "a record of a star is not read: " + shown);
        auto host = trust::HostPattern::parse(name, static_cast<std::uint16_t>(port), false);
        if (host && host->base().is_address())
            return refuse(offset, "tlsa_owner", "an address has no such name: " + shown);
        if (!host) return placed(std::move(host.error()), place_at(context_.source, text_, offset));
        return host;
    }

    /// Records of one usage alone: a pin of one usage must not count as one of another.
    void add_entry(const RecordSet& set) {
        constexpr std::array<std::uint8_t, 4> kOrder{3, 1, 0, 2};
        std::uint8_t usage = 0;
        for (auto one = kOrder.rbegin(); one != kOrder.rend(); ++one) {
            if (std::ranges::find(set.records, *one, &trust::TlsaRecord::usage) != set.records.end()) usage = *one;
        }
        trust::ServerPolicy policy;
        policy.trust = usage >= 2 ? trust::TrustMode::kPins : trust::TrustMode::kChainAndPins;
        policy.match = usage % 2 == 1 ? trust::Match::kLeaf : trust::Match::kIssuer;
        for (const trust::TlsaRecord& record : set.records) {
            if (record.usage != usage) {
                imported_.lost.push_back({"usage", set.host.to_string(),
                                          "a record of usage " + std::to_string(record.usage) +
                                              " is left out beside those of " + std::to_string(usage) +
                                              ": an entry has one trust"});
                continue;
            }
            const PinTarget target = record.selector == 0 ? PinTarget::kCertificate : PinTarget::kSubjectPublicKeyInfo;
            auto pin = Pin::from_octets(target, kForms.at(record.matching), record.data);
            if (pin) add_pin(policy, std::move(*pin));
        }
        imported_.entries.push_back({set.host, std::move(policy)});
    }

    std::string_view text_;
    const ImportContext& context_;
    std::string plain_;
    std::string owner_;
    std::size_t owner_at_ = 0;
    std::vector<RecordSet> sets_;
    std::unordered_map<std::string, std::size_t> index_;
    Imported imported_;
};

/// The usages that say an entry's trust and match together.
std::vector<std::uint8_t> usages_of(const trust::ServerPolicy& policy) {
    const bool is_alone = policy.trust == trust::TrustMode::kPins;
    const std::uint8_t leaf = is_alone ? 3 : 1;
    const std::uint8_t issuer = is_alone ? 2 : 0;
    switch (policy.match) {
        case trust::Match::kLeaf: return {leaf};
        case trust::Match::kIssuer: return {issuer};
        case trust::Match::kAny: return {leaf, issuer};
    }
    return {};
}

}  // namespace

Result<Imported> import_tlsa(std::string_view text, const ImportContext& context) {
    return ZoneText(text, context).read();
}

Result<Exported> export_tlsa(const std::vector<trust::PolicyEntry>& entries, trust::Time now) {
    static constexpr PinKind kKinds[] = {
        {PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256}, {PinTarget::kSubjectPublicKeyInfo, PinForm::kSha512},
        {PinTarget::kSubjectPublicKeyInfo, PinForm::kDer},    {PinTarget::kCertificate, PinForm::kSha256},
        {PinTarget::kCertificate, PinForm::kSha512},          {PinTarget::kCertificate, PinForm::kDer}};
    constexpr Room kRoom{.format = "TLSA",
                         .names_hosts = true,
                         .ports = true,
                         .addresses = false,
                         .path = Path::kSaid,
                         .positions = Positions::kSaid,
                         .kinds = kKinds};
    Exported result;
    const auto written = writable(entries, kRoom, now, result.lost);
    if (!written) return unexpected(written.error());
    std::set<std::string> owners;
    for (const WritableEntry& one : *written) {
        const trust::HostPattern& host = one.entry->host;
        if (!host.port()) {
            result.lost.push_back(
                {"port", host.to_string(), "written for port 443 alone: for others the record has another name"});
        }
        const std::string owner =
            "_" + std::to_string(host.port().value_or(kUsualPort)) + "._tcp." + host.base().to_string() + ".";
        // Records of one name add up: the pins of one entry would let pass what the other is asked for.
        if (!owners.insert(owner).second) {
            return malformed("one_name_twice", "writing the entry of " + host.to_string() + " as TLSA",
                             "another entry is written under " + owner + ", too, and its records would count for both",
                             "convert them apart: --host NAME:PORT");
        }
        for (const trust::PolicyPin& pin : one.pins) {
            for (const std::uint8_t usage : usages_of(one.entry->policy)) {
                const auto matching = std::ranges::find(kForms, pin.pin.form()) - kForms.begin();
                const trust::TlsaRecord record{
                    usage, static_cast<std::uint8_t>(pin.pin.target() == PinTarget::kCertificate ? 0 : 1),
                    static_cast<std::uint8_t>(matching), ByteVector(pin.pin.octets().begin(), pin.pin.octets().end())};
                result.text += owner + " IN TLSA " + to_string(record) + "\n";
            }
        }
    }
    return result;
}

}  // namespace cotter::formats
