// ghostunnel's pins, both ways.
#include "formats/ghostunnel.h"

#include "formats/losses.h"
#include "formats/reading.h"
#include "formats/shell_words.h"
#include "text/encoding.h"
#include "text/escape.h"

#include <array>

namespace cotter::formats {
namespace {

constexpr std::string_view kName = "ghostunnel";
constexpr std::string_view kOption = "--allow-spki-pin";

struct Algorithm {
    std::string_view prefix;
    PinForm form;
};
constexpr std::array<Algorithm, 3> kAlgorithms{
    {{"sha256:", PinForm::kSha256}, {"sha384:", PinForm::kSha384}, {"sha512:", PinForm::kSha512}}};
constexpr PinKind kKinds[] = {{PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256},
                              {PinTarget::kSubjectPublicKeyInfo, PinForm::kSha384},
                              {PinTarget::kSubjectPublicKeyInfo, PinForm::kSha512}};
constexpr Room kRoom{.format = kName, .path = Path::kNever, .positions = Positions::kLeaf, .kinds = kKinds};

Result<Pin> pin_of(std::string_view value) {
    for (const Algorithm& algorithm : kAlgorithms) {
        if (!value.starts_with(algorithm.prefix)) continue;
        return pin_from_base64(PinTarget::kSubjectPublicKeyInfo, algorithm.form, value.substr(algorithm.prefix.size()));
    }
    const std::string what = "reading the pin \"" + text::escape(value, 80) + "\"";
    for (const std::string_view weak : {"sha1:", "md5:"}) {
        if (value.starts_with(weak)) {
            return malformed("pin_weak_digest", what, "SHA-1 and MD5 can be forged and are not taken",
                             "cotter pin FILE prints the SHA-256 pins of the same certificate");
        }
    }
    return malformed("pin_unknown_form", what, "ghostunnel's pins begin with sha256:, sha384: or sha512:");
}

/// Options by which ghostunnel admits others than the pinned ones.
void note_other_rules(const std::vector<ShellWord>& words, std::vector<Loss>& lost) {
    for (const ShellWord& word : words) {
        const std::string_view option = std::string_view(word.text).substr(0, word.text.find('='));
        if (!option.starts_with("--allow-") || option == kOption) continue;
        lost.push_back({"other_rule", {}, text::escape(option, 64) + " is another rule than a pin: left out"});
    }
}

}  // namespace

Result<Imported> import_ghostunnel(std::string_view text, const ImportContext& context) {
    const auto words = shell_words(text, context);
    if (!words) return unexpected(words.error());
    const auto values = option_values(*words, kOption, text, context);
    if (!values) return unexpected(values.error());
    trust::ServerPolicy policy;
    policy.trust = trust::TrustMode::kPins;
    policy.match = trust::Match::kLeaf;
    for (const ShellWord& value : *values) {
        auto pin = pin_of(value.text);
        if (!pin) return placed(pin.error(), place_at(context.source, text, value.offset));
        add_pin(policy, std::move(*pin));
    }
    if (policy.pins.empty()) {
        return refuse_at(context, text, 0, "no_pins", "there is no pin in it",
                         "a pin is --allow-spki-pin=sha256:BASE64");
    }
    auto host = host_from(context, kName);
    if (!host) return unexpected(host.error());
    Imported imported;
    note_other_rules(*words, imported.lost);
    imported.entries.push_back({std::move(*host), std::move(policy)});
    return imported;
}

Result<Exported> export_ghostunnel(const std::vector<trust::PolicyEntry>& entries, trust::Time now) {
    Exported exported;
    const auto writable_entries = writable(entries, kRoom, now, exported.lost);
    if (!writable_entries) return unexpected(writable_entries.error());
    for (const trust::PolicyPin& pin : writable_entries->front().pins) {
        for (const Algorithm& algorithm : kAlgorithms) {
            if (algorithm.form != pin.pin.form()) continue;
            exported.text +=
                std::string(kOption) + "=" + std::string(algorithm.prefix) + text::base64(pin.pin.octets()) + "\n";
        }
    }
    return exported;
}

}  // namespace cotter::formats
