// OpenVPN's fingerprints, both ways.
#include "formats/openvpn.h"

#include "formats/losses.h"
#include "formats/reading.h"
#include "text/encoding.h"
#include "text/escape.h"

#include <algorithm>
#include <array>
#include <set>

namespace cotter::formats {
namespace {

constexpr std::string_view kName = "OpenVPN";
constexpr std::string_view kOption = "peer-fingerprint";
constexpr Room kRoom{
    .format = kName, .path = Path::kElsewhere, .positions = Positions::kLeaf, .kinds = kCertificateSha256};

/// Options that make OpenVPN ask for a chain besides.
constexpr std::array<std::string_view, 3> kAuthorities{"ca", "capath", "pkcs12"};

/// Options that ask for more than the fingerprint does.
constexpr std::array<std::string_view, 7> kDemands{"crl-verify",     "verify-x509-name", "remote-cert-tls",
                                                   "remote-cert-ku", "remote-cert-eku",  "tls-verify",
                                                   "verify-hash"};

/// Goes through a configuration line by line.
class ConfigurationReader {
  public:
    ConfigurationReader(std::string_view text, const ImportContext& context) : text_(text), context_(context) {}

    Result<trust::ServerPolicy> read() {
        for (std::size_t begin = 0; begin < text_.size();) {
            const std::size_t end = std::min(text_.find('\n', begin), text_.size());
            if (auto done = take_line(begin, end); !done) return unexpected(done.error());
            begin = end + 1;
        }
        if (!block_.empty()) {
            return refuse_at(context_, text_, block_begin_, "bad_block",
                             "<" + text::escape(block_, 32) + "> has no end");
        }
        if (policy_.pins.empty()) {
            return refuse_at(context_, text_, 0, "no_pins", "there is no peer-fingerprint in it",
                             "a fingerprint stands in <peer-fingerprint>, or after peer-fingerprint");
        }
        policy_.trust = has_authority_ ? trust::TrustMode::kChainAndPins : trust::TrustMode::kPins;
        policy_.match = trust::Match::kLeaf;
        return policy_;
    }

    /// What the file asks for besides, and is not carried over.
    [[nodiscard]] const std::set<std::string_view>& demands() const { return demands_; }

  private:
    static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r'; }

    Result<void> take_line(std::size_t begin, std::size_t end) {
        while (begin < end && is_space(text_[begin])) ++begin;
        while (end > begin && is_space(text_[end - 1])) --end;
        const std::string_view line = text_.substr(begin, end - begin);
        if (line.empty()) return {};
        if (!block_.empty()) return take_block_line(line, begin);
        if (line.starts_with('#') || line.starts_with(';')) return {};
        if (line.starts_with('<') && line.ends_with('>')) {
            block_ = line.substr(1, line.size() - 2);
            block_begin_ = begin;
            note_option(block_);
            return {};
        }
        const std::size_t space = std::min(line.find_first_of(" \t"), line.size());
        std::string_view option = line.substr(0, space);
        if (option.starts_with("--")) option.remove_prefix(2);
        note_option(option);
        if (option != kOption) return {};
        return take_values(line.substr(space), begin + space);
    }

    Result<void> take_block_line(std::string_view line, std::size_t begin) {
        if (line == "</" + block_ + ">") {
            block_.clear();
            return {};
        }
        // Elsewhere are certificates and private keys, which are not looked at.
        if (block_ != kOption || line.starts_with('#') || line.starts_with(';')) return {};
        return take_values(line, begin);
    }

    void note_option(std::string_view option) {
        has_authority_ = has_authority_ || std::ranges::find(kAuthorities, option) != kAuthorities.end();
        const auto* const demand = std::ranges::find(kDemands, option);
        if (demand != kDemands.end()) demands_.insert(*demand);
    }

    /// Fingerprints parted by white space, up to a comment.
    Result<void> take_values(std::string_view values, std::size_t begin) {
        std::size_t at = 0;
        for (;;) {
            while (at < values.size() && is_space(values[at])) ++at;
            if (at == values.size() || values[at] == '#' || values[at] == ';') return {};
            const std::size_t end = std::min(values.find_first_of(" \t\r", at), values.size());
            auto pin = pin_from_hex(PinTarget::kCertificate, PinForm::kSha256, values.substr(at, end - at), true);
            if (!pin) return placed(pin.error(), place_at(context_.source, text_, begin + at));
            add_pin(policy_, std::move(*pin));
            at = end;
        }
    }

    std::string_view text_;
    const ImportContext& context_;
    trust::ServerPolicy policy_;
    bool has_authority_ = false;
    std::set<std::string_view> demands_;
    std::string block_;  ///< name of the block that the line is in
    std::size_t block_begin_ = 0;
};

std::string fingerprint(Bytes octets) {
    const std::string hex = text::hex(octets);
    std::string result;
    for (std::size_t i = 0; i < hex.size(); ++i) {
        if (i > 0 && i % 2 == 0) result += ':';
        result += hex[i] >= 'a' ? static_cast<char>(hex[i] - 'a' + 'A') : hex[i];
    }
    return result;
}

}  // namespace

Result<Imported> import_openvpn(std::string_view text, const ImportContext& context) {
    ConfigurationReader reader(text, context);
    auto policy = reader.read();
    if (!policy) return unexpected(policy.error());
    auto host = host_from(context, kName);
    if (!host) return unexpected(host.error());
    Imported imported;
    if (policy->trust == trust::TrustMode::kChainAndPins) {
        imported.lost.push_back(
            {"trust_anchors", host->to_string(),
             "the file's own CA is not carried over: the chain is judged here by the system's trust "
             "store, or by --roots FILE"});
    }
    for (const std::string_view demand : reader.demands()) {
        imported.lost.push_back({"option", host->to_string(),
                                 std::string(demand) + " is not carried over: what it asks for is not asked for here"});
    }
    imported.entries.push_back({std::move(*host), std::move(*policy)});
    return imported;
}

Result<Exported> export_openvpn(const std::vector<trust::PolicyEntry>& entries, trust::Time now) {
    Exported exported;
    const auto writable_entries = writable(entries, kRoom, now, exported.lost);
    if (!writable_entries) return unexpected(writable_entries.error());
    exported.text = "<peer-fingerprint>\n";
    for (const trust::PolicyPin& pin : writable_entries->front().pins) {
        exported.text += fingerprint(pin.pin.octets()) + "\n";
    }
    exported.text += "</peer-fingerprint>\n";
    return exported;
}

}  // namespace cotter::formats
