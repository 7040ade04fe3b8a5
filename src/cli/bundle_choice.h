// Which bundle a command's flags name, and asking it for what is new.
#pragma once

#include "bundle/subscription.h"
#include "identity/state_folder.h"

#include <CLI/App.hpp>

#include <string>

namespace cotter::cli {

/// --bundle, --bundle-root and --bundle-target, as they were given.
struct BundleChoice {
    std::string location;
    std::string root;
    std::string target;

    void add_to(CLI::App& command);
    [[nodiscard]] Result<bundle::Subscription> subscription(const identity::StateFolder& state) const;
};

/// Where a state folder keeps what it knows of bundles.
[[nodiscard]] std::filesystem::path bundle_folder(const identity::StateFolder& state);

/// Asks for what is new, says on standard error if that could not be had, and gives what is to be used: the new policy,
/// or the last one that is still good. Refused where there is none.
[[nodiscard]] Result<bundle::PolicyInUse> refreshed_policy(const bundle::Subscription& subscription);

}  // namespace cotter::cli
