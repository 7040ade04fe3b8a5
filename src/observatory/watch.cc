// A round of looks, and what it is compared with.
#include "observatory/watch.h"

#include "observatory/addresses.h"
#include "text/escape.h"

#include <algorithm>
#include <map>
#include <utility>

namespace cotter::observatory {
namespace {

/// Who has shown the key that is its own, and can be compared.
bool is_proven(const Assessed& one) {
    return one.look.appearance && one.look.appearance->peer.possession == trust::Possession::kProven &&
           !one.look.appearance->peer.presented.empty();
}

const std::vector<x509::Certificate>& shown_by(const Assessed& one) {
    return one.look.appearance->peer.presented;
}

/// "192.0.2.1" of "192.0.2.1:443"; what was dialled, where nothing answered.
std::string address_of(const Look& look) {
    if (look.target.address) return look.target.address->to_string();
    const auto reached = HostPort::parse(look.address);
    return reached ? reached->host.to_string() : std::string();
}

const LookFailure kNotProven{"not_proven", "it did not prove that it has its key"};

x509::CanonicalKey key_of(const std::vector<x509::Certificate>& chain) {
    return chain.front().public_key().canonical();
}

bool is_announced(const Assessor& assessor, const HostPort& server, const x509::Certificate& leaf, x509::Time now) {
    return assessor.pins(server, leaf, now) || assessor.remembers(server, leaf);
}

void add_address(std::string& list, const std::string& address) {
    list += (list.empty() ? "" : " ") + address;
}

}  // namespace

/// One server with all that was seen of it in this round.
struct Watcher::Server {
    Target target;
    std::vector<Assessed> looks;
};

std::optional<Grade> Round::worst() const {
    if (changes.empty()) return std::nullopt;
    return std::ranges::max(changes, {}, [](const ServerChange& change) { return change.graded.grade; }).graded.grade;
}

bool Watcher::is_news(std::string what) {
    const bool was_so = told_.contains(what);
    now_so_.insert(std::move(what));
    return !was_so;
}

Result<Round> Watcher::round(const std::vector<Target>& targets, const Assessor& assessor, x509::Time now) {
    Round round;
    round.at = now;
    std::vector<Server> servers;
    std::map<std::string, std::size_t> places;
    for (const Target& target : targets) {
        if (places.emplace(target.to_string(), servers.size()).second) servers.push_back({target, {}});
    }
    std::vector<Target> listed;
    for (const Server& server : servers) listed.push_back(server.target);
    const auto end = look_at_all(
        at_each_address(listed), assessor, settings_,
        [&](Assessed assessed) -> Result<void> {
            servers[places.at(assessed.look.target.to_string())].looks.push_back(std::move(assessed));
            return {};
        },
        [] {});
    if (!end) return unexpected(end.error());
    if (*end == CrewEnd::kInterrupted) {
        round.was_interrupted = true;
        return round;
    }
    const auto number = sightings_.begin_round();
    if (!number) return unexpected(number.error());
    number_ = *number;
    round.servers = servers.size();
    now_so_.clear();
    for (Server& server : servers) {
        std::ranges::sort(server.looks, {}, [](const Assessed& one) { return one.look.target.address; });
        if (auto compared = compare(server, assessor, round); !compared) return unexpected(compared.error());
    }
    if (auto looked = look_at_pins(servers, assessor, round); !looked) return unexpected(looked.error());
    look_at_ends(servers, assessor, round);
    told_ = now_so_;
    return round;
}

/// What one server shows, held against what it showed before.
class Watcher::Comparison {
  public:
    Comparison(const Server& server, std::vector<Sighting> before, x509::Time now)
        : server_(server), before_(std::move(before)), now_(now) {}

    /// A look in which the server proved its key.
    void add(const Assessed& one, const std::string& address, bool is_announced) {
        const Chain& chain = shown_by(one);
        auto& shown = shown_.try_emplace(key_of(chain), Shown{chain, {}}).first->second;
        add_address(shown.addresses, address);
        const Sighting* const last = last_at(address);
        if (last == nullptr) return;
        const Compared compared{last->chain, last->last_seen, chain, is_announced, server_.target.server};
        const auto graded = grade_of(compared, now_);
        if (!graded) return;
        const auto known = std::ranges::find_if(changes_, [&](const ServerChange& change) {
            return change.before.front() == last->chain.front() && change.after.front() == chain.front();
        });
        if (known != changes_.end()) return add_address(known->addresses, address);
        changes_.push_back({server_.target, *graded, address, last->chain, chain, last->first_seen, last->last_seen});
    }

    [[nodiscard]] bool has_shown() const { return !shown_.empty(); }
    [[nodiscard]] bool is_first() const { return before_.empty(); }

    /// Every change, the split among them where it is new.
    [[nodiscard]] std::vector<ServerChange> changes() && {
        if (shown_.size() < 2 || keys_now() == keys_before()) return std::move(changes_);
        std::string all;
        std::string why = "its addresses show different keys:";
        for (const auto& [key, shown] : shown_) {
            why += (all.empty() ? " " : "; ") + shown.addresses;
            add_address(all, shown.addresses);
        }
        changes_.push_back({server_.target,
                            {Grade::kSplit, std::move(why)},
                            std::move(all),
                            shown_.begin()->second.chain,
                            shown_.rbegin()->second.chain,
                            std::nullopt,
                            std::nullopt});
        return std::move(changes_);
    }

  private:
    using Chain = std::vector<x509::Certificate>;
    using KeySet = std::set<x509::CanonicalKey>;
    struct Shown {
        Chain chain;
        std::string addresses;
    };

    /// At that address; where it was not seen before, at another.
    [[nodiscard]] const Sighting* last_at(const std::string& address) const {
        const auto there = std::ranges::find(before_, address, &Sighting::address);
        if (there != before_.end()) return &*there;
        return before_.empty() ? nullptr : &before_.front();
    }

