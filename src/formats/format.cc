// The table of formats, and what holds for all of them.
#include "formats/format.h"

#include "formats/android.h"
#include "formats/apple.h"
#include "formats/chromium.h"
#include "formats/cotter.h"
#include "formats/curl.h"
#include "formats/envoy.h"
#include "formats/ghostunnel.h"
#include "formats/gnutls.h"
#include "formats/hpkp.h"
#include "formats/kubeadm.h"
#include "formats/nats.h"
#include "formats/okhttp.h"
#include "formats/openvpn.h"
#include "formats/reading.h"
#include "formats/stubby.h"
#include "formats/tlsa.h"
#include "formats/trustkit.h"
#include "text/escape.h"
#include "text/time.h"

#include <algorithm>

namespace cotter::formats {
namespace {

struct Row {
    Format format;
    std::string_view name;
    Result<Imported> (*read)(std::string_view text, const ImportContext& context);
    Result<Exported> (*write)(const std::vector<trust::PolicyEntry>& entries, trust::Time now);
};

/// One row a format, in the order of the enumeration.
constexpr Row kRows[] = {
    {Format::kCotter, "cotter", import_cotter, export_cotter},
    {Format::kHpkp, "hpkp", import_hpkp, export_hpkp},
    {Format::kAndroid, "android", import_android, export_android},
    {Format::kTrustKit, "trustkit", import_trustkit, export_trustkit},
    {Format::kApple, "apple", import_apple, export_apple},
    {Format::kCurl, "curl", import_curl, export_curl},
    {Format::kOkHttp, "okhttp", import_okhttp, export_okhttp},
    {Format::kTlsa, "tlsa", import_tlsa, export_tlsa},
    {Format::kEnvoy, "envoy", import_envoy, export_envoy},
    {Format::kChromium, "chromium", import_chromium, export_chromium},
    {Format::kGnutls, "gnutls", import_gnutls, export_gnutls},
    {Format::kNats, "nats", import_nats, export_nats},
    {Format::kGhostunnel, "ghostunnel", import_ghostunnel, export_ghostunnel},
    {Format::kStubby, "stubby", import_stubby, export_stubby},
    {Format::kOpenvpn, "openvpn", import_openvpn, export_openvpn},
    {Format::kKubeadm, "kubeadm", import_kubeadm, export_kubeadm},
};

constexpr std::size_t place_of(Format format) {
    return static_cast<std::size_t>(format);
}

static_assert(std::ranges::all_of(kRows, [](const Row& row) { return &kRows[place_of(row.format)] == &row; }) &&
              std::size(kRows) == place_of(Format::kKubeadm) + 1);

const Row& row_of(Format format) {
    return kRows[place_of(format)];
}

/// A date after which others trust any valid chain is kept as it is meant there, and never in silence (INVARIANT A56).
void note_open_ends(Imported& imported) {
    for (const trust::PolicyEntry& entry : imported.entries) {
        if (!entry.policy.expires || entry.policy.on_expiry != trust::OnExpiry::kChain) continue;
        imported.lost.push_back({"fails_open", entry.host.to_string(),
                                 "after " + text::rfc3339(*entry.policy.expires) +
                                     " its pins no longer count and any valid chain is trusted, as the source means "
                                     "it: on_expiry = \"chain\""});
    }
}

/// What no importer may hand out: nothing at all, or two entries of which none is the more specific.
Result<Imported> checked(Format format, Imported imported, const ImportContext& context) {
    if (imported.entries.empty()) {
        return malformed("no_pins", "reading " + text::escape(context.source), "there is no pin in it");
    }
    if (const auto set = trust::PolicySet::from(imported.entries); !set) {
        return placed(set.error(), Place{context.source, std::nullopt, std::nullopt, std::nullopt});
    }
    for (const trust::PolicyEntry& entry : imported.entries) note_samples(entry, imported.lost);
    if (format != Format::kCotter) note_open_ends(imported);
    return imported;
}

}  // namespace

std::optional<Format> format_from(std::string_view text) {
    const auto found = std::ranges::find(kRows, text, &Row::name);
    return found == std::end(kRows) ? std::nullopt : std::optional(found->format);
}

std::string_view text_of(Format format) {
    return row_of(format).name;
}

std::vector<std::string> format_names() {
    std::vector<std::string> names;
    for (const Row& row : kRows) names.emplace_back(row.name);
    return names;
}

Result<Imported> import_policy(Format format, std::string_view text, const ImportContext& context) {
    auto imported = row_of(format).read(text, context);
    if (!imported) return unexpected(imported.error());
    return checked(format, std::move(*imported), context);
}

Result<Exported> export_policy(Format format, const std::vector<trust::PolicyEntry>& entries, trust::Time now) {
    return row_of(format).write(entries, now);
}

}  // namespace cotter::formats
