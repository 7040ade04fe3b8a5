// From Chromium's two texts to entries.
#include "files/files.h"
#include "formats/chromium.h"
#include "formats/chromium_pins.h"
#include "formats/document.h"
#include "formats/reading.h"
#include "text/escape.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace cotter::formats {
namespace {

/// Whether the line that begins there is of the .json: in .pins no line does but within a PEM block.
bool is_json_line(std::string_view rest) {
    return rest.starts_with('{') || rest.starts_with("//") || rest.starts_with("/*");
}

std::size_t beginning_of_json(std::string_view text) {
    std::size_t begin = 0;
    bool is_in_block = false;
    while (begin < text.size() && (is_in_block || !is_json_line(text.substr(begin)))) {
        const std::string_view rest = text.substr(begin);
        if (rest.starts_with("-----BEGIN ")) is_in_block = rest.contains("\n-----END ");
        if (rest.starts_with("-----END ")) is_in_block = false;
        begin = std::min(text.find('\n', begin), text.size() - 1) + 1;
    }
    return begin;
}

/// The two texts, each with the places that it has in its file.
struct Texts {
    std::string pins;
    std::string pins_source;
    std::string json;
};

Result<Texts> texts_of(std::string_view text, const ImportContext& context) {
    const std::size_t split = beginning_of_json(text);
    if (split == text.size()) {
        return refuse_at(context, text, 0, "no_pins", "there are no pinsets and entries in it",
                         "give the .json, or the .pins and the .json joined");
    }
    const std::string_view before = text.substr(0, split);
    if (before.find_first_not_of(" \t\r\n") != std::string_view::npos) {
        Texts texts{std::string(before), context.source, std::string(before) + std::string(text.substr(split))};
        // White space in place of the first half keeps the lines of the second.
        std::ranges::replace_if(
            texts.json.begin(), texts.json.begin() + static_cast<std::ptrdiff_t>(split),
            [](char c) { return c != '\n'; }, ' ');
        return texts;
    }
    const std::filesystem::path source(context.source);
    const std::filesystem::path path = context.folder / (source.stem().string() + ".pins");
    const auto octets = files::read(path);
    if (!octets) {
        Error error = octets.error();
        error.next =
            "put the .pins beside the .json, or give both joined: cat LIST.pins LIST.json | cotter policy convert "
            "--from chromium -";
        return unexpected(std::move(error));
    }
    std::string pins(octets->size(), '\0');
    std::ranges::transform(*octets, pins.begin(), [](std::byte octet) { return static_cast<char>(octet); });
    return Texts{std::move(pins), path.string(), std::string(text)};
}

struct Pinset {
    std::vector<trust::PolicyPin> pins;
    PinSet deny;
    bool has_test_pin = false;
    std::optional<std::string> report_uri;
};

class ListReader {
  public:
    ListReader(const ChromiumPins& pins, const ImportContext& context) : pins_(pins), context_(context) {}

    Result<Imported> read(const Document& root) {
        if (!root.is_map()) return refuse_value(context_.source, root, "bad_type", "an object is needed");
        Fields fields(root, context_.source);
        const auto pinsets = fields.list("pinsets");
        if (!pinsets) return unexpected(pinsets.error());
        const auto entries = fields.list("entries");
        if (!entries) return unexpected(entries.error());
        if (*pinsets == nullptr) return fields.refuse("pinsets", "no_pins", "there are no pinsets in it");
        if (*entries == nullptr) return fields.refuse("entries", "no_pins", "there are no entries in it");
        if (auto done = refuse_unread(fields); !done) return unexpected(done.error());
        for (const Document& pinset : (*pinsets)->items) {
            if (auto done = read_pinset(pinset); !done) return unexpected(done.error());
        }
        for (const Document& entry : (*entries)->items) {
            if (auto done = read_entry(entry); !done) return unexpected(done.error());
        }
        if (imported_.entries.empty()) return fields.refuse("entries", "no_pins", "no entry in it has pins");
        note_unpinned();
        return std::move(imported_);
    }

  private:
    Result<void> refuse_unread(const Fields& fields) const {
        const auto unread = fields.unread();
        if (unread.empty()) return {};
        return fields.refuse(unread.front(), "unknown_key", "there is no key " + text::escape(unread.front(), 64));
    }

