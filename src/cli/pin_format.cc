// Pins as others write them.
#include "cli/pin_format.h"

#include "cli/format_output.h"
#include "cli/report.h"
#include "formats/hpkp.h"
#include "service/wall_clock.h"

#include <algorithm>
#include <array>
#include <iostream>
#include <iterator>

namespace cotter::cli {
namespace {

/// Losses of what a bare pin doesn't say either.
constexpr std::array<std::string_view, 4> kNotOfAPin{"host", "trust", "chain", "match"};

struct Host {
    trust::HostPattern pattern;
    bool is_known = true;  ///< else nobody said whose key it is
};

std::optional<trust::HostPattern> first_name(const x509::PinnableObject& object) {
    const auto* const certificate = std::get_if<x509::Certificate>(&object);
    if (certificate == nullptr) return std::nullopt;
    for (const x509::SubjectAltName& name : certificate->subject_alternative_names()) {
        if (name.type != x509::SanType::kDns) continue;
        if (auto pattern = trust::HostPattern::parse(name.value, std::nullopt, false)) return *pattern;
    }
    return std::nullopt;
}

Result<Host> host_of(const x509::PinnableObject& object, const PinFormatOptions& options) {
    if (!options.host.empty()) {
        auto host = host_argument(options.host);
        if (!host) return unexpected(host.error());
        return Host{std::move(*host)};
    }
    if (options.server) {
        auto host = trust::HostPattern::parse(options.server->host.to_string(), options.server->port, false);
        if (!host) return unexpected(host.error());
        return Host{std::move(*host)};
    }
    if (auto name = first_name(object)) return Host{std::move(*name)};
    // A name that nobody can have (RFC 2606), for formats that don't write it.
    auto nobody = trust::HostPattern::parse("host.invalid", std::nullopt, false);
    if (!nobody) return unexpected(nobody.error());
    return Host{std::move(*nobody), false};
}

/// What a format may pin: the key of a server, that of a CA, or a server's certificate.
struct Kind {
    PinTarget target;
    trust::Match match;
};
constexpr std::array<Kind, 3> kKinds{{{PinTarget::kSubjectPublicKeyInfo, trust::Match::kLeaf},
                                      {PinTarget::kSubjectPublicKeyInfo, trust::Match::kIssuer},
                                      {PinTarget::kCertificate, trust::Match::kLeaf}}};

std::optional<Pin> pin_of(const x509::PinnableObject& object, PinTarget target) {
    const auto* const certificate = std::get_if<x509::Certificate>(&object);
    return certificate != nullptr ? certificate->pin(target, PinForm::kSha256)
                                  : x509::pin_of(x509::key_of(object), target, PinForm::kSha256);
}

Result<std::vector<Pin>> backups_of(const PinFormatOptions& options) {
    std::vector<Pin> backups;
    for (const std::string& text : options.backups) {
        auto pins = x509::pins_from_argument(text);
        if (!pins) return unexpected(pins.error());
        std::ranges::move(*pins, std::back_inserter(backups));
    }
    return backups;
}

trust::PolicyEntry entry_of(const trust::HostPattern& host, Pin pin, trust::Match match,
                            const std::vector<Pin>& backups) {
    trust::PolicyEntry entry{host, {}};
    entry.policy.match = match;
    entry.policy.pins.push_back({std::move(pin), trust::PinRole::kPrimary, {}, std::nullopt, {}});
    for (const Pin& backup : backups) {
        const auto& pins = entry.policy.pins;
        if (std::ranges::find(pins, backup, &trust::PolicyPin::pin) != pins.end()) continue;
        entry.policy.pins.push_back({backup, trust::PinRole::kBackup, {}, std::nullopt, {}});
    }
    return entry;
}

/// By the first kind that the format has; the Error is that of the first.
Result<formats::Exported> export_pin(formats::Format format, const trust::HostPattern& host,
                                     const x509::PinnableObject& object, const std::vector<Pin>& backups) {
    std::optional<Error> first;
    for (const Kind& kind : kKinds) {
        auto pin = pin_of(object, kind.target);
        if (!pin) continue;
        auto exported = formats::export_policy(format, {entry_of(host, std::move(*pin), kind.match, backups)},
                                               service::wall_clock_now());
        if (exported) return exported;
        if (!first) first = std::move(exported.error());
    }
    return unexpected(*first);
}

}  // namespace

std::optional<formats::Format> policy_format(const std::string& name) {
    // "cotter" is one pin a line here.
    return name == "cotter" ? std::nullopt : formats::format_from(name);
}

std::vector<std::string> pin_format_names() {
    std::vector<std::string> names{"text", "json", "c++"};
    std::ranges::copy(formats::format_names(), std::back_inserter(names));
    return names;
}

int print_as(const Invocation& invocation, formats::Format format, const std::vector<x509::PinnableObject>& objects,
             const PinFormatOptions& options) {
    const auto host = host_of(objects.front(), options);
    if (!host) return report(invocation, host.error());
    const auto backups = backups_of(options);
    if (!backups) return report(invocation, backups.error());
    if (objects.size() > 1) {
        std::cerr << "cotter: warning: only the first of " << objects.size()
                  << " is printed; --format cotter prints the pins of all\n";
    }
    const std::string name(formats::text_of(format));
    if (format == formats::Format::kHpkp && backups->empty()) {
        std::cout << formats::hpkp_directive(*pin_of(objects.front(), PinTarget::kSubjectPublicKeyInfo)) << std::endl;
        std::cerr << "cotter: warning: that is one directive: a header needs the pin of a second key, --backup PIN\n";
        return kDone;
    }
    auto exported = export_pin(format, host->pattern, objects.front(), *backups);
    if (!exported) return report(invocation, exported.error());
    const bool names_host = std::ranges::find(exported->lost, "host", &formats::Loss::code) == exported->lost.end();
    if (names_host && !host->is_known) {
        return report(invocation, Error{ErrorKind::kMalformedInput,
                                        "host_needed",
                                        "writing the pin as " + name,
                                        "a key doesn't say whose it is, and that format does",
                                        "name the host: --host NAME[:PORT]",
                                        {}});
    }
    std::erase_if(exported->lost,
                  [](const formats::Loss& loss) { return std::ranges::count(kNotOfAPin, loss.code) > 0; });
    std::cout << exported->text << std::flush;
    warn_of(exported->lost);
    return kDone;
}

}  // namespace cotter::cli
