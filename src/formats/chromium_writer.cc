// From entries to Chromium's two texts, joined.
#include "formats/app_policy.h"
#include "formats/chromium.h"
#include "formats/chromium_pins.h"
#include "formats/document.h"
#include "formats/losses.h"
#include "formats/reading.h"
#include "text/encoding.h"
#include "text/escape.h"
#include "text/time.h"

#include <algorithm>
#include <map>
#include <set>

namespace cotter::formats {
namespace {

constexpr Room kRoom{.format = "Chromium",
                     .names_hosts = true,
                     .subdomains = true,
                     .addresses = false,
                     .deny = true,
                     .labels = true,
                     .ending = Ending::kOpen,
                     .path = Path::kAlways,
                     .positions = Positions::kAny};
constexpr std::size_t kMostPinsets = 16;  // its generator stores four bits

/// The keys by the names that they get, and the pinsets made of them.
class ListWriter {
  public:
    explicit ListWriter(std::vector<Loss>& lost) : lost_(lost) {}

    void add(const WritableEntry& entry) {
        Pinset pinset;
        const std::string host = entry.entry->host.to_string();
        for (const trust::PolicyPin& pin : entry.pins) pinset.good.push_back(name_of(pin.pin, pin.label, host));
        for (const Pin& pin : entry.entry->policy.deny) {
            const auto written =
                pin.target() == PinTarget::kSubjectPublicKeyInfo ? in_form(pin, PinForm::kSha256) : std::nullopt;
            if (written) {
                pinset.bad.push_back(name_of(*written, {}, host));
            } else {
                lost_.push_back({"deny", host,
                                 pin.abbreviated() +
                                     " is denied here and of a kind that Chromium doesn't have: a chain "
                                     "that holds it is trusted there"});
            }
        }
        const auto [place, is_new] = pinsets_.emplace(pinset, "pinset_" + std::to_string(pinsets_.size() + 1));
        entries_ += (entries_.empty() ? "" : ",\n") + std::string("    {\"name\": ") +
                    json_quoted(entry.entry->host.base().to_string()) +
                    ", \"policy\": \"custom\", \"include_subdomains\": " +
                    (entry.entry->host.includes_subdomains() ? "true" : "false") +
                    ", \"pins\": " + json_quoted(place->second) + "}";
    }

    [[nodiscard]] std::size_t pinset_count() const { return pinsets_.size(); }

    [[nodiscard]] std::string text(trust::Time timestamp) const {
        const auto seconds = timestamp.time_since_epoch().count();
        std::string text = std::string(kChromiumTimestamp) + "\n" + std::to_string(seconds) + "\n\n" + keys_;
        text += "{\n  \"pinsets\": [\n";
        std::string pinsets;
        for (const auto& [pinset, name] : pinsets_) {
            pinsets += (pinsets.empty() ? "" : ",\n") + std::string("    {\"name\": ") + json_quoted(name) +
                       ", \"static_spki_hashes\": " + list(pinset.good) +
                       (pinset.bad.empty() ? "" : ", \"bad_static_spki_hashes\": " + list(pinset.bad)) + "}";
        }
        return text + pinsets + "\n  ],\n  \"entries\": [\n" + entries_ + "\n  ]\n}\n";
    }

  private:
    struct Pinset {
        std::vector<std::string> good;
        std::vector<std::string> bad;
        auto operator<=>(const Pinset&) const = default;
    };

    static std::string list(const std::vector<std::string>& names) {
        std::string text;
        for (const std::string& name : names) text += (text.empty() ? "" : ", ") + json_quoted(name);
        return "[" + text + "]";
    }

    /// One key has one name: the first label that can be one, else a number.
    std::string name_of(const Pin& pin, const std::string& label, const std::string& host) {
        const auto known = names_.find(pin);
        const bool is_usable = is_chromium_name(label) && !taken_.contains(label);
        const std::string name = known != names_.end() ? known->second : is_usable ? label : numbered();
        if (!label.empty() && name != label) {
            lost_.push_back({"label", host, pin.abbreviated() + " is called \"" + text::escape(label, 80) + "\" here"});
        }
        if (known == names_.end()) {
            names_.emplace(pin, name);
            taken_.insert(name);
            keys_ += name + "\nsha256/" + text::base64(pin.octets()) + "\n\n";
        }
        return name;
    }

    std::string numbered() {
        std::string name;
        do {
            name = "Key_" + std::to_string(++number_);
        } while (taken_.contains(name));
        return name;
    }

    std::vector<Loss>& lost_;
    std::map<Pin, std::string> names_;
    std::set<std::string> taken_;
    std::size_t number_ = 0;
    std::string keys_;
    std::map<Pinset, std::string> pinsets_;
    std::string entries_;
};

/// The list's one timestamp: so that it ends with its entries where all end at one time, else now.
trust::Time timestamp_for(const std::vector<WritableEntry>& entries, trust::Time now, std::vector<Loss>& lost) {
    const auto end = entries.front().expires;
    const bool is_common =
        end && *end - kChromiumPinsLast >= trust::Time{} &&
        std::ranges::all_of(entries, [&](const WritableEntry& entry) { return entry.expires == end; });
    const trust::Time timestamp = is_common ? trust::Time(*end - kChromiumPinsLast) : now;
    const std::string ends = text::rfc3339(timestamp + kChromiumPinsLast);
    for (const WritableEntry& entry : entries) {
        if (is_common || !entry.expires) continue;
        lost.push_back(
            {"expires", entry.entry->host.to_string(),
             "its pins stop to count at " + text::rfc3339(*entry.expires) + " here, and at " + ends + " there"});
    }
    if (!is_common) {
        lost.push_back({"fails_open",
                        {},
                        "from " + ends +
                            ", 70 days after the list's timestamp, the pins no longer count there and any "
                            "valid chain is trusted"});
    }
    return timestamp;
}

}  // namespace

Result<Exported> export_chromium(const std::vector<trust::PolicyEntry>& entries, trust::Time now) {
    Exported exported;
    const auto writable_entries = writable(entries, kRoom, now, exported.lost);
    if (!writable_entries) return unexpected(writable_entries.error());
    std::vector<const trust::PolicyEntry*> named;
    for (const WritableEntry& entry : *writable_entries) named.push_back(entry.entry);
    if (auto done = names_stand_once(named, kRoom.format); !done) return unexpected(done.error());
    ListWriter list(exported.lost);
    for (const WritableEntry& entry : *writable_entries) list.add(entry);
    if (list.pinset_count() > kMostPinsets) {
        return malformed("too_many_pinsets", "writing the policy as Chromium",
                         "its list has room for 16 pinsets, and this needs " + std::to_string(list.pinset_count()),
                         "choose hosts with --host NAME");
    }
    exported.text = list.text(timestamp_for(*writable_entries, now, exported.lost));
    return exported;
}

}  // namespace cotter::formats
