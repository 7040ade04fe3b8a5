// Watcher: looks at servers again and again, at each of their addresses, and says what has become otherwise since it
// last did: certificates and keys by their grades, whom the policy refuses, which of its pins nobody presents, what
// ends soon.
#pragma once

#include "observatory/assessment.h"
#include "observatory/crew.h"
#include "observatory/grade.h"
#include "observatory/sightings.h"
#include "service/expiry.h"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace cotter::observatory {

struct ServerChange {
    Target target;
    Graded graded;
    std::string addresses;  ///< separated by spaces
    std::vector<x509::Certificate> before;
    std::vector<x509::Certificate> after;
    std::optional<x509::Time> before_first_seen{};
    std::optional<x509::Time> before_last_seen{};
};

struct Unreached {
    Target target;
    std::string address;  ///< empty: none was found
    LookFailure failure;
};

struct PolicyRefusal {
    Target target;
    std::string addresses;
    trust::Verdict verdict;
};

/// A pin that none of the servers under its entry presents.
struct UnseenPin {
    std::string host;  ///< the entry's
    Pin pin;
    trust::PinRole role = trust::PinRole::kPrimary;
    bool was_seen = false;  ///< some server has presented it before
};

/// What one round came to. Lists name what is new in it; the first round of a watcher finds all of it new, but for
/// changes, which are since the last look that the archive has.
struct Round {
    x509::Time at{};
    std::size_t servers = 0;
    std::size_t same = 0;       ///< servers that show what they showed before, at each address
    std::size_t first = 0;      ///< servers that were seen for the first time
    std::size_t unreached = 0;  ///< servers of which no address answered
    std::vector<ServerChange> changes;
    std::vector<Unreached> failures;
    std::vector<PolicyRefusal> refusals;
    std::vector<UnseenPin> unseen_pins;
    std::vector<service::Expiry> endings;
    bool was_interrupted = false;

    /// Of the changes; nothing where there are none.
    [[nodiscard]] std::optional<Grade> worst() const;
};

class Watcher {
  public:
    /// `archive` must outlive it.
    Watcher(Archive& archive, CrewSettings settings) : sightings_(archive), settings_(std::move(settings)) {}

    /// Looks at all of them once. What was seen and how it changed is in the archive when it returns.
    [[nodiscard]] Result<Round> round(const std::vector<Target>& targets, const Assessor& assessor, x509::Time now);

  private:
    struct Server;
    class Comparison;
    Result<void> compare(const Server& server, const Assessor& assessor, Round& round);
    Result<void> look_at_pins(const std::vector<Server>& servers, const Assessor& assessor, Round& round);
    void look_at_ends(const std::vector<Server>& servers, const Assessor& assessor, Round& round);

    Sightings sightings_;
    CrewSettings settings_;
    std::int64_t number_ = 0;     ///< of the round
    std::set<std::string> told_;  ///< what was so at the last round, besides changes
    std::set<std::string> now_so_;
    [[nodiscard]] bool is_news(std::string what);
    service::ToldExpiries told_expiries_;
};

/// Whom the policy names: each entry's host that is no wildcard, at its port or 443.
[[nodiscard]] std::vector<Target> targets_of(const trust::PolicySet& policy);
/// Whom known_peers names in clear.
[[nodiscard]] std::vector<Target> targets_of(const evidence::PeerList& peers);

}  // namespace cotter::observatory