    Result<void> read_pinset(const Document& value) {
        if (!value.is_map()) return refuse_value(context_.source, value, "bad_type", "an object is needed");
        Fields fields(value, context_.source);
        const auto name = fields.text("name");
        if (!name) return unexpected(name.error());
        if (!*name || (*name)->empty()) return fields.refuse("name", "no_name", "the pinset has no name");
        Pinset pinset;
        const auto report_uri = fields.text("report_uri");
        if (!report_uri) return unexpected(report_uri.error());
        pinset.report_uri = *report_uri;
        const auto good = fields.texts("static_spki_hashes");
        if (!good) return unexpected(good.error());
        const auto bad = fields.texts("bad_static_spki_hashes");
        if (!bad) return unexpected(bad.error());
        if (auto done = refuse_unread(fields); !done) return done;
        for (const Document* key : *good) {
            const auto pin = pin_of(*key);
            if (!pin) return unexpected(pin.error());
            pinset.has_test_pin = pinset.has_test_pin || !*pin;
            if (*pin) pinset.pins.push_back({**pin, trust::PinRole::kPrimary, key->text, std::nullopt, {}});
        }
        for (const Document* key : *bad) {
            const auto pin = pin_of(*key);
            if (!pin) return unexpected(pin.error());
            if (*pin) pinset.deny.insert(**pin);
        }
        if (pinset.pins.empty() && !pinset.has_test_pin) {
            return fields.refuse("static_spki_hashes", "empty_pinset", "the pinset is empty, which pins nothing");
        }
        if (!pinsets_.emplace(**name, std::move(pinset)).second) {
            return fields.refuse("name", "duplicate_name", "the pinset " + text::escape(**name, 64) + " stands twice");
        }
        return {};
    }

    Result<std::optional<Pin>> pin_of(const Document& name) const {
        const auto found = pins_.keys.find(name.text);
        if (found != pins_.keys.end()) return found->second;
        return refuse_value(context_.source, name, "unknown_name",
                            "the .pins has no key called " + text::escape(name.text, 64));
    }

    Result<void> read_entry(const Document& value) {
        if (!value.is_map()) return refuse_value(context_.source, value, "bad_type", "an object is needed");
        Fields fields(value, context_.source);
        const auto name = fields.text("name");
        if (!name) return unexpected(name.error());
        if (!*name) return fields.refuse("name", "no_name", "the entry has no name");
        const auto below = fields.boolean("include_subdomains");
        if (!below) return unexpected(below.error());
        const auto pins_below = fields.boolean("include_subdomains_for_pinning");
        if (!pins_below) return unexpected(pins_below.error());
        const auto pinset_name = fields.text("pins");
        if (!pinset_name) return unexpected(pinset_name.error());
        for (const std::string_view key : {"policy", "mode"}) {
            if (const auto text = fields.text(key); !text) return unexpected(text.error());
        }
        if (auto done = refuse_unread(fields); !done) return done;
        if (!hosts_.insert(**name).second) {
            return fields.refuse("name", "duplicate_host", "the host " + text::escape(**name, 100) + " stands twice");
        }
        if (!*pinset_name) {
            ++without_pins_;
            return {};
        }
        const auto pinset = pinsets_.find(**pinset_name);
        if (pinset == pinsets_.end()) {
            return fields.refuse("pins", "unknown_name", "there is no pinset " + text::escape(**pinset_name, 64));
        }
        return add_entry(**name, below->value_or(false) || pins_below->value_or(false), pinset->second, value);
    }

    Result<void> add_entry(const std::string& name, bool below, const Pinset& pinset, const Document& value) {
        const Place place = place_of(context_.source, value);
        if (name.contains('*')) return refuse_place(place, "bad_host_name", "Chromium's list knows no wildcards");
        auto host = trust::HostPattern::parse(name, std::nullopt, below);
        if (!host) return placed(host.error(), place);
        trust::ServerPolicy policy = pins_in_a_chain();
        policy.pins = pinset.pins;
        policy.deny = pinset.deny;
        policy.expires = end();
        policy.on_expiry = trust::OnExpiry::kChain;
        if (pinset.has_test_pin) {
            imported_.lost.push_back(
                {"test_pin", host->to_string(),
                 "the all-zero TestSPKI is no key's and is left out: it matches nothing here, too"});
        }
        if (pinset.report_uri) {
            imported_.lost.push_back(
                {"report_uri", host->to_string(),
                 "reports to " + text::escape(*pinset.report_uri, 200) + " are not sent from here"});
        }
        imported_.entries.push_back({std::move(*host), std::move(policy)});
        return {};
    }

    [[nodiscard]] trust::Time end() const { return pins_.timestamp + kChromiumPinsLast; }

    void note_unpinned() {
        if (without_pins_ == 0) return;
        imported_.lost.push_back(
            {"https_only", {}, std::to_string(without_pins_) + " entries ask for HTTPS and have no pins: left out"});
    }

    const ChromiumPins& pins_;
    const ImportContext& context_;
    std::unordered_map<std::string, Pinset> pinsets_;
    std::unordered_set<std::string> hosts_;
    std::size_t without_pins_ = 0;
    Imported imported_;
};

}  // namespace

Result<Imported> import_chromium(std::string_view text, const ImportContext& context) {
    const auto texts = texts_of(text, context);
    if (!texts) return unexpected(texts.error());
    const auto pins = read_chromium_pins(texts->pins, texts->pins_source);
    if (!pins) return unexpected(pins.error());
    const auto root = read_json(texts->json, context.source, true);
    if (!root) return unexpected(root.error());
    return ListReader(*pins, context).read(*root);
}

}  // namespace cotter::formats
