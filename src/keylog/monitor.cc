// Comparing entries with what is known, and remembering how far.
#include "keylog/monitor.h"

#include "files/files.h"
#include "pin/digest.h"
#include "text/encoding.h"
#include "text/escape.h"
#include "x509/openssl.h"

#include <algorithm>

namespace cotter::keylog {
namespace {

constexpr std::string_view kToldLine = "cotter-key-monitor/1\n";
constexpr std::size_t kMostToldOctets = 64;

bool concerns(const KeyName& entry, const KeyName& name) {
    return entry.host == name.host && (!entry.port || !name.port || entry.port == name.port);
}

}  // namespace

Watched watch(const std::vector<KeyEntry>& entries, std::uint64_t told, const KeyName& name,
              const std::vector<Pin>& known) {
    Watched watched;
    watched.told = entries.size();
    for (std::uint64_t number = told; number < entries.size(); ++number) {
        const KeyEntry& entry = entries[number];
        if (!concerns(entry.name, name)) continue;
        // That a key is taken back harms nobody who has another.
        const bool is_foreign = entry.word == Word::kAdded && std::ranges::find(known, entry.pin) == known.end();
        if (is_foreign) watched.told = std::min(watched.told, number);
        watched.news.push_back({number, entry, is_foreign});
    }
    return watched;
}

Told::Told(const identity::StateFolder& state, const audit::Verifier& key, const KeyName& name)
    : file_(state.path() /
            ("key-log-" + text::hex(Bytes(sha256(x509::as_bytes(key.to_string() + "\n" + name.to_string()))).first(8)) +
             ".told")) {}

Result<std::uint64_t> Told::read() const {
    if (!files::is_there(file_)) return 0;
    const auto content = files::read_private(file_, kMostToldOctets);
    if (!content) return unexpected(content.error());
    std::string text = text::of_octets(*content);
    const bool is_ours = text.starts_with(kToldLine) && text.ends_with('\n');
    const auto told =
        is_ours ? audit::parse_count(text.substr(kToldLine.size(), text.size() - kToldLine.size() - 1)) : std::nullopt;
    if (told) return *told;
    return failed("key_log_told", "reading " + text::escape(file_.string()), "it is not what cotter wrote",
                  "remove it: every entry of the log is then told once more");
}

Result<void> Told::write(std::uint64_t told) const {
    const std::string text = std::string(kToldLine) + std::to_string(told) + "\n";
    return files::write_private(file_, x509::as_bytes(text), files::Replace::kExisting);
}

}  // namespace cotter::keylog
