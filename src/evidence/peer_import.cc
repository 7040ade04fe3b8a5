// Lists of others.
#include "evidence/peer_import.h"

#include "files/files.h"
#include "formats/format.h"
#include "pin/digest.h"
#include "text/escape.h"

#include <algorithm>
#include <iterator>

namespace cotter::evidence {
namespace {

unexpected<Error> refuse(std::string_view source, std::string why) {
    return malformed("not_importable", "importing " + text::escape(source), std::move(why),
                     "take that line out, if you know what it means");
}

/// GnuTLS's lines begin with a bar and a letter, which none of ours do.
bool is_gnutls(std::string_view text) {
    while (text.starts_with('#') || text.starts_with('\n') || text.starts_with('\r'))
        text.remove_prefix(std::min(text.size(), text.find('\n')) + (text.contains('\n') ? 1 : 0));
    return text.starts_with("|g0|") || text.starts_with("|c0|");
}

/// A whole key as the digest that is remembered of it, so that the two can be compared.
Pin as_remembered(const Pin& pin) {
    if (pin.form() != PinForm::kDer) return pin;
    return *Pin::from_octets(pin.target(), PinForm::kSha256, digest(PinForm::kSha256, pin.octets()));
}

Result<std::vector<PeerEntry>> of_gnutls(std::string_view text, std::string_view source, trust::Time now) {
    const auto imported = formats::import_policy(formats::Format::kGnutls, text, {std::string(source), {}, now, {}});
    if (!imported) return unexpected(imported.error());
    if (!imported->lost.empty()) return refuse(source, imported->lost.front().message);
    std::vector<PeerEntry> entries;
    for (const trust::PolicyEntry& entry : imported->entries) {
        const trust::HostPattern& host = entry.host;
        if (!host.port() || host.is_wildcard() || host.includes_subdomains()) {
            return refuse(source, host.to_string() + " is more than one host and port");
        }
        for (const trust::PolicyPin& pin : entry.policy.pins) {
            if (pin.expires) {
                return refuse(source, "the key " + pin.pin.abbreviated() + " of " + host.to_string() +
                                          " has an end, and what is remembered has none");
            }
            const HostPort peer{host.base(), *host.port()};
            entries.push_back({false, PeerName(peer), as_remembered(pin.pin), now, now, {}, {}});
        }
    }
    return entries;
}

}  // namespace

Result<std::vector<PeerEntry>> peers_to_import(std::string_view text, std::string_view source, trust::Time now) {
    if (is_gnutls(text)) return of_gnutls(text, source, now);
    const auto list = PeerList::parse(text, source);
    if (!list) return unexpected(list.error());
    std::vector<PeerEntry> entries;
    for (const PeerLine& line : list->lines()) {
        if (const ForeignMark* foreign = line.foreign()) {
            return refuse(source, "it has a line with the mark " + foreign->mark + ", which this version doesn't know");
        }
        if (const PeerEntry* entry = line.entry()) entries.push_back(*entry);
    }
    return entries;
}

Result<std::vector<PeerEntry>> read_peers_to_import(const std::filesystem::path& path, trust::Time now) {
    const auto content = files::read(path);
    if (!content) return unexpected(content.error());
    std::string text;
    std::ranges::transform(*content, std::back_inserter(text),
                           [](std::byte octet) { return static_cast<char>(octet); });
    return peers_to_import(text, path.string(), now);
}

}  // namespace cotter::evidence
