// The workflow against the specification's list of attacks.
#include "bundle/testing/client.h"

#include <gtest/gtest.h>

#include <functional>

namespace cotter::bundle {
namespace {

using testing::Client;
using testing::kNow;
using testing::kOtherPolicy;
using testing::kPolicy;
using testing::make_signing_key;
using testing::Owner;

// The specification's list of attacks (section 1.5.2), row by row.
TEST(Updater, HoldsAgainstEachAttackOfTheSpecification) {
    const auto hostile = [](Owner& owner, Role role) { owner.keys[role] = {make_signing_key()}; };
    const struct {
        std::string_view attack;
        std::string_view code;
        std::function<void(Owner&)> act;
    } kRows[] = {
        {"arbitrary software: a policy of the mirror's own", "bundle_wrong_content",
         [](Owner& owner) {
             for (auto& [name, content] : owner.repository.files) {
                 if (name.starts_with("targets/")) content = kOtherPolicy;
             }
         }},
        {"arbitrary software: targets that the mirror signs", "bundle_under_signed",
         [&](Owner& owner) {
             hostile(owner, Role::kTargets);
             owner.publish();
         }},
        {"endless data", "bundle_too_large",
         [](Owner& owner) { owner.repository.files["metadata/timestamp.json"].append(1U << 24U, ' '); }},
        // Extraneous dependencies: a policy depends on nothing, so there is nothing to add.
        {"fast-forward: a version that only the mirror signs", "bundle_under_signed",
         [&](Owner& owner) {
             hostile(owner, Role::kTimestamp);
             owner.timestamp.version = 1U << 30U;
             owner.publish();
         }},
        {"indefinite freeze", "policy_expired",
         [](Owner& owner) {
             owner.timestamp.expires = kNow;
             owner.publish_timestamp();
         }},
        {"malicious mirror: nothing is served", "bundle_incomplete",
         [](Owner& owner) { owner.repository.files.clear(); }},
        {"malicious mirror: something else is served", "bad_json",
         [](Owner& owner) { owner.repository.files["metadata/timestamp.json"] = "<html></html>"; }},
        {"mix-and-match", "bundle_mixed",
         [](Owner& owner) {
             const std::string old = owner.repository.files.at("metadata/1.targets.json");
             owner.next(std::string(kOtherPolicy));
             owner.repository.files["metadata/2.targets.json"] = old;
         }},
        {"rollback", "bundle_rolled_back",
         [](Owner& owner) { owner.repository.files["metadata/2.root.json"] = owner.first_root(); }},
        {"slow retrieval: whoever fetches gives up", "fetch_failed",
         [](Owner& owner) { owner.repository.unreachable.insert("metadata/timestamp.json"); }},
        {"key compromise: the timestamp's key alone", "bundle_mixed",
         [](Owner& owner) {
             // Its thief can name a snapshot, and can't make one.
             owner.timestamp.snapshot = FileDescription{2, {}, {}};
             ++owner.timestamp.version;
             owner.publish_timestamp();
             owner.repository.files["metadata/2.snapshot.json"] = owner.repository.files.at("metadata/1.snapshot.json");
         }},
        {"key compromise: a root that its own new keys alone have signed", "bundle_under_signed",
         [&](Owner& owner) {
             hostile(owner, Role::kRoot);
             owner.old_root_keys.clear();
             owner.rotate();
         }},
        {"wrong software: the file of another target", "bundle_wrong_content",
         [](Owner& owner) {
             owner.contents["other.toml"] = std::string(kPolicy) + "# other\n";
             owner.publish();
             std::string other;
             for (const auto& [name, content] : owner.repository.files) {
                 if (name.ends_with("other.toml")) other = content;
             }
             for (auto& [name, content] : owner.repository.files) {
                 if (name.ends_with(".policy.toml")) content = other.substr(0, content.size());
             }
             for (auto& [name, content] : owner.repository.files) {
                 if (name.ends_with(".policy.toml")) content.back() = '#';
             }
         }},
    };
    for (const auto& row : kRows) {
        Owner owner;
        Client client(owner);
        row.act(owner);
        EXPECT_EQ(client.fetch(owner), row.code) << row.attack;
        EXPECT_EQ(client.used(), "bundle_never_fetched") << row.attack;
    }
}

}  // namespace
}  // namespace cotter::bundle
