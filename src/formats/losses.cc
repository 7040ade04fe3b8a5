// One look at each entry: what is left of it for a format, and what is said of the rest.
#include "formats/losses.h"

#include "pin/digest.h"
#include "text/escape.h"
#include "text/time.h"

#include <algorithm>

namespace cotter::formats {
namespace {

using trust::PolicyEntry;
using trust::PolicyPin;
using trust::ServerPolicy;
using trust::Time;

/// Looks at one entry. `lost` grows; `failure` is why the export as a whole can't be.
class Look {
  public:
    Look(const PolicyEntry& entry, const Room& room, Time now, std::vector<Loss>& lost)
        : entry_(entry), policy_(entry.policy), room_(room), format_(room.format), now_(now), lost_(lost) {}

    /// Nothing: the entry is left out, and a Loss says so.
    Result<std::optional<WritableEntry>> take() {
        if (policy_.mode == trust::Mode::kOff) {
            lose("mode_off", "the entry says that pins don't count for it; " + format_ +
                                 " can't say so, and a wider entry may cover it there");
            lose_deny();
            return std::nullopt;
        }
        if (!trust::looks_at_pins(policy_.trust)) {
            lose("trust",
                 "trust = \"" + std::string(text_of(policy_.trust)) + "\" is not by pins: the entry is left out");
            lose_deny();
            return std::nullopt;
        }
        if (policy_.expires && now_ > *policy_.expires && !outlives_its_end()) {
            lose_deny();
            return std::nullopt;
        }
        if (auto refused = refused_everybody()) return unexpected(std::move(*refused));
        auto host = say_where();
        if (!host) return unexpected(host.error());
        if (!*host) return std::nullopt;
        if (auto done = say_what_else_holds(); !done) return unexpected(done.error());
        WritableEntry result{&entry_, take_pins(), say_when()};
        if (result.pins.empty()) {
            return refuse("no_pin_left",
                          "none of its pins can be written as " + format_ +
                              " has them, and without pins everybody with a valid chain would be trusted",
                          "add a pin that " + format_ + " knows; cotter pin FILE prints them");
        }
        return result;
    }

  private:
    void lose(std::string code, std::string message) { lost_.push_back({std::move(code), name(), std::move(message)}); }
    void lose_deny() {
        if (policy_.deny.empty()) return;
        lose("deny", "the list of denied pins is left out: a chain that holds one of them is trusted there");
    }
    [[nodiscard]] std::string name() const { return entry_.host.to_string(); }

    unexpected<Error> refuse(std::string code, std::string why, std::string next = {}) const {
        return malformed(std::move(code), "writing the entry of " + name() + " as " + format_, std::move(why),
                         std::move(next));
    }

    /// A policy past its end, which falls back to the chain, has nothing left that pins say.
    bool outlives_its_end() {
        if (policy_.on_expiry == trust::OnExpiry::kRefuse) return true;
        lose("expired",
             "it ended at " + text::rfc3339(*policy_.expires) + " and is judged by the chain alone: left out");
        return false;
    }

    /// An entry that trusts nobody is not written as one that is not there.
    std::optional<Error> refused_everybody() const {
        const std::string absent = ", so nobody is trusted; " + format_ + " can't say that";
        if (policy_.expires && now_ > *policy_.expires) {
            return refuse("policy_expired", "it ended at " + text::rfc3339(*policy_.expires) + absent,
                          "give it a later end, or take it out")
                .value();
        }
        if (policy_.pins.empty())
            return refuse("empty_pinset", "it has no pin" + absent, "add one, or take it out").value();
        return std::nullopt;
    }

    /// Whether the format can name the host at all.
    Result<bool> say_where() {
        const trust::HostPattern& host = entry_.host;
        if (!room_.names_hosts) {
            lose("host", "the text doesn't say whose pins these are: use it for " + name() + " only");
            return true;
        }
        if (host.base().is_address() && !room_.addresses) {
            return refuse("address_host", format_ + " knows no addresses, only names");
        }
        if (host.is_wildcard() && !room_.wildcards) {
            return refuse("wildcard_host", format_ + " can't say \"exactly one label more\"",
                          "name the hosts, or write the parent with include_subdomains = true");
        }
        if (host.includes_subdomains() && !room_.subdomains) {
            lose("subdomains", "only the name itself is written: names below it are not pinned there");
        }
        if (host.port() && !room_.ports) {
            lose("port", "the pins count there for every port, not only " + std::to_string(*host.port()));
        }
        return true;
    }

    Result<void> say_what_else_holds() {
        if (policy_.trust == trust::TrustMode::kPins && room_.path == Path::kAlways) {
            lose("trust", "pins alone are enough here; there, a valid chain is asked for besides");
        }
        if (policy_.trust == trust::TrustMode::kChainAndPins && room_.path == Path::kNever) {
            lose("chain", "the chain, its dates and the host name are not looked at there: a pin alone is trusted");
        }
        if (room_.path == Path::kElsewhere) {
            lose("trust", "the text doesn't say whether a valid chain is asked for besides: here it is trust = \"" +
                              std::string(text_of(policy_.trust)) + "\"");
        }
        if (auto done = say_positions(); !done) return done;
        if (!room_.deny) lose_deny();
        if (policy_.mode == trust::Mode::kReport && !room_.reports) {
            lose("mode_report", "it only reports here; there, a wrong pin refuses");
        }
        return {};
    }

