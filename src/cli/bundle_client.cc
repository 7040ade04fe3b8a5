// cotter bundle verify and fetch: what a client does by hand.
#include "bundle/refusal.h"
#include "cli/bundle.h"
#include "cli/bundle_choice.h"
#include "cli/print.h"
#include "cli/report.h"
#include "files/files.h"
#include "service/wall_clock.h"
#include "text/encoding.h"
#include "text/escape.h"
#include "text/time.h"
#include "x509/openssl.h"

#include <nlohmann/json.hpp>

#include <iostream>

namespace cotter::cli {
namespace {

using Json = nlohmann::ordered_json;

// Whoever verifies everything has time.
constexpr std::chrono::milliseconds kVerifyDeadline{60'000};

Json versions_json(const bundle::Versions& versions) {
    return {{"root", versions.root},
            {"timestamp", versions.timestamp},
            {"snapshot", versions.snapshot},
            {"targets", versions.targets}};
}

Result<bundle::InUse> verify(const BundleOptions& options, x509::Time now) {
    const auto location = bundle::Location::parse(options.location);
    if (!location) return unexpected(location.error());
    const auto root = files::read(options.root, bundle::kMostRoot);
    if (!root) return unexpected(root.error());
    std::string text = text::of_octets(*root);
    auto trusted = bundle::begin_with(std::move(text));
    if (!trusted) return unexpected(trusted.error());
    const auto check = [](const std::string& name, const std::string& content) -> Result<void> {
        const auto policy = bundle::policy_from(name, content);
        if (!policy) return unexpected(policy.error());
        return {};
    };
    const auto repository = location->open(kVerifyDeadline);
    auto done = bundle::update(std::move(*trusted), *repository, options.target, check, now);
    if (done.failure) return unexpected(*done.failure);
    if (!options.target.empty()) return bundle::in_use(done.trusted, now);
    const auto targets = bundle::parse_metadata<bundle::Targets>(done.trusted.targets, "the targets");
    if (!targets) return unexpected(targets.error());
    for (const auto& [name, description] : targets->content.targets) {
        if (!bundle::is_target_name(name)) {
            return bundle::refused(bundle::Refusal::kUnusable, "checking the bundle",
                                   "it has a file with a name that can't be fetched: " + text::escape(name, 256));
        }
        done = bundle::update(std::move(done.trusted), *repository, name, check, now);
        if (done.failure) return unexpected(*done.failure);
    }
    return bundle::in_use(done.trusted, now);
}

}  // namespace

int run_bundle_verify(const Invocation& invocation, const BundleOptions& options) {
    const x509::Time now = service::wall_clock_now();
    const auto used = verify(options, now);
    if (!used) return report(invocation, used.error());
    if (invocation.json) {
        Json document{{"holds", true},
                      {"versions", versions_json(used->versions)},
                      {"until", text::rfc3339(used->until)},
                      {"targets", Json::array()}};
        for (const auto& [name, content] : used->files) document["targets"].push_back(name);
        print_document(document);
        return kDone;
    }
    std::cout << "the bundle holds: root " << used->versions.root << ", timestamp " << used->versions.timestamp
              << ", snapshot " << used->versions.snapshot << ", targets " << used->versions.targets << ", until "
              << text::rfc3339(used->until) << " (" << text::relative(used->until, now) << ")\n";
    for (const auto& [name, content] : used->files) std::cout << "  " << text::escape(name, 256) << "\n";
    return kDone;
}

int run_bundle_fetch(const Invocation& invocation, const BundleOptions& options) {
    const auto state = invocation.open_state();
    if (!state) return report(invocation, state.error());
    const auto subscription = BundleChoice{options.location, options.root, options.target}.subscription(*state);
    if (!subscription) return report(invocation, subscription.error());
    const auto used = refreshed_policy(*subscription);
    if (!used) return report(invocation, used.error());
    if (!options.out.empty()) {
        const auto written = files::write_public(options.out, x509::as_bytes(used->content), files::Replace::kExisting);
        if (!written) return report(invocation, written.error());
    }
    if (invocation.json) {
        print_document(Json{{"target", subscription->target},
                            {"versions", versions_json(used->versions)},
                            {"checked", text::rfc3339(used->checked)},
                            {"until", text::rfc3339(used->until)},
                            {"out", options.out},
                            {"policy", used->content}});
    } else if (options.out.empty()) {
        std::cout << used->content << std::flush;
    } else {
        std::cout << "wrote " << text::escape(options.out) << ": targets version " << used->versions.targets
                  << ", until " << text::rfc3339(used->until) << "\n";
    }
    return kDone;
}

}  // namespace cotter::cli