    [[nodiscard]] KeySet keys_now() const {
        KeySet keys;
        for (const auto& [key, shown] : shown_) keys.insert(key);
        return keys;
    }

    [[nodiscard]] KeySet keys_before() const {
        KeySet keys;
        for (const Sighting& sighting : before_)
            if (sighting.last_round == before_.front().last_round) keys.insert(key_of(sighting.chain));
        return keys;
    }

    const Server& server_;
    std::vector<Sighting> before_;  ///< seen last first
    x509::Time now_;
    std::map<x509::CanonicalKey, Shown> shown_;
    std::vector<ServerChange> changes_;
};

Result<void> Watcher::compare(const Server& server, const Assessor& assessor, Round& round) {
    auto before = sightings_.of(server.target);
    if (!before) return unexpected(before.error());
    Comparison comparison(server, std::move(*before), round.at);
    const trust::Verdict* refusal = nullptr;
    std::string refused_at;
    for (const Assessed& one : server.looks) {
        const std::string address = address_of(one.look);
        if (!is_proven(one)) {
            if (is_news("unreached " + server.target.to_string() + " " + address))
                round.failures.push_back({server.target, address, one.look.failure.value_or(kNotProven)});
            continue;
        }
        const x509::Certificate& leaf = shown_by(one).front();
        comparison.add(one, address, is_announced(assessor, server.target.server, leaf, round.at));
        if (one.assessment && one.assessment->by_policy && !one.assessment->by_policy->verdict.lets_pass()) {
            add_address(refused_at, address);
            refusal = &one.assessment->by_policy->verdict;
        }
        if (auto noted = sightings_.note(server.target, address, shown_by(one), round.at, number_); !noted)
            return unexpected(noted.error());
    }
    if (refusal != nullptr && is_news("refused " + server.target.to_string() + " " + refused_at))
        round.refusals.push_back({server.target, refused_at, *refusal});
    if (!comparison.has_shown()) {
        ++round.unreached;
        return {};
    }
    const bool is_first = comparison.is_first();
    std::vector<ServerChange> changes = std::move(comparison).changes();
    if (is_first) ++round.first;
    if (!is_first && changes.empty()) ++round.same;
    for (ServerChange& change : changes) {
        auto noted = sightings_.note_change(server.target, change.graded, change.addresses, change.before, change.after,
                                            round.at);
        if (!noted) return unexpected(noted.error());
        round.changes.push_back(std::move(change));
    }
    return {};
}

Result<void> Watcher::look_at_pins(const std::vector<Server>& servers, const Assessor& assessor, Round& round) {
    for (const trust::PolicyEntry& entry : assessor.policy().entries()) {
        std::vector<const x509::Certificate*> presented;
        for (const Server& server : servers) {
            if (assessor.policy().find(server.target.server) != &entry) continue;
            for (const Assessed& one : server.looks) {
                if (!is_proven(one)) continue;
                for (const x509::Certificate& certificate : shown_by(one)) presented.push_back(&certificate);
            }
        }
        if (presented.empty()) continue;
        for (const trust::PolicyPin& pin : entry.policy.pins) {
            if (std::ranges::any_of(presented, [&](const auto* certificate) { return certificate->matches(pin.pin); }))
                continue;
            const auto was_seen = sightings_.has_ever_shown(pin.pin);
            if (!was_seen) return unexpected(was_seen.error());
            // A backup key that nobody has seen is where it ought to be.
            if (pin.role == trust::PinRole::kBackup && !*was_seen) continue;
            if (is_news("unseen " + entry.host.to_string() + " " + pin.pin.to_string()))
                round.unseen_pins.push_back({entry.host.to_string(), pin.pin, pin.role, *was_seen});
        }
    }
    return {};
}

void Watcher::look_at_ends(const std::vector<Server>& servers, const Assessor& assessor, Round& round) {
    std::vector<service::Expiry> expiries;
    for (const Server& server : servers) {
        const std::string name = server.target.to_string();
        for (const Assessed& one : server.looks) {
            if (!is_proven(one)) continue;
            const auto& chain = shown_by(one);
            for (std::size_t i = 0; i < chain.size(); ++i) {
                const std::string which = i == 0 ? "the certificate of " : "an issuer's certificate of ";
                const service::Expiry expiry{which + name, chain[i].not_after(),
                                             service::ExpiryKind::kServerCertificate};
                if (std::ranges::find(expiries, expiry) == expiries.end()) expiries.push_back(expiry);
            }
        }
    }
    for (const trust::PolicyEntry& entry : assessor.policy().entries()) {
        const auto of_entry = service::expiries_of(entry.host.to_string(), entry.policy, {});
        expiries.insert(expiries.end(), of_entry.begin(), of_entry.end());
    }
    round.endings = service::expiries_to_tell(std::move(expiries), round.at, told_expiries_);
}

std::vector<Target> targets_of(const trust::PolicySet& policy) {
    std::vector<Target> targets;
    for (const trust::PolicyEntry& entry : policy.entries()) {
        if (entry.host.is_wildcard()) continue;
        targets.push_back({.server = {entry.host.base(), entry.host.port().value_or(kUsualPort)}});
    }
    return targets;
}

std::vector<Target> targets_of(const evidence::PeerList& peers) {
    std::vector<Target> targets;
    for (const evidence::PeerLine& line : peers.lines()) {
        const evidence::PeerEntry* const entry = line.entry();
        if (entry == nullptr || entry->is_revoked) continue;
        if (const HostPort* const peer = entry->name.in_clear()) targets.push_back({.server = *peer});
    }
    return targets;
}

}  // namespace cotter::observatory
