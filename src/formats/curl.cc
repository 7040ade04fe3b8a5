// curl's list of pins.
#include "formats/curl.h"

#include "formats/losses.h"
#include "formats/reading.h"
#include "text/encoding.h"

#include <algorithm>

namespace cotter::formats {
namespace {

constexpr std::string_view kPrefix = "sha256//";
constexpr std::string_view kOption = "pinnedpubkey";

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/// Where the list is in the text: without what a shell or curl's configuration file puts round it.
class CurlText {
  public:
    CurlText(std::string_view text, const ImportContext& context) : text_(text), context_(context), end_(text.size()) {}

    Result<Imported> read() {
        auto host = host_from(context_, "curl's list of pins");
        if (!host) return unexpected(host.error());
        trust::ServerPolicy policy;
        policy.trust = trust::TrustMode::kChainAndPins;
        policy.match = trust::Match::kLeaf;
        if (auto done = unwrap(); !done) return unexpected(done.error());
        for (;;) {
            const std::size_t stop = std::min(text_.find(';', begin_), end_);
            auto pin = read_pin(text_.substr(begin_, stop - begin_));
            if (!pin) return unexpected(pin.error());
            add_pin(policy, std::move(*pin));
            if (stop == end_) break;
            begin_ = stop + 1;
        }
        Imported result{{{*host, std::move(policy)}}};
        result.lost.push_back(
            {"chain", host->to_string(),
             "the list doesn't say whether curl was called with -k: a valid chain is asked for besides, "
             "trust = \"chain+pins\""});
        return result;
    }

  private:
    unexpected<Error> refuse(std::size_t offset, std::string code, std::string why, std::string next = {}) const {
        return refuse_at(context_, text_, offset, std::move(code), std::move(why), std::move(next));
    }

    void trim() {
        while (begin_ < end_ && is_blank(text_[begin_])) ++begin_;
        while (end_ > begin_ && is_blank(text_[end_ - 1])) --end_;
    }

    Result<void> unwrap() {
        trim();
        const std::string_view whole = text_.substr(begin_, end_ - begin_);
        for (const std::string_view dashes : {"--", ""}) {
            const std::string name = std::string(dashes) + std::string(kOption);
            if (!whole.starts_with(name)) continue;
            begin_ += name.size();
            trim();
            if (begin_ < end_ && (text_[begin_] == '=' || text_[begin_] == ':')) ++begin_;
            break;
        }
        trim();
        if (begin_ == end_) return refuse(begin_, "no_pins", "there is no pin in it");
        const char quote = text_[begin_];
        if (quote != '"' && quote != '\'') return {};
        if (end_ - begin_ < 2 || text_[end_ - 1] != quote)
            return refuse(begin_, "bad_quotes", "the quotes are not closed");
        ++begin_;
        --end_;
        return {};
    }

    [[nodiscard]] Result<Pin> read_pin(std::string_view one) const {
        if (!one.starts_with(kPrefix)) {
            constexpr std::string_view kAdvice = "write sha256//BASE64, several joined by ;";
            if (one.starts_with("sha256/")) {
                return refuse(begin_, "one_slash",
                              "curl's pins have two slashes: with one it takes them for a file's name",
                              std::string(kAdvice));
            }
            return refuse(begin_, "not_a_pin",
                          "it is not sha256// and a digest in base64; a file's name is not followed",
                          "cotter pin --format curl FILE prints what the file pins");
        }
        auto pin = pin_from_base64(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256, one.substr(kPrefix.size()));
        if (!pin) return placed(std::move(pin.error()), place_at(context_.source, text_, begin_));
        return pin;
    }

    std::string_view text_;
    const ImportContext& context_;
    std::size_t begin_ = 0;
    std::size_t end_;
};

}  // namespace

Result<Imported> import_curl(std::string_view text, const ImportContext& context) {
    return CurlText(text, context).read();
}

Result<Exported> export_curl(const std::vector<trust::PolicyEntry>& entries, trust::Time now) {
    constexpr Room kRoom{.format = "curl's list", .path = Path::kElsewhere, .positions = Positions::kLeaf};
    Exported result;
    const auto written = writable(entries, kRoom, now, result.lost);
    if (!written) return unexpected(written.error());
    for (const trust::PolicyPin& pin : written->front().pins) {
        result.text += (result.text.empty() ? "" : ";") + std::string(kPrefix) + text::base64(pin.pin.octets());
    }
    result.text += "\n";
    return result;
}

}  // namespace cotter::formats
