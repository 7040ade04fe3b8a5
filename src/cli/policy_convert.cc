// cotter policy convert: a policy out of one format into another, and what the other can't say.
#include "cli/format_output.h"
#include "cli/policy.h"
#include "cli/print.h"
#include "cli/report.h"
#include "files/files.h"
#include "formats/format.h"
#include "service/wall_clock.h"
#include "text/encoding.h"

#include <CLI/Option.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <set>

namespace cotter::cli {
namespace {

struct ConvertOptions {
    std::string from;
    std::string to;
    std::string host;
    std::string source = "-";
};

Error no_one_entry(const trust::HostPattern& host, std::string why, std::string next) {
    return {ErrorKind::kMalformedInput,
            "no_entry",
            "converting the entry of " + host.to_string(),
            std::move(why),
            std::move(next),
            {}};
}

/// Whether an entry is of that very name; the names below it, too, as HPKP's includeSubDomains may say.
bool is_of(const trust::HostPattern& entry, const trust::HostPattern& host) {
    return entry.base() == host.base() && entry.is_wildcard() == host.is_wildcard() && entry.port() == host.port();
}

/// Entries of narrower reach that judge a part of what that entry reaches, and are left out.
void tell_left_out(const trust::PolicyEntry& kept, const std::vector<trust::PolicyEntry>& entries,
                   std::vector<formats::Loss>& lost) {
    const std::string name = kept.host.base().to_string();
    for (const trust::PolicyEntry& other : entries) {
        const std::string base = other.host.base().to_string();
        const bool is_below = kept.host.includes_subdomains() && base.ends_with("." + name);
        if (other.host == kept.host || (base != name && !is_below)) continue;
        lost.push_back(
            {"overlap", kept.host.to_string(),
             "the entry of " + other.host.to_string() +
                 " is left out: what it judges by itself is judged by this one where only this one is used"});
    }
}

/// The entry that judges that host, as the entry of that host alone. Where the text named no host, every entry is of
/// --host already.
Result<std::vector<trust::PolicyEntry>> only_for(const trust::HostPattern& host,
                                                 std::vector<trust::PolicyEntry> entries,
                                                 std::vector<formats::Loss>& lost) {
    if (std::ranges::all_of(entries, [&](const auto& entry) { return is_of(entry.host, host); })) return entries;
    const auto set = trust::PolicySet::from(entries);
    if (!set) return unexpected(set.error());
    std::set<std::uint16_t> ports{443};
    for (const trust::PolicyEntry& entry : entries) {
        if (entry.host.port()) ports.insert(*entry.host.port());
    }
    if (host.port()) ports = {*host.port()};
    std::set<const trust::PolicyEntry*> found;
    for (const trust::PolicyEntry& entry : set->entries()) {
        if (!is_of(entry.host, host)) continue;
        tell_left_out(entry, set->entries(), lost);
        return std::vector{entry};
    }
    if (!host.is_wildcard()) {
        for (const std::uint16_t port : ports) found.insert(set->find({host.base(), port}));
        found.erase(nullptr);
    }
    if (found.empty()) {
        return unexpected(no_one_entry(host, "no entry covers it", "take --host away to convert all entries"));
    }
    if (found.size() > 1) {
        return unexpected(no_one_entry(host, "it has entries for more than one port", "write --host NAME:PORT"));
    }
    trust::PolicyEntry only = **found.begin();
    auto alone =
        trust::HostPattern::parse(host.base().to_string(), host.port() ? host.port() : only.host.port(), false);
    if (!alone) return unexpected(alone.error());
    only.host = std::move(*alone);
    return std::vector{std::move(only)};
}

Result<std::string> text_of_source(const std::string& source) {
    const auto content = files::read(source);
    if (!content) return unexpected(content.error());
    return text::of_octets(*content);
}

int run(const Invocation& invocation, const ConvertOptions& options) {
    const auto from = formats::format_from(options.from);
    const auto to = formats::format_from(options.to);
    formats::ImportContext context{.source = options.source, .now = service::wall_clock_now()};
    if (options.source != "-") context.folder = std::filesystem::path(options.source).parent_path();
    if (!options.host.empty()) {
        auto host = host_argument(options.host);
        if (!host) return report(invocation, host.error());
        context.host = std::move(*host);
    }
    const auto text = text_of_source(options.source);
    if (!text) return report(invocation, text.error());
    auto imported = formats::import_policy(*from, *text, context);
    if (!imported) return report(invocation, imported.error());
    if (context.host) {
        auto entries = only_for(*context.host, std::move(imported->entries), imported->lost);
        if (!entries) return report(invocation, entries.error());
        imported->entries = std::move(*entries);
    }
    const auto exported = formats::export_policy(*to, imported->entries, context.now);
    if (!exported) return report(invocation, exported.error());
    std::vector<formats::Loss> lost = imported->lost;
    lost.insert(lost.end(), exported->lost.begin(), exported->lost.end());
    if (!invocation.json) {
        std::cout << exported->text << std::flush;
        warn_of(lost);
        return kDone;
    }
    nlohmann::ordered_json document{
        {"from", options.from}, {"to", options.to}, {"hosts", nlohmann::ordered_json::array()}};
    for (const trust::PolicyEntry& entry : imported->entries) document["hosts"].push_back(entry.host.to_string());
    document["text"] = exported->text;
    document["lost"] = losses_json(lost);
    print_document(document);
    return kDone;
}

}  // namespace

void add_policy_convert(CLI::App& policy, Invocation& invocation) {
    auto options = std::make_shared<ConvertOptions>();
    CLI::App* const command = policy.add_subcommand("convert", "Write a policy as another system reads it");
    command->footer(
        "FORMAT: `cotter help formats`. What can't be said is a warning.\n"
        "\n"
        "Examples:\n"
        "  cotter policy convert --from android --to cotter network_security_config.xml\n"
        "  cotter policy convert --from hpkp --to cotter --host example.com header.txt");
    const CLI::Validator is_known = one_of(formats::format_names());
    command->add_option("--from", options->from, "What FILE is")->required()->check(is_known)->option_text("FORMAT");
    command->add_option("--to", options->to, "What is printed")->required()->check(is_known)->option_text("FORMAT");
    command->add_option("--host", options->host, "Whose pins, where FILE doesn't say; else: only its")
        ->type_name("NAME[:PORT]");
    command->add_option("FILE", options->source, "File to read; -: standard input")->capture_default_str();
    command->callback(
        [&invocation, options] { invocation.run = [&invocation, options] { return run(invocation, *options); }; });
}

}  // namespace cotter::cli
