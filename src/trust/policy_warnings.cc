// The warnings, one function each.
#include "trust/policy_warnings.h"

#include "text/escape.h"
#include "text/time.h"
#include "x509/name_match.h"

#include <algorithm>
#include <unordered_map>

namespace cotter::trust {
namespace {

bool is_past(std::optional<Time> end, Time now) {
    return end && now > *end;
}

bool is_soon(std::optional<Time> end, Time now) {
    return end && !is_past(end, now) && *end - now <= kSoon;
}

/// Warnings about one entry by itself.
class EntryWarnings {
  public:
    EntryWarnings(const PolicyEntry& entry, Time now, std::vector<PolicyWarning>& into)
        : host_(entry.host), policy_(entry.policy), now_(now), into_(into) {}

    void add_all() {
        of_the_end();
        of_pin_ends();
        of_the_pins();
        of_the_reach();
        of_the_mode();
    }

  private:
    void warn(WarningCode code, std::string message, std::string next, std::optional<Pin> pin = std::nullopt) {
        into_.push_back({code, host_.to_string(), std::move(message), std::move(next), std::move(pin)});
    }

    void of_the_end() {
        const std::string then = policy_.on_expiry == OnExpiry::kChain && policy_.trust == TrustMode::kChainAndPins
                                     ? "from then on the chain alone counts"
                                 : policy_.on_expiry == OnExpiry::kChain ? "from then on any chain is enough"
                                                                         : "from then on every server is refused";
        if (is_past(policy_.expires, now_)) {
            warn(WarningCode::kEnded, "the entry ended at " + text::rfc3339(*policy_.expires) + "; " + then,
                 "check its pins and give it a new date");
        } else if (is_soon(policy_.expires, now_)) {
            warn(WarningCode::kEndsSoon, "the entry ends at " + text::rfc3339(*policy_.expires) + "; " + then,
                 "check its pins and give it a new date");
        }
    }

    void of_pin_ends() {
        for (const PolicyPin& pin : policy_.pins) {
            const std::string which = pin.pin.abbreviated() + (pin.label.empty() ? "" : " (" + labelled(pin) + ")");
            if (is_past(pin.expires, now_)) {
                warn(WarningCode::kPinEnded, which + " ended at " + text::rfc3339(*pin.expires) + " and admits nobody",
                     "take it out, or give it a new date", pin.pin);
            } else if (is_soon(pin.expires, now_)) {
                warn(WarningCode::kPinEndsSoon, which + " ends at " + text::rfc3339(*pin.expires),
                     "see that another pin of the entry is in use by then", pin.pin);
            }
        }
    }

    void of_the_pins() {
        if (!looks_at_pins(policy_.trust) || policy_.mode == Mode::kOff) return;
        const auto is_live_and_own = [&](const PolicyPin& pin) {
            return pin.role != PinRole::kProxy && !is_past(pin.expires, now_);
        };
        if (std::ranges::count_if(policy_.pins, is_live_and_own) == 1) {
            warn(WarningCode::kNoBackup,
                 "one key is all that is admitted: if it is lost or must be replaced, every client is locked out",
                 "make the next key now, keep it offline, and add its pin with role = \"backup\"");
        }
        if (policy_.pins.empty()) {
            warn(WarningCode::kEmptyPinset, "the entry has no pin, so it admits nobody",
                 "add a pin, or take the entry out");
        }
        for (const PolicyPin& pin : policy_.pins) {
            if (const auto manual = pin.pin.sample_of()) {
                warn(WarningCode::kSamplePin,
                     pin.pin.abbreviated() + " is a sample printed in " + std::string(*manual) + ", not a pin of yours",
                     "take it out", pin.pin);
            }
            if (policy_.deny.contains(pin.pin)) {
                warn(WarningCode::kDeniedPin,
                     pin.pin.abbreviated() + " is denied by the same entry, and so never admits", "take it out of pins",
                     pin.pin);
            }
            if (pin.role == PinRole::kProxy) {
                const auto end = pin.expires ? pin.expires : policy_.expires;
                warn(WarningCode::kProxyPin,
                     pin.pin.abbreviated() + " lets an interception proxy in, approved by " +
                         text::escape(pin.approved_by) + (end ? ", until " + text::rfc3339(*end) : ""),
                     "ask whether it is still needed", pin.pin);
            }
        }
    }

    void of_the_reach() {
        const DnsName* const name = host_.base().dns_name();
        if (name == nullptr || (!host_.is_wildcard() && !host_.includes_subdomains())) return;
        if (x509::is_public_suffix(*name)) {
            warn(WarningCode::kPublicSuffix,
                 name->text() + " is a public suffix: anybody may have names below it, and all of them are covered",
                 "name the domain that is meant");
        }
    }

    void of_the_mode() {
        if (policy_.mode == Mode::kReport) {
            warn(WarningCode::kReportMode,
                 "a server that only the pins refuse is let in and reported" +
                     (policy_.expires ? ", until " + text::rfc3339(*policy_.expires) : ""),
                 "write mode = \"enforce\" when the reports are quiet");
        } else if (policy_.mode == Mode::kOff) {
            warn(WarningCode::kOffMode, "the entry is off: its servers are judged by the chain alone",
                 "take the entry out, or write mode = \"enforce\"");
        }
    }

    static std::string labelled(const PolicyPin& pin) { return text::escape(pin.label, 64); }

