// An owner with a bundle in memory, for tests: makes every file anew by what the test says, also wrong ones, and is the
// Repository that a client fetches from. Never linked into the product.
#pragma once

#include "bundle/canonical_json.h"
#include "bundle/composition.h"
#include "bundle/refusal.h"
#include "bundle/repository.h"
#include "identity/identity.h"
#include "text/encoding.h"

#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace cotter::bundle::testing {

inline constexpr x509::Time kNow{std::chrono::sys_days(std::chrono::year(2027) / 3 / 1)};
inline constexpr std::string_view kPolicy =
    "version = 1\n[[host]]\nname = \"db.example.com\"\n"
    "pins = [\"sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"]\n";

template <class T>
T must(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().what + ": " + result.error().why);
    return std::move(*result);
}

inline SigningKey make_signing_key(identity::KeyChoice choice = identity::KeyChoice::kEd25519) {
    return must(SigningKey::from(must(identity::make_key(choice))));
}

/// Files by name; a name can be made to hang or to be endless.
class MemoryRepository : public Repository {
  public:
    Result<std::optional<std::string>> fetch(const std::string& name, std::size_t most) override {
        asked.push_back(name);
        octets_asked += most;
        if (unreachable.contains(name)) return failed("fetch_failed", "fetching " + name, "nobody answers");
        const auto found = files.find(name);
        if (found == files.end()) return std::nullopt;
        if (found->second.size() > most) return refused(Refusal::kTooLarge, "fetching " + name, "it is too large");
        return found->second;
    }

    std::map<std::string, std::string> files;
    std::set<std::string> unreachable;
    std::vector<std::string> asked;
    std::size_t octets_asked = 0;
};

/// Says what each role's metadata is, and signs it with the role's keys.
class Owner {
  public:
    Owner() {
        for (const Role role : kRoles) {
            keys[role] = {make_signing_key()};
            root.roles[role] = {};
        }
        root.version = 1;
        root.consistent_snapshot = true;
        root.expires = kNow + std::chrono::days(365);
        targets.version = 1;
        targets.expires = kNow + std::chrono::days(90);
        snapshot.version = 1;
        snapshot.expires = kNow + std::chrono::days(90);
        timestamp.version = 1;
        timestamp.expires = kNow + std::chrono::days(7);
        contents["policy.toml"] = kPolicy;
        publish_root();
        publish();
    }

    template <class Content>
    std::string signed_text(const Content& content, const std::vector<const Root*>& roots,
                            const std::vector<SigningKey>& by) const {
        return must(with_signatures(unsigned_file(to_sign(content)), Content::kRole, roots, by)).text;
    }

    /// The root of the present version and keys, signed by them and by those of before.
    void publish_root() {
        for (const Role role : kRoles) {
            root.roles[role].key_ids.clear();
            for (const SigningKey& key : keys[role]) {
                root.keys.insert_or_assign(key.half.digest(), key.half);
                root.roles[role].key_ids.push_back(key.half.digest());
            }
        }
        std::vector<SigningKey> signers = keys[Role::kRoot];
        signers.insert(signers.end(), old_root_keys.begin(), old_root_keys.end());
        const Root& old = old_root ? *old_root : root;
        repository.files["metadata/" + std::to_string(root.version) + ".root.json"] =
            signed_text(root, {&root, &old}, signers);
        old_root = root;
        old_root_keys = keys[Role::kRoot];
    }

    /// The next root.
    void rotate() {
        ++root.version;
        root.keys.clear();
        publish_root();
    }

    /// Targets, snapshot and timestamp of the present versions.
    void publish() {
        targets.targets.clear();
        for (const auto& [name, content] : contents) {
            const FileDescription description = describe(content);
            targets.targets.emplace(name, description);
            repository.files["targets/" + text::hex(description.hashes.at("sha256")) + "." + name] = content;
        }
        const std::string targets_text = signed_text(targets, {&root}, keys[Role::kTargets]);
        repository.files["metadata/" + std::to_string(targets.version) + ".targets.json"] = targets_text;
        snapshot.files["targets.json"] = describe(targets_text, targets.version);
        const std::string snapshot_text = signed_text(snapshot, {&root}, keys[Role::kSnapshot]);
        repository.files["metadata/" + std::to_string(snapshot.version) + ".snapshot.json"] = snapshot_text;
        timestamp.snapshot = describe(snapshot_text, snapshot.version);
        publish_timestamp();
    }

    void publish_timestamp() {
        repository.files["metadata/timestamp.json"] = signed_text(timestamp, {&root}, keys[Role::kTimestamp]);
    }

    /// All of it one version further, with this policy.
    void next(std::string policy) {
        contents["policy.toml"] = std::move(policy);
        ++targets.version;
        ++snapshot.version;
        ++timestamp.version;
        publish();
    }

    [[nodiscard]] std::string first_root() const { return repository.files.at("metadata/1.root.json"); }

    std::map<Role, std::vector<SigningKey>> keys;
    Root root;
    Targets targets;
    Snapshot snapshot;
    Timestamp timestamp;
    std::map<std::string, std::string> contents;
    MemoryRepository repository;
    std::optional<Root> old_root;
    std::vector<SigningKey> old_root_keys;
};

}  // namespace cotter::bundle::testing
