// Publication: what an owner does to a bundle: begin it, change who signs, sign, publish policies, say that they still
// hold. Every change is a new version; what is announced is written last, so that whoever fetches meanwhile finds the
// old version whole or the new one.
#pragma once

#include "bundle/composition.h"
#include "bundle/published_folder.h"

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace cotter::bundle {

/// How long what is signed counts.
struct Lives {
    std::chrono::seconds root = std::chrono::days(365);
    std::chrono::seconds content = std::chrono::days(90);  ///< targets and snapshot
    std::chrono::seconds timestamp = std::chrono::days(7);
};

/// What became of a change.
struct Published {
    bool is_complete = false;  ///< false: it waits in staged/ for signatures
    std::uint64_t version = 0;
    std::size_t missing = 0;  ///< signatures; 0: only the online keys have yet to sign
};

/// The private keys that are at hand for a role; asked for once a role, only where something is to be signed.
using KeysOf = std::function<Result<std::vector<SigningKey>>(Role)>;

class Publication {
  public:
    /// `now` dates what is signed.
    Publication(PublishedFolder folder, KeysOf keys, Lives lives, x509::Time now)
        : folder_(std::move(folder)), keys_(std::move(keys)), lives_(lives), now_(now) {}

    /// The first root: of each role its keys. Refused where there is one.
    [[nodiscard]] Result<Published> begin(const std::map<Role, std::vector<Key>>& keys, std::uint64_t root_threshold);

    struct KeyChange {
        Role role = Role::kRoot;
        std::vector<Key> added{};
        std::vector<std::string> dropped{};  ///< ids, or unique beginnings of them
        std::optional<std::uint64_t> threshold{};
    };
    /// The next root. A change that waits already goes on with this one. Without keys and threshold it renews the
    /// root's date. Where the root is complete, what its other keys must sign is published anew, if they are at hand.
    [[nodiscard]] Result<Published> change_keys(const KeyChange& change);

    /// Adds a signature to what waits for those of the role (root or targets).
    [[nodiscard]] Result<Published> sign(Role role, const SigningKey& key);

    /// Puts these targets in, takes those out, and publishes all anew; with neither, what waits is completed, or the
    /// dates are renewed.
    [[nodiscard]] Result<Published> publish(const std::map<std::string, std::string>& added,
                                            const std::set<std::string>& removed);

    /// Says that what was published still holds: a new timestamp alone.
    [[nodiscard]] Result<Published> refresh();

  private:
    [[nodiscard]] Result<MetadataFile<Root>> require_root() const;
    [[nodiscard]] Result<Published> settle_root(const std::string& text, const std::optional<MetadataFile<Root>>& old);
    [[nodiscard]] Result<void> announce(const Root& root, const std::string& targets, std::uint64_t version);
    [[nodiscard]] Result<std::string> signed_by_role(Role role, const Root& root, formats::Document content);
    [[nodiscard]] Result<Published> settle_targets(const Root& root, const std::string& text);
    [[nodiscard]] Result<bool> needs_new_signatures(const Root& root) const;

    PublishedFolder folder_;
    KeysOf keys_;
    Lives lives_;
    x509::Time now_;
};

}  // namespace cotter::bundle
