// From flags to a policy in use.
#include "cli/bundle_choice.h"

#include "bundle/refusal.h"
#include "cli/help_topics.h"
#include "service/wall_clock.h"
#include "text/escape.h"
#include "text/time.h"

#include <CLI/Option.hpp>

#include <iostream>

namespace cotter::cli {

void BundleChoice::add_to(CLI::App& command) {
    const std::string group(kEvidenceGroup);
    CLI::Option* const bundle =
        command.add_option("--bundle", location, "Signed policies instead of --policy: cotter help bundles")
            ->type_name("URL|DIR")
            ->group(group);
    command.add_option("--bundle-root", root, "Who signs them: root.json, the first time")
        ->type_name("FILE")
        ->needs(bundle)
        ->group(group);
    command.add_option("--bundle-target", target, "Which of them; else policy.toml")
        ->type_name("NAME")
        ->needs(bundle)
        ->group(group);
}

std::filesystem::path bundle_folder(const identity::StateFolder& state) {
    return state.path() / "bundles";
}

Result<bundle::Subscription> BundleChoice::subscription(const identity::StateFolder& state) const {
    auto parsed = bundle::Location::parse(location);
    if (!parsed) return unexpected(parsed.error());
    bundle::Subscription subscription{.location = std::move(*parsed), .folder = bundle_folder(state)};
    if (!target.empty()) subscription.target = target;
    if (!bundle::is_target_name(subscription.target)) {
        return malformed("bundle_target_name", "reading the name " + text::escape(target, 128),
                         "no file of a bundle is called so", "give a name such as policy.toml");
    }
    if (!root.empty()) subscription.root = root;
    return subscription;
}

Result<bundle::PolicyInUse> refreshed_policy(const bundle::Subscription& subscription) {
    const x509::Time now = service::wall_clock_now();
    const auto refreshed = bundle::refresh(subscription, now);
    if (!refreshed) return unexpected(refreshed.error());
    auto used = bundle::policy_in_use(subscription, now);
    const auto& failure = refreshed->failure;
    if (!used && failure) {
        // What the bundle does wrong says more than that nothing of it is left.
        if (bundle::is_refusal(*failure) || !bundle::is_refusal(used.error())) return unexpected(*failure);
        used.error().why += "; asking anew failed: " + failure->what + ": " + failure->why;
    }
    if (used && failure) {
        std::cerr << "cotter: warning: the bundle could not be renewed: " << failure->what << ": " << failure->why
                  << "; the last good policy (confirmed " << text::relative(used->checked, now)
                  << ") is used, at most until " << text::rfc3339(used->until) << "\n";
    }
    return used;
}

}  // namespace cotter::cli
