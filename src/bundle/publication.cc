// Composing, signing, and writing in the order that readers need.
#include "bundle/publication.h"

#include "bundle/refusal.h"
#include "bundle/verification.h"
#include "text/escape.h"

#include <algorithm>

namespace cotter::bundle {
namespace {

std::size_t missing_of(const Root& root, Role role, const std::string& canonical,
                       const std::vector<Signature>& signatures) {
    const std::size_t count = signers(root, role, canonical, signatures).size();
    const std::size_t threshold = root.roles.at(role).threshold;
    return count >= threshold ? 0 : threshold - count;
}

unexpected<Error> bad_change(std::string why, std::string next) {
    return malformed("bundle_keys", "changing who signs the bundle", std::move(why), std::move(next));
}

/// The one id of the root's that begins so.
Result<std::string> id_of(const Root& root, const std::string& beginning) {
    std::string found;
    for (const auto& [id, key] : root.keys) {
        if (beginning.empty() || !id.starts_with(beginning)) continue;
        if (!found.empty())
            return bad_change("more than one key's id begins with " + text::escape(beginning, 64), "give more of it");
        found = id;
    }
    if (found.empty())
        return bad_change("no key's id begins with " + text::escape(beginning, 64),
                          "cotter bundle show DIR lists them");
    return found;
}

/// Under the id that the root has for this key already, if it has one.
std::string add_key(Root& root, const Key& key) {
    for (const auto& [id, known] : root.keys) {
        if (known.public_key() && known.public_key()->canonical() == key.public_key()->canonical()) return id;
    }
    root.keys.emplace(key.digest(), key);
    return key.digest();
}

void add_to_role(Root& root, Role role, const Key& key) {
    const std::string id = add_key(root, key);
    auto& ids = root.roles[role].key_ids;
    if (std::ranges::find(ids, id) == ids.end()) ids.push_back(id);
}

Result<void> apply(Root& root, const Publication::KeyChange& change) {
    RoleKeys& keys = root.roles[change.role];
    for (const Key& key : change.added) add_to_role(root, change.role, key);
    for (const std::string& beginning : change.dropped) {
        const auto id = id_of(root, beginning);
        if (!id) return unexpected(id.error());
        if (std::erase(keys.key_ids, *id) == 0)
            return bad_change("that key is not one of the role " + std::string(text_of(change.role)), {});
    }
    if (change.threshold) keys.threshold = *change.threshold;
    if (keys.threshold == 0 || keys.key_ids.size() < keys.threshold) {
        return bad_change("the role " + std::string(text_of(change.role)) + " would have " +
                              std::to_string(keys.key_ids.size()) + " keys and ask for " +
                              std::to_string(keys.threshold),
                          "add keys first, or lower --threshold");
    }
    // A key that signs for nothing is none of the bundle's any more.
    std::erase_if(root.keys, [&](const auto& one) {
        return std::ranges::none_of(root.roles, [&](const auto& role) {
            return std::ranges::find(role.second.key_ids, one.first) != role.second.key_ids.end();
        });
    });
    return {};
}

}  // namespace

Result<MetadataFile<Root>> Publication::require_root() const {
    auto root = folder_.root();
    if (!root) return unexpected(root.error());
    if (*root) return std::move(**root);
    const auto staged = folder_.staged<Root>();
    const bool waits = staged && *staged;
    return failed("bundle_none", "opening the bundle " + text::escape(folder_.path().string()),
                  waits ? "its first root waits for more signatures" : "there is none",
                  waits ? "cotter bundle sign DIR --role root --key FILE" : "cotter bundle init DIR --keys KEYS");
}

Result<Published> Publication::begin(const std::map<Role, std::vector<Key>>& keys, std::uint64_t root_threshold) {
    const auto present = folder_.root();
    if (!present) return unexpected(present.error());
    const auto staged = folder_.staged<Root>();
    if (!staged) return unexpected(staged.error());
    if (*present || *staged) {
        return failed("bundle_exists", "beginning a bundle in " + text::escape(folder_.path().string()),
                      "there is one already", "cotter bundle show DIR shows it");
    }
    Root root;
    root.version = 1;
    root.expires = now_ + lives_.root;
    root.consistent_snapshot = true;
    for (const Role role : kRoles) {
        for (const Key& key : keys.at(role)) add_to_role(root, role, key);
    }
    if (auto applied = apply(root, {.role = Role::kRoot, .threshold = root_threshold}); !applied)
        return unexpected(applied.error());
    if (auto made = folder_.make(); !made) return unexpected(made.error());
    return settle_root(unsigned_file(to_sign(root)), std::nullopt);
}

Result<Published> Publication::settle_root(const std::string& text, const std::optional<MetadataFile<Root>>& old) {
    const auto fresh = parse_metadata<Root>(text, "the new root");
    if (!fresh) return unexpected(fresh.error());
    std::vector<const Root*> roots{&fresh->content};
    if (old) roots.push_back(&old->file.content);
    const auto keys = keys_(Role::kRoot);
    if (!keys) return unexpected(keys.error());
    const auto signed_text = with_signatures(text, Role::kRoot, roots, *keys);
    if (!signed_text) return unexpected(signed_text.error());
    const auto file = parse_metadata<Root>(signed_text->text, "the new root");
    if (!file) return unexpected(file.error());
    std::size_t missing = 0;
    for (const Root* const root : roots)
        missing = std::max(missing, missing_of(*root, Role::kRoot, file->canonical, file->signatures));
    const std::uint64_t version = file->content.version;
    if (auto staged = folder_.stage(Role::kRoot, signed_text->text); !staged) return unexpected(staged.error());
    if (missing > 0) return Published{false, version, missing};
    if (auto published = folder_.publish(Role::kRoot, version, signed_text->text); !published)
        return unexpected(published.error());
    if (auto gone = folder_.unstage(Role::kRoot); !gone) return unexpected(gone.error());
    const auto needs = needs_new_signatures(file->content);
    if (!needs) return unexpected(needs.error());
    if (*needs) {
        if (auto renewed = publish({}, {}); !renewed) return unexpected(renewed.error());
    }
    return Published{true, version, 0};
}

Result<bool> Publication::needs_new_signatures(const Root& root) const {
    const auto timestamp = folder_.timestamp();
    const auto snapshot = folder_.snapshot();
    const auto targets = folder_.targets();
    if (!timestamp) return unexpected(timestamp.error());
    if (!snapshot) return unexpected(snapshot.error());
    if (!targets) return unexpected(targets.error());
    if (!*timestamp || !*snapshot || !*targets) return false;
    return !check_signatures(root, (*timestamp)->file, "") || !check_signatures(root, (*snapshot)->file, "") ||
           !check_signatures(root, (*targets)->file, "");
}

Result<Published> Publication::change_keys(const KeyChange& change) {
    auto old = folder_.root();
    if (!old) return unexpected(old.error());
    auto staged = folder_.staged<Root>();
    if (!staged) return unexpected(staged.error());
    if (!*old && !*staged) return unexpected(require_root().error());
    Root root = *staged ? (*staged)->file.content : (*old)->file.content;
    root.version = *old ? (*old)->file.content.version + 1 : 1;
    root.expires = now_ + lives_.root;
    if (auto applied = apply(root, change); !applied) return unexpected(applied.error());
    return settle_root(unsigned_file(to_sign(root)), *old);
}

Result<Published> Publication::sign(Role role, const SigningKey& key) {
    const auto nothing_waits = [&]() -> Result<Published> {
        return failed("bundle_nothing_staged", "signing for the role " + std::string(text_of(role)),
                      "nothing waits for a signature of it", "cotter bundle show DIR says what waits");
    };
    const auto is_not_its_key = [&]() -> Result<Published> {
        return failed("bundle_wrong_key", "signing for the role " + std::string(text_of(role)),
                      "the key is none of that role's, or has signed already", "cotter bundle show DIR lists its keys");
    };
    const std::vector<SigningKey> keys{key};
    if (role == Role::kRoot) {
        const auto staged = folder_.staged<Root>();
        if (!staged) return unexpected(staged.error());
        if (!*staged) return nothing_waits();
        const auto old = folder_.root();
        if (!old) return unexpected(old.error());
        std::vector<const Root*> roots{&(*staged)->file.content};
        if (*old) roots.push_back(&(*old)->file.content);
        const auto done = with_signatures((*staged)->text, role, roots, keys);
        if (!done) return unexpected(done.error());
        if (done->added == 0) return is_not_its_key();
        return settle_root(done->text, *old);
    }
    const auto root = require_root();
    if (!root) return unexpected(root.error());
    const auto staged = folder_.staged<Targets>();
    if (!staged) return unexpected(staged.error());
    if (role != Role::kTargets || !*staged) return nothing_waits();
    const auto done = with_signatures((*staged)->text, role, {&root->file.content}, keys);
    if (!done) return unexpected(done.error());
    if (done->added == 0) return is_not_its_key();
    return settle_targets(root->file.content, done->text);
}

Result<std::string> Publication::signed_by_role(Role role, const Root& root, formats::Document content) {
    const auto keys = keys_(role);
    if (!keys) return unexpected(keys.error());
    const auto done = with_signatures(unsigned_file(std::move(content)), role, {&root}, *keys);
    if (!done) return unexpected(done.error());
    return done->text;
}

/// Announces targets that are published already: a new snapshot, and then the timestamp that names it.
Result<void> Publication::announce(const Root& root, const std::string& targets, std::uint64_t version) {
    const auto old_snapshot = folder_.snapshot();
    const auto old_timestamp = folder_.timestamp();
    if (!old_snapshot) return unexpected(old_snapshot.error());
    if (!old_timestamp) return unexpected(old_timestamp.error());
    Snapshot snapshot;
    snapshot.version = *old_snapshot ? (*old_snapshot)->file.content.version + 1 : 1;
    snapshot.expires = now_ + lives_.content;
    snapshot.files.emplace("targets.json", describe(targets, version));
    const auto snapshot_text = signed_by_role(Role::kSnapshot, root, to_sign(snapshot));
    if (!snapshot_text) return unexpected(snapshot_text.error());
    Timestamp timestamp;
    timestamp.version = *old_timestamp ? (*old_timestamp)->file.content.version + 1 : 1;
    timestamp.expires = now_ + lives_.timestamp;
    timestamp.snapshot = describe(*snapshot_text, snapshot.version);
    const auto timestamp_text = signed_by_role(Role::kTimestamp, root, to_sign(timestamp));
    if (!timestamp_text) return unexpected(timestamp_text.error());
    // Nothing is announced that a client would refuse.
    const auto snapshot_file = parse_metadata<Snapshot>(*snapshot_text, "the new snapshot");
    const auto timestamp_file = parse_metadata<Timestamp>(*timestamp_text, "the new timestamp");
    if (!snapshot_file) return unexpected(snapshot_file.error());
    if (!timestamp_file) return unexpected(timestamp_file.error());
    for (const auto& checked : {check_signatures(root, *snapshot_file, "the new snapshot"),
                                check_signatures(root, *timestamp_file, "the new timestamp")}) {
        if (checked) continue;
        return failed("bundle_keys_missing", "publishing the bundle", checked.error().what + ": " + checked.error().why,
                      "give the folder with the snapshot and timestamp keys: --keys DIR");
    }
    if (auto done = folder_.publish(Role::kTargets, version, targets); !done) return done;
    if (auto done = folder_.publish(Role::kSnapshot, snapshot.version, *snapshot_text); !done) return done;
    return folder_.publish(Role::kTimestamp, timestamp.version, *timestamp_text);
}

Result<Published> Publication::settle_targets(const Root& root, const std::string& text) {
    const auto keys = keys_(Role::kTargets);
    if (!keys) return unexpected(keys.error());
    const auto done = with_signatures(text, Role::kTargets, {&root}, *keys);
    if (!done) return unexpected(done.error());
    const auto file = parse_metadata<Targets>(done->text, "the new targets");
    if (!file) return unexpected(file.error());
    if (auto staged = folder_.stage(Role::kTargets, done->text); !staged) return unexpected(staged.error());
    const std::size_t missing = missing_of(root, Role::kTargets, file->canonical, file->signatures);
    if (missing > 0) return Published{false, file->content.version, missing};
    const auto snapshot_keys = keys_(Role::kSnapshot);
    if (!snapshot_keys) return unexpected(snapshot_keys.error());
    // Whoever only signs has no others: the owner publishes what all have signed.
    if (snapshot_keys->empty()) return Published{false, file->content.version, 0};
    if (auto announced = announce(root, done->text, file->content.version); !announced)
        return unexpected(announced.error());
    if (auto gone = folder_.unstage(Role::kTargets); !gone) return unexpected(gone.error());
    return Published{true, file->content.version, 0};
}

Result<Published> Publication::publish(const std::map<std::string, std::string>& added,
                                       const std::set<std::string>& removed) {
    const auto root = require_root();
    if (!root) return unexpected(root.error());
    const auto current = folder_.targets();
    const auto staged = folder_.staged<Targets>();
    if (!current) return unexpected(current.error());
    if (!staged) return unexpected(staged.error());
    if (added.empty() && removed.empty() && *staged) return settle_targets(root->file.content, (*staged)->text);
    Targets targets;
    if (*staged) {
        targets = (*staged)->file.content;
    } else if (*current) {
        targets = (*current)->file.content;
    }
    if (targets.has_delegations) {
        return failed("bundle_foreign", "publishing the bundle",
                      "another program has delegated targets in it, which cotter would drop",
                      "go on with the program that made it");
    }
    targets.version = *current ? (*current)->file.content.version + 1 : 1;
    targets.expires = now_ + lives_.content;
    for (const std::string& name : removed) {
        if (targets.targets.erase(name) == 0) {
            return malformed("bundle_no_target", "taking " + text::escape(name, 128) + " out of the bundle",
                             "it isn't in it", "cotter bundle show DIR lists what is");
        }
    }
    for (const auto& [name, content] : added) {
        if (auto written = folder_.add_target(name, content); !written) return unexpected(written.error());
        targets.targets.insert_or_assign(name, describe(content));
    }
    return settle_targets(root->file.content, unsigned_file(to_sign(targets)));
}

Result<Published> Publication::refresh() {
    const auto root = require_root();
    if (!root) return unexpected(root.error());
    const auto current = folder_.timestamp();
    if (!current) return unexpected(current.error());
    if (!*current) {
        return failed("bundle_empty", "renewing the bundle", "nothing is published in it yet",
                      "cotter bundle publish DIR POLICY.toml");
    }
    Timestamp timestamp = (*current)->file.content;
    ++timestamp.version;
    timestamp.expires = now_ + lives_.timestamp;
    const auto text = signed_by_role(Role::kTimestamp, root->file.content, to_sign(timestamp));
    if (!text) return unexpected(text.error());
    const auto file = parse_metadata<Timestamp>(*text, "the new timestamp");
    if (!file) return unexpected(file.error());
    if (auto checked = check_signatures(root->file.content, *file, "the new timestamp"); !checked) {
        return failed("bundle_keys_missing", "renewing the bundle", checked.error().why,
                      "give the folder with the timestamp key: --keys DIR");
    }
    if (auto written = folder_.publish(Role::kTimestamp, timestamp.version, *text); !written)
        return unexpected(written.error());
    return Published{true, timestamp.version, 0};
}

}  // namespace cotter::bundle
