// Lists of others.
#include "evidence/peer_import.h"

#include "files/files.h"
#include "text/escape.h"

#include <algorithm>
#include <iterator>

namespace cotter::evidence {

Result<std::vector<PeerEntry>> read_peers_to_import(const std::filesystem::path& path, trust::Time /*now*/) {
    const auto content = files::read(path);
    if (!content) return unexpected(content.error());
    std::string text;
    std::ranges::transform(*content, std::back_inserter(text),
                           [](std::byte octet) { return static_cast<char>(octet); });
    const auto list = PeerList::parse(text, path.string());
    if (!list) return unexpected(list.error());
    std::vector<PeerEntry> entries;
    for (const PeerLine& line : list->lines()) {
        if (const ForeignMark* foreign = line.foreign()) {
            return malformed("known_peers_mark", "importing " + text::escape(path.string()),
                             "it has a line with the mark " + foreign->mark + ", which this version doesn't know",
                             "take that line out, if you know what it means");
        }
        if (const PeerEntry* entry = line.entry()) entries.push_back(*entry);
    }
    return entries;
}

}  // namespace cotter::evidence
