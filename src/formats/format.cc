// The table of formats, and what holds for all of them.
#include "formats/format.h"

#include "formats/cotter.h"
#include "formats/reading.h"
#include "text/escape.h"

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
};

const Row& row_of(Format format) {
    return *std::ranges::find(kRows, format, &Row::format);
}

/// What no importer may hand out: nothing at all, or two entries of which none is the more specific.
Result<Imported> checked(Imported imported, const ImportContext& context) {
    if (imported.entries.empty()) {
        return malformed("no_pins", "reading " + text::escape(context.source), "there is no pin in it");
    }
    if (const auto set = trust::PolicySet::from(imported.entries); !set) {
        return placed(set.error(), Place{context.source, std::nullopt, std::nullopt, std::nullopt});
    }
    for (const trust::PolicyEntry& entry : imported.entries) note_samples(entry, imported.lost);
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
    return checked(std::move(*imported), context);
}

Result<Exported> export_policy(Format format, const std::vector<trust::PolicyEntry>& entries, trust::Time now) {
    return row_of(format).write(entries, now);
}

}  // namespace cotter::formats
