// Refreshing and using.
#include "bundle/subscription.h"

#include "bundle/refusal.h"
#include "files/files.h"
#include "formats/policy_file.h"
#include "pin/digest.h"
#include "text/encoding.h"
#include "text/escape.h"
#include "x509/openssl.h"

#include <algorithm>

namespace cotter::bundle {
namespace {

// Whoever waits for a stream waits for this, too.
constexpr std::chrono::milliseconds kDeadline{15'000};
constexpr int kMostRaces = 5;

Result<std::string> read_root(const std::filesystem::path& file) {
    const auto content = files::read(file, kMostRoot);
    if (!content) return unexpected(content.error());
    return text::of_octets(*content);
}

std::string digest_of(const std::string& root) {
    return text::hex(sha256(x509::as_bytes(root)));
}

Result<Kept> first_trust(const Subscription& subscription) {
    if (!subscription.root) {
        return malformed("bundle_no_root", "using the bundle " + text::escape(subscription.location.text(), 300),
                         "nothing is known of who signs it",
                         "get root.json from its owner, by a way that you trust, and say --bundle-root root.json");
    }
    auto root = read_root(*subscription.root);
    if (!root) return unexpected(root.error());
    std::string anchor = digest_of(*root);
    auto trusted = begin_with(std::move(*root));
    if (!trusted) return unexpected(trusted.error());
    return Kept{subscription.location.text(), std::move(anchor), std::move(*trusted), std::nullopt};
}

/// A root that is given again says nothing new; another one must not pass for it.
Result<void> check_given_root(const Subscription& subscription, const Kept& kept,
                              const std::filesystem::path& state_file) {
    if (!subscription.root) return {};
    const auto root = read_root(*subscription.root);
    if (!root) return unexpected(root.error());
    if (digest_of(*root) == kept.anchor || *root == kept.trusted.root) return {};
    return malformed(
        "bundle_other_root", "reading " + text::escape(subscription.root->string(), 300),
        "trust in this bundle began with another root file, and has been kept since",
        "leave the root file out; to begin anew with this one, remove " + text::escape(state_file.string(), 300));
}

}  // namespace

Result<trust::PolicySet> policy_from(const std::string& name, const std::string& content) {
    auto policy = formats::parse_policy(content, text::escape(name, 256), {}, formats::FilePins::kRefuse);
    if (policy) return policy;
    const Error& error = policy.error();
    std::string where;
    if (error.place && error.place->line) where = " (line " + std::to_string(*error.place->line) + ")";
    return refused(Refusal::kUnusable, "reading the policy " + text::escape(name, 256), error.why + where,
                   "ask the bundle's owner; a newer cotter may read it");
}

Result<Refreshed> refresh(const Subscription& subscription, x509::Time now, const std::stop_token& stop) {
    const TrustedState state(subscription.folder, subscription.location);
    const auto check = [](const std::string& name, const std::string& content) -> Result<void> {
        const auto policy = policy_from(name, content);
        if (!policy) return unexpected(policy.error());
        return {};
    };
    for (int race = 0; race < kMostRaces; ++race) {
        const auto before = state.load();
        if (!before) return unexpected(before.error());
        if (*before) {
            if (auto same = check_given_root(subscription, **before, state.file()); !same)
                return unexpected(same.error());
        }
        auto begun = *before ? Result<Kept>(**before) : first_trust(subscription);
        if (!begun) return unexpected(begun.error());
        const auto repository = subscription.location.open(kDeadline, stop);
        Update done = update(begun->trusted, *repository, subscription.target, check, now);
        Refreshed refreshed{done.trusted.accepted.files != begun->trusted.accepted.files, std::move(done.failure)};
        Kept after{begun->location, begun->anchor, std::move(done.trusted), begun->checked};
        if (!refreshed.failure) after.checked = now;
        const auto is_kept = state.replace(*before, after);
        if (!is_kept) return unexpected(is_kept.error());
        if (*is_kept) return refreshed;
    }
    return Refreshed{false, Error{ErrorKind::kFailed,
                                  "bundle_state",
                                  "keeping the bundle " + text::escape(subscription.location.text(), 300),
                                  "other processes change it all the time",
                                  "try again",
                                  {}}};
}

Result<PolicyInUse> policy_in_use(const Subscription& subscription, x509::Time now) {
    const TrustedState state(subscription.folder, subscription.location);
    const auto kept = state.load();
    if (!kept) return unexpected(kept.error());
    if (!*kept) {
        return failed("bundle_never_fetched", "using the bundle " + text::escape(subscription.location.text(), 300),
                      "nothing of it was ever fetched and found good", "check its address, and the network");
    }
    const auto used = in_use((*kept)->trusted, now);
    if (!used) return unexpected(used.error());
    const auto file = used->files.find(subscription.target);
    if (file == used->files.end()) {
        return refused(Refusal::kNoTarget, "looking for " + text::escape(subscription.target, 256) + " in the bundle",
                       "what was fetched of it lacks that");
    }
    auto policy = policy_from(file->first, file->second);
    if (!policy) return unexpected(policy.error());
    return PolicyInUse{std::move(*policy), file->second, used->versions, used->until, (*kept)->checked.value_or(now)};
}

std::chrono::seconds pause_until_refresh(const std::optional<PolicyInUse>& in_use, x509::Time now, double chance) {
    using std::chrono::seconds;
    constexpr seconds kShortest{60};
    constexpr seconds kLongest{3600};
    const seconds pause = in_use ? std::clamp<seconds>((in_use->until - now) / 3, kShortest, kLongest) : kShortest;
    return pause - seconds(static_cast<seconds::rep>(static_cast<double>(pause.count()) * chance / 10));
}

}  // namespace cotter::bundle
