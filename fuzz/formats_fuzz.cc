// Formats: the first letter says which one, a for the first. Any text is refused readably, or becomes a policy that
// policy.toml says in full; and what is written of it in any format can be read again.
#include "check.h"

#include "formats/format.h"
#include "formats/testing/entries.h"

#include <array>

using cotter::formats::Format;
using cotter::formats::testing::kNow;
using cotter::formats::testing::told;
using cotter::fuzz::promise;

namespace {

/// The order of the letters, which the seeds rely on.
constexpr std::array<std::string_view, 16> kNames{"cotter", "hpkp",    "android", "trustkit",  "apple",  "curl",
                                                  "okhttp", "tlsa",    "envoy",   "chromium",  "gnutls", "nats",
                                                  "stubby", "openvpn", "kubeadm", "ghostunnel"};

cotter::formats::ImportContext context() {
    cotter::formats::ImportContext result{.source = "input", .now = kNow};
    result.host = *cotter::trust::HostPattern::parse("example.test", std::nullopt, false);
    return result;
}

void promise_readable_losses(const std::vector<cotter::formats::Loss>& lost) {
    for (const cotter::formats::Loss& loss : lost) {
        cotter::fuzz::promise_readable({cotter::ErrorKind::kFailed, loss.code, "x" + loss.host, loss.message, {}, {}});
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0 || data[0] < 'a' || data[0] >= 'a' + kNames.size()) return -1;
    const auto format = cotter::formats::format_from(kNames.at(data[0] - static_cast<std::size_t>('a')));
    if (!format) return -1;
    const auto imported = import_policy(*format, cotter::fuzz::text_of(data + 1, size - 1), context());
    if (!imported) {
        cotter::fuzz::promise_readable(imported.error());
        return 0;
    }
    promise(!imported->entries.empty());
    promise_readable_losses(imported->lost);
    const auto ours = export_policy(Format::kCotter, imported->entries, kNow);
    promise(ours.has_value() && ours->lost.empty());
    const auto again = import_policy(Format::kCotter, ours->text, context());
    promise(again.has_value() && told(again->entries) == told(imported->entries));
    for (const std::string& name : cotter::formats::format_names()) {
        const Format other = *cotter::formats::format_from(name);
        const auto exported = export_policy(other, imported->entries, kNow);
        if (!exported) {
            cotter::fuzz::promise_readable(exported.error());
            continue;
        }
        promise(exported->text.ends_with('\n'));
        promise_readable_losses(exported->lost);
        promise(import_policy(other, exported->text, context()).has_value());
    }
    return 0;
}
