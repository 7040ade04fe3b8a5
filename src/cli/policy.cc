// cotter policy: files that say how servers are judged, ours and others'.
#include "cli/policy.h"

namespace cotter::cli {

void add_policy(CLI::App& app, Invocation& invocation) {
    CLI::App* const policy = app.add_subcommand("policy", "Policies as files, ours and others'");
    policy->footer(
        "Examples:\n"
        "  cotter policy convert --from android --to cotter network_security_config.xml\n"
        "  cotter policy check policy.toml");
    policy->require_subcommand(1);
    add_policy_show(*policy, invocation);
    add_policy_check(*policy, invocation);
    add_policy_convert(*policy, invocation);
}

}  // namespace cotter::cli
