// Reading .pins, line by line.
#include "formats/chromium_pins.h"

#include "formats/document.h"
#include "formats/reading.h"
#include "text/escape.h"
#include "text/time.h"
#include "x509/pem.h"

#include <algorithm>
#include <charconv>

namespace cotter::formats {
namespace {

constexpr std::string_view kDigest = "sha256/";
constexpr std::string_view kTestName = "TestSPKI";
constexpr std::string_view kTestDigest = "sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

struct PinOf {
    std::optional<Pin> operator()(const x509::Certificate& certificate) const {
        return certificate.pin(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256);
    }
    std::optional<Pin> operator()(const x509::PublicKey& key) const {
        return x509::pin_of(key, PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256);
    }
};

/// The SubjectPublicKeyInfo's pin of the one object in PEM.
Result<Pin> pin_of_object(std::string_view pem, std::string_view source) {
    const auto objects = x509::pinnable_from(std::as_bytes(std::span(pem)), source);
    if (!objects) return unexpected(objects.error());
    if (objects->size() != 1) return malformed("many_objects", "reading a key", "one certificate or key is needed");
    const auto pin = std::visit(PinOf{}, objects->front());
    if (!pin) return malformed("no_pin", "reading a key", "it has no SHA-256 pin");
    return *pin;
}

class PinsReader {
  public:
    PinsReader(std::string_view text, std::string_view source) : text_(text), source_(source) {}

    Result<ChromiumPins> read() {
        if (const std::size_t at = text_.find('\r'); at != std::string_view::npos) {
            return refuse(at, "crlf", "its lines end in CRLF, which Chromium doesn't read",
                          "end each line in a line feed alone");
        }
        while (at_ < text_.size()) {
            const std::size_t begin = at_;
            const std::string_view line = next_line();
            if (line.empty() || line.starts_with('#')) continue;
            Result<void> done;
            if (line == kChromiumTimestamp) {
                done = read_timestamp(begin);
            } else if (is_chromium_name(line)) {
                done = read_key(std::string(line), begin);
            } else {
                return refuse(begin, "bad_name", "a name is needed here: a capital letter, then letters, digits and _");
            }
            if (!done) return unexpected(done.error());
        }
        if (!has_timestamp_) return refuse(0, "no_timestamp", "there is no PinsListTimestamp in it");
        return std::move(pins_);
    }

  private:
    [[nodiscard]] unexpected<Error> refuse(std::size_t at, std::string code, std::string why,
                                           std::string next = {}) const {
        return refuse_place(place_at(source_, text_, at), std::move(code), std::move(why), std::move(next));
    }

    std::string_view next_line() {
        const std::size_t end = std::min(text_.find('\n', at_), text_.size());
        const std::string_view line = text_.substr(at_, end - at_);
        at_ = std::min(end + 1, text_.size());
        return line;
    }

    /// The next line but comments; where there is none, an empty one.
    std::string_view next_value() {
        while (at_ < text_.size()) {
            const std::string_view line = next_line();
            if (!line.starts_with('#')) return line;
        }
        return {};
    }

    Result<void> read_timestamp(std::size_t begin) {
        if (has_timestamp_) return refuse(begin, "two_timestamps", "there is a second PinsListTimestamp");
        has_timestamp_ = true;
        // Chromium's own time may be anything; one past these years would be no date here.
        constexpr std::int64_t kLast = 253402300799;
        const std::string_view line = next_value();
        std::int64_t seconds = 0;
        const auto [end, fault] = std::from_chars(line.data(), line.data() + line.size(), seconds);
        const std::int64_t most = kLast - std::chrono::seconds(kChromiumPinsLast).count();
        if (fault != std::errc{} || end != line.data() + line.size() || seconds < 0 || seconds > most) {
            return refuse(begin, "bad_timestamp", "seconds since 1970 follow PinsListTimestamp, up to the year 9999");
        }
        pins_.timestamp = trust::Time(std::chrono::seconds(seconds));
        return {};
    }

    Result<void> read_key(const std::string& name, std::size_t begin) {
        if (pins_.keys.contains(name)) return refuse(begin, "duplicate_name", "the name " + name + " stands twice");
        const std::size_t value_begin = at_;
        const std::string_view line = next_value();
        if (name == kTestName && line == kTestDigest) {
            pins_.keys.emplace(name, std::nullopt);
            return {};
        }
        auto pin = read_value(line, value_begin);
        if (!pin) return placed(pin.error(), place_at(source_, text_, value_begin));
        pins_.keys.emplace(name, std::move(*pin));
        return {};
    }

    Result<Pin> read_value(std::string_view line, std::size_t begin) {
        if (line.starts_with(kDigest)) {
            return pin_from_base64(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256, line.substr(kDigest.size()));
        }
        for (const std::string_view label : {"CERTIFICATE-----", "PUBLIC KEY-----"}) {
            if (line != "-----BEGIN " + std::string(label)) continue;
            const std::string last = "-----END " + std::string(label);
            std::string pem = std::string(line) + "\n";
            while (at_ < text_.size()) {
                const std::string_view more = next_line();
                if (more.starts_with('#')) continue;
                pem += std::string(more) + "\n";
                if (more == last) return pin_of_object(pem, source_);
            }
            return refuse(begin, "bad_pem", "the PEM block has no end");
        }
        if (line.starts_with("sha1/")) {
            return refuse(begin, "pin_weak_digest", "SHA-1 can be forged and is not taken",
                          "cotter pin FILE prints the SHA-256 pins of a certificate");
        }
        return refuse(begin, "bad_value", "sha256/BASE64, a CERTIFICATE or a PUBLIC KEY follows a name");
    }

    std::string_view text_;
    std::string_view source_;
    std::size_t at_ = 0;
    bool has_timestamp_ = false;
    ChromiumPins pins_;
};

}  // namespace

Result<ChromiumPins> read_chromium_pins(std::string_view text, std::string_view source) {
    return PinsReader(text, source).read();
}

bool is_chromium_name(std::string_view name) {
    const auto is_letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
    return !name.empty() && name.front() >= 'A' && name.front() <= 'Z' && name != kChromiumTimestamp &&
           std::ranges::all_of(name, [&](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '_'; });
}

}  // namespace cotter::formats