    const HostPattern& host_;
    const ServerPolicy& policy_;
    Time now_;
    std::vector<PolicyWarning>& into_;
};

bool reaches_below(const HostPattern& pattern) {
    return pattern.is_wildcard() || pattern.includes_subdomains();
}

/// Only the most specific entry counts, so what a wider one denies is not denied to the hosts that a narrower one
/// takes out of it. Looked up by suffix, so that many entries stay cheap.
class Denials {
  public:
    explicit Denials(const std::vector<PolicyEntry>& entries) {
        for (const PolicyEntry& entry : entries) {
            if (reaches_below(entry.host) && !entry.policy.deny.empty())
                wider_[entry.host.base().to_string()].push_back(&entry);
        }
    }

    void warn_of(const PolicyEntry& narrower, std::vector<PolicyWarning>& into) const {
        if (wider_.empty() || narrower.host.base().is_address()) return;
        const std::string name = narrower.host.base().to_string();
        // The entry's own name, too: a wildcard stands below the name that it is made of.
        for (std::string_view suffix = name;;) {
            if (const auto found = wider_.find(std::string(suffix)); found != wider_.end()) {
                for (const PolicyEntry* wider : found->second) warn_if_taken(*wider, narrower, into);
            }
            const std::size_t dot = suffix.find('.');
            if (dot == std::string_view::npos) return;
            suffix.remove_prefix(dot + 1);
        }
    }

  private:
    static void warn_if_taken(const PolicyEntry& wider, const PolicyEntry& narrower, std::vector<PolicyWarning>& into) {
        if (&wider == &narrower || !takes_from(narrower.host, wider.host)) return;
        std::string lost;
        for (const Pin& pin : wider.policy.deny) {
            if (!narrower.policy.deny.contains(pin)) lost += (lost.empty() ? "" : ", ") + pin.abbreviated();
        }
        if (lost.empty()) return;
        into.push_back({WarningCode::kDenialNotInherited, narrower.host.to_string(),
                        "only this entry counts for its hosts, and it does not deny what the entry for " +
                            wider.host.to_string() + " denies: " + lost,
                        "repeat the denial in this entry", std::nullopt});
    }

    /// Whether some host that `wider` reaches is judged by `narrower` instead.
    static bool takes_from(const HostPattern& narrower, const HostPattern& wider) {
        if (narrower.port() && wider.port() && narrower.port() != wider.port()) return false;
        const std::string own = narrower.base().to_string();
        const std::string other = wider.base().to_string();
        if (own == other) {
            if (narrower.is_wildcard()) return !wider.is_wildcard() || (narrower.port() && !wider.port());
            return wider.includes_subdomains() && narrower.port() && !wider.port();
        }
        if (!own.ends_with("." + other)) return false;
        if (wider.includes_subdomains()) return true;
        // A wildcard reaches one label down: the exact name there, not what is further below.
        const std::string more = own.substr(0, own.size() - other.size() - 1);
        return !narrower.is_wildcard() && more.find('.') == std::string::npos;
    }

    std::unordered_map<std::string, std::vector<const PolicyEntry*>> wider_;
};

}  // namespace

std::string_view text_of(WarningCode code) {
    switch (code) {
        case WarningCode::kEnded: return "ended";
        case WarningCode::kEndsSoon: return "ends_soon";
        case WarningCode::kPinEnded: return "pin_ended";
        case WarningCode::kPinEndsSoon: return "pin_ends_soon";
        case WarningCode::kNoBackup: return "no_backup";
        case WarningCode::kEmptyPinset: return "empty_pinset";
        case WarningCode::kSamplePin: return "sample_pin";
        case WarningCode::kDeniedPin: return "denied_pin";
        case WarningCode::kPublicSuffix: return "public_suffix";
        case WarningCode::kReportMode: return "report_mode";
        case WarningCode::kOffMode: return "off_mode";
        case WarningCode::kProxyPin: return "proxy_pin";
        case WarningCode::kDenialNotInherited: return "denial_not_inherited";
        case WarningCode::kRefusedNow: return "refused_now";
        case WarningCode::kNotPresented: return "not_presented";
        case WarningCode::kUnreachable: return "unreachable";
    }
    return "";
}

std::vector<PolicyWarning> warnings_of(const PolicyEntry& entry, const Verdict& verdict) {
    std::vector<PolicyWarning> warnings;
    const std::string host = entry.host.to_string();
    if (verdict.outcome != Outcome::kTrusted) {
        warnings.push_back(
            {WarningCode::kRefusedNow, host,
             "its server, as it is now, would not be trusted: " + std::string(text_of(verdict.first_reason().code)) +
                 ", " + verdict.first_reason().message,
             "ask its owner which key is right before this policy is used", std::nullopt});
    }
    if (!looks_at_pins(entry.policy.trust)) return warnings;
    const auto presents = [&](const Pin& pin) {
        const auto matches = [&](const x509::Certificate& certificate) { return certificate.matches(pin); };
        return std::ranges::any_of(verdict.presented, matches) || std::ranges::any_of(verdict.chain, matches);
    };
    for (const PolicyPin& pin : entry.policy.pins) {
        // A backup that is in nobody's hands yet is as it should be.
        if (pin.role != PinRole::kPrimary || presents(pin.pin)) continue;
        warnings.push_back({WarningCode::kNotPresented, host,
                            pin.pin.abbreviated() + " is of nothing that its server presents",
                            "take it out, or write role = \"backup\" if its key is kept for later", pin.pin});
    }
    return warnings;
}

std::vector<PolicyWarning> warnings_of(const PolicySet& set, Time now) {
    const Denials denials(set.entries());
    std::vector<PolicyWarning> warnings;
    for (const PolicyEntry& entry : set.entries()) {
        EntryWarnings(entry, now, warnings).add_all();
        denials.warn_of(entry, warnings);
    }
    return warnings;
}

}  // namespace cotter::trust
