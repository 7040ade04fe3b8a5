// Subscription: a client's use of one policy out of a bundle: asking for what is new, and using what was found good.
#pragma once

#include "bundle/trusted_state.h"
#include "trust/policy_set.h"

#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>

namespace cotter::bundle {

/// Which policy of which bundle, and where what is known of it is kept.
struct Subscription {
    Location location;
    std::string target = "policy.toml";  ///< a name that is_target_name() lets pass
    std::filesystem::path folder;        ///< of the trusted state
    /// The root file that the trust begins with: needed the first time. Afterwards it must be the one that it began
    /// with, or the newest.
    std::optional<std::filesystem::path> root{};
};

/// A target's content as a policy. Pins in other files (`file:`) are refused: a bundle says nothing of whoever reads
/// it.
[[nodiscard]] Result<trust::PolicySet> policy_from(const std::string& name, const std::string& content);

/// What is used, and how fresh it is (INVARIANT A135).
struct PolicyInUse {
    trust::PolicySet policy;
    std::string content;
    Versions versions;
    x509::Time until;    ///< from then on it refuses
    x509::Time checked;  ///< when the bundle last said that there is nothing newer
};

struct Refreshed {
    bool has_changed = false;      ///< other content than before is used
    std::optional<Error> failure;  ///< why it is not known to be the newest
};

/// Asks the bundle for what is new and keeps it. An Error: nothing can be kept, or there is nothing to begin with. What
/// the bundle does wrong, or that it can't be reached, is `failure`: what was good before goes on to be used, to its
/// end.
[[nodiscard]] Result<Refreshed> refresh(const Subscription& subscription, x509::Time now,
                                        const std::stop_token& stop = {});

/// The policy by what is kept, without asking anybody. Refused where nothing that was fetched is still good.
[[nodiscard]] Result<PolicyInUse> policy_in_use(const Subscription& subscription, x509::Time now);

/// When to ask again: after a third of the time that the kept timestamp has left, from a minute to an hour, and up to a
/// tenth earlier by `chance` (0 to 1), so that many clients don't ask at once.
[[nodiscard]] std::chrono::seconds pause_until_refresh(const std::optional<PolicyInUse>& in_use, x509::Time now,
                                                       double chance);

}  // namespace cotter::bundle