    Result<void> say_positions() {
        const trust::Match match = policy_.match;
        switch (room_.positions) {
            case Positions::kSaid: return {};
            case Positions::kLeaf:
                if (match == trust::Match::kIssuer) {
                    return refuse("issuer_pins", "its pins are of issuers, and " + format_ +
                                                     " compares only with the server's own certificate");
                }
                if (match == trust::Match::kAny) lose("match", "a pin of an issuer matches nothing there");
                return {};
            case Positions::kIssuer:
                if (match == trust::Match::kLeaf) {
                    return refuse("leaf_pins", "its pins are of the server's own key, and " + format_ +
                                                   " compares only with issuers");
                }
                if (match == trust::Match::kAny) lose("match", "a pin of the server's own key matches nothing there");
                return {};
            case Positions::kAny:
                if (match == trust::Match::kLeaf) {
                    lose("match",
                         "a pin counts only for the server's own key here, for any certificate of the chain there");
                }
                if (match == trust::Match::kIssuer) {
                    lose("match",
                         "a pin counts only above the server's own key here, for any certificate of the chain there");
                }
                return {};
        }
        return {};
    }

    std::vector<PolicyPin> take_pins() {
        std::vector<PolicyPin> taken;
        for (const PolicyPin& pin : policy_.pins) {
            const std::string text = pin.pin.abbreviated();
            if (pin.expires && now_ > *pin.expires) {
                lose("pin_expired", text + " ended at " + text::rfc3339(*pin.expires) + ": left out");
                continue;
            }
            if (pin.role == trust::PinRole::kProxy && !room_.proxies) {
                lose("proxy_pin",
                     text + " is of an interception proxy, which would pass there for the server: left out");
                continue;
            }
            auto written = in_a_known_kind(pin.pin);
            if (!written) {
                lose("pin_kind", text + " is of a kind that " + format_ + " doesn't have: left out");
                continue;
            }
            if (pin.expires && !room_.pin_ends) {
                lose("pin_expires",
                     text + " ends here at " + text::rfc3339(*pin.expires) + ", and not by itself there");
            }
            if (!pin.label.empty() && !room_.labels)
                lose("label", text + " is called \"" + shown(pin.label) + "\" here");
            const bool is_twice = std::ranges::any_of(taken, [&](const PolicyPin& one) { return one.pin == *written; });
            if (!is_twice) taken.push_back({std::move(*written), pin.role, pin.label, pin.expires, pin.approved_by});
        }
        return taken;
    }

    static std::string shown(std::string_view label) {
        constexpr std::size_t kMost = 80;
        return text::escape(label, kMost);
    }

    [[nodiscard]] std::optional<Pin> in_a_known_kind(const Pin& pin) const {
        // Its own form before a digest that could be made of it.
        for (const bool is_exact : {true, false}) {
            for (const PinKind& kind : room_.kinds) {
                if (kind.target != pin.target() || (is_exact && kind.form != pin.form())) continue;
                if (auto same = in_form(pin, kind.form)) return same;
            }
        }
        return std::nullopt;
    }

    std::optional<Time> say_when() {
        if (!policy_.expires) return std::nullopt;
        const std::string end = text::rfc3339(*policy_.expires);
        const bool opens = policy_.on_expiry == trust::OnExpiry::kChain;
        switch (room_.ending) {
            case Ending::kUnknown:
                lose("expires", opens ? "its pins stop to count at " + end + " here, and never there"
                                      : "nobody is trusted after " + end + " here; there, the pins count on");
                return std::nullopt;
            case Ending::kOpen:
                // An end after which the target trusts any chain is not the end of a policy that then refuses.
                if (opens) return policy_.expires;
                lose("expires", "nobody is trusted after " + end + " here; there, the pins count on");
                return std::nullopt;
            case Ending::kRefuses:
                if (opens) lose("on_expiry", "after " + end + " the chain alone counts here; there, nothing does");
                return policy_.expires;
        }
        return std::nullopt;
    }

    const PolicyEntry& entry_;
    const ServerPolicy& policy_;
    const Room& room_;
    std::string format_;
    Time now_;
    std::vector<Loss>& lost_;
};

}  // namespace

std::optional<Pin> in_form(const Pin& pin, PinForm form) {
    if (pin.form() == form) return pin;
    if (pin.form() != PinForm::kDer) return std::nullopt;
    auto hashed = Pin::from_octets(pin.target(), form, digest(form, pin.octets()));
    return hashed ? std::optional(std::move(*hashed)) : std::nullopt;
}

Result<std::vector<WritableEntry>> writable(const std::vector<PolicyEntry>& entries, const Room& room, Time now,
                                            std::vector<Loss>& lost) {
    std::vector<WritableEntry> result;
    for (const PolicyEntry& entry : entries) {
        auto taken = Look(entry, room, now, lost).take();
        if (!taken) return unexpected(taken.error());
        if (*taken) result.push_back(std::move(**taken));
    }
    const std::string what = "writing the policy as " + std::string(room.format);
    if (result.empty()) {
        return malformed("nothing_to_write", what,
                         lost.empty() ? "it has no entry" : "no entry is left: " + lost.front().message);
    }
    if (!room.names_hosts && result.size() > 1) {
        return malformed("many_hosts", what,
                         "the text is about one host, and the policy has " + std::to_string(result.size()) + " entries",
                         "choose one with --host NAME");
    }
    return result;
}

}  // namespace cotter::formats
