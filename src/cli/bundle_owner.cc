// cotter bundle init, add-key, drop-key, sign, publish: what a bundle's owner does.
#include "bundle/key_folder.h"
#include "bundle/publication.h"
#include "bundle/subscription.h"
#include "cli/bundle.h"
#include "cli/passphrase.h"
#include "cli/print.h"
#include "cli/report.h"
#include "files/files.h"
#include "service/wall_clock.h"
#include "text/encoding.h"
#include "text/escape.h"
#include "text/time.h"

#include <nlohmann/json.hpp>

#include <iostream>

namespace cotter::cli {
namespace {

using bundle::KeyFolder;
using bundle::Publication;
using bundle::Published;
using bundle::PublishedFolder;
using bundle::Role;
using Json = nlohmann::ordered_json;

Result<void> take_life(const std::string& text, std::chrono::seconds& life) {
    if (text.empty()) return {};
    const auto duration = text::parse_duration(text);
    if (!duration) return unexpected(duration.error());
    constexpr std::chrono::days kMost{3660};
    life = std::chrono::duration_cast<std::chrono::seconds>(*duration);
    if (*duration <= kMost && life >= std::chrono::seconds(1)) return {};
    return malformed("bad_life", "reading the time " + text::escape(text, 32),
                     "what is signed counts for a second at least, and for ten years at most", "say 90d");
}

bundle::AskFor ask_for(const BundleOptions& options) {
    return [file = options.passphrase_file](const std::filesystem::path& key) {
        return passphrase_from(file, key.string());
    };
}

/// Keys of --keys, each role's opened once.
bundle::KeysOf keys_of(const BundleOptions& options) {
    struct Opened {
        std::map<Role, std::vector<bundle::SigningKey>> keys;
    };
    return [options, opened = std::make_shared<Opened>()](Role role) -> Result<std::vector<bundle::SigningKey>> {
        if (options.keys.empty()) return std::vector<bundle::SigningKey>();
        if (const auto found = opened->keys.find(role); found != opened->keys.end()) return found->second;
        auto keys = KeyFolder(options.keys).of(role, ask_for(options));
        if (keys) opened->keys.emplace(role, *keys);
        return keys;
    };
}

/// The owner's folder while nobody else changes it.
struct OpenBundle {
    files::Lock lock;
    PublishedFolder folder;
    Publication publication;
};

Result<OpenBundle> open_bundle(const BundleOptions& options, bool expires_root) {
    bundle::Lives lives;
    if (auto taken = take_life(options.expires, expires_root ? lives.root : lives.content); !taken)
        return unexpected(taken.error());
    if (auto taken = take_life(options.fresh_for, lives.timestamp); !taken) return unexpected(taken.error());
    PublishedFolder folder(options.folder);
    std::error_code fault;
    if (!std::filesystem::is_directory(folder.path(), fault)) {
        return failed("bundle_none", "opening the bundle " + text::escape(options.folder), "there is no such folder",
                      "cotter bundle init DIR --keys KEYS begins one");
    }
    auto lock = files::Lock::take(folder.lock_file());
    if (!lock) return unexpected(lock.error());
    Publication publication(folder, keys_of(options), lives, service::wall_clock_now());
    return OpenBundle{std::move(*lock), folder, std::move(publication)};
}

/// What is served must hold no private key.
Result<void> check_apart(const BundleOptions& options) {
    std::error_code fault;
    const auto keys = std::filesystem::weakly_canonical(options.keys, fault);
    const auto served = std::filesystem::weakly_canonical(options.folder, fault);
    const auto [end, rest] = std::ranges::mismatch(served, keys);
    if (end != served.end()) return {};
    return malformed("keys_served", "beginning a bundle in " + text::escape(options.folder),
                     "its private keys would lie in the folder that a web server shows",
                     "give a folder elsewhere with --keys");
}

int say(const Invocation& invocation, const BundleOptions& options, std::string_view what, Role role,
        const Published& done, const std::string& then) {
    const std::string folder = text::escape(options.folder);
    if (invocation.json) {
        print_document(Json{{"bundle", options.folder},
                            {"role", bundle::text_of(role)},
                            {"version", done.version},
                            {"published", done.is_complete},
                            {"missing_signatures", done.missing}});
        return kDone;
    }
    if (done.is_complete) {
        std::cout << what << ": " << bundle::text_of(role) << " version " << done.version << " in " << folder << "\n";
        if (!then.empty()) std::cerr << "  next: " << then << "\n";
        return kDone;
    }
    if (done.missing == 0) {
        std::cout << bundle::text_of(role) << " version " << done.version << " has all its signatures\n";
        std::cerr << "  next: cotter bundle publish " << folder
                  << " --keys KEYS, by who has the snapshot and timestamp keys\n";
        return kDone;
    }
    std::cout << bundle::text_of(role) << " version " << done.version << " waits for "
              << count_text(done.missing, "more signature") << "\n";
    std::cerr << "  next: cotter bundle sign " << folder << " --role " << bundle::text_of(role)
              << " --key FILE, by who has another of its keys\n";
    return kDone;
}

int change_keys(const Invocation& invocation, const BundleOptions& options, Publication::KeyChange change,
                std::string_view what) {
    change.role = *bundle::role_from(options.role);
    if (options.threshold != 0) change.threshold = options.threshold;
    auto open = open_bundle(options, true);
    if (!open) return report(invocation, open.error());
    const auto done = open->publication.change_keys(change);
    if (!done) return report(invocation, done.error());
    return say(invocation, options, what, Role::kRoot, *done, {});
}

/// What clients will refuse before long, however fresh the timestamp is.
void warn_of_ends(const PublishedFolder& folder, x509::Time now) {
    constexpr std::chrono::days kSoon{14};
    const auto warn = [&](std::string_view what, x509::Time end, std::string_view next) {
        if (end - now > kSoon) return;
        std::cerr << "cotter: warning: the " << what << " ends " << text::relative(end, now) << "\n  next: " << next
                  << "\n";
    };
    if (const auto root = folder.root(); root && *root)
        warn("root", (*root)->file.content.expires, "cotter bundle add-key DIR --role root --keys KEYS");
    if (const auto targets = folder.targets(); targets && *targets)
        warn("list of policies", (*targets)->file.content.expires, "cotter bundle publish DIR --keys KEYS");
    if (const auto snapshot = folder.snapshot(); snapshot && *snapshot)
        warn("snapshot", (*snapshot)->file.content.expires, "cotter bundle publish DIR --keys KEYS");
}

Result<std::string> policy_text(const std::string& path) {
    const auto content = files::read(path, bundle::kMostTargetFile);
    if (!content) return unexpected(content.error());
    return text::of_octets(*content);
}

/// Each by its file's name. One that a client would not load is refused here.
Result<std::map<std::string, std::string>> read_policies(const std::vector<std::string>& paths) {
    std::map<std::string, std::string> policies;
    for (const std::string& path : paths) {
        const std::string name = std::filesystem::path(path).filename().string();
        auto text = policy_text(path);
        if (!text) return unexpected(text.error());
        if (!bundle::is_target_name(name))
            return malformed("bundle_target_name", "publishing " + text::escape(path, 300), "its name can't be fetched",
                             "give it a plain name, as policy.toml");
        if (const auto policy = bundle::policy_from(name, *text); !policy) {
            return malformed("bundle_policy", "publishing " + text::escape(path, 300), policy.error().why,
                             "cotter policy check " + text::escape(path, 300));
        }
        if (!policies.emplace(name, std::move(*text)).second)
            return malformed("bundle_target_name", "publishing " + text::escape(path, 300),
                             "another file of the call has that name, too", "rename one of them");
    }
    return policies;
}

}  // namespace

int run_bundle_init(const Invocation& invocation, const BundleOptions& options) {
    if (auto apart = check_apart(options); !apart) return report(invocation, apart.error());
    const auto choice = invocation.key_choice();
    if (!choice) return report(invocation, choice.error());
    std::map<Role, std::vector<bundle::Key>> keys;
    for (const std::string& file : options.root_keys) {
        auto key = bundle::read_public_key(file);
        if (!key) return report(invocation, key.error());
        keys[Role::kRoot].push_back(std::move(*key));
    }
    const std::uint64_t threshold = options.threshold == 0 ? 1 : options.threshold;
    if (threshold > keys[Role::kRoot].size() + 1) {
        return report(invocation,
                      malformed("bundle_keys", "beginning a bundle with --threshold " + std::to_string(threshold),
                                "the root has " + count_text(keys[Role::kRoot].size() + 1, "key"),
                                "give the other persons' public keys with --root-key")
                          .value());
    }
    std::error_code fault;
    std::filesystem::create_directories(options.folder, fault);
    auto open = open_bundle(options, true);
    if (!open) return report(invocation, open.error());
    for (const auto& present : {open->folder.root(), open->folder.staged<bundle::Root>()}) {
        if (!present) return report(invocation, present.error());
        if (*present) {
            return report(invocation, failed("bundle_exists", "beginning a bundle in " + text::escape(options.folder),
                                             "there is one already", "cotter bundle show DIR shows it")
                                          .value());
        }
    }
    std::optional<x509::Passphrase> passphrase;
    if (options.asks_passphrase || !options.passphrase_file.empty()) {
        auto given = new_passphrase(options.passphrase_file, "the root and targets keys");
        if (!given) return report(invocation, given.error());
        passphrase.emplace(std::move(*given));
    }
    for (const Role role : bundle::kRoles) {
        // Those that renew the dates work without a person.
        const bool is_offline = role == Role::kRoot || role == Role::kTargets;
        auto key = KeyFolder(options.keys).make(role, *choice, is_offline && passphrase ? &*passphrase : nullptr);
        if (!key) return report(invocation, key.error());
        keys[role].push_back(std::move(*key));
    }
    const auto done = open->publication.begin(keys, threshold);
    if (!done) return report(invocation, done.error());
    if (done->is_complete && !invocation.json) {
        std::cout << "made a bundle in " << text::escape(options.folder) << ", its keys in "
                  << text::escape(options.keys) << "\n"
                  << "  clients begin with " << text::escape(open->folder.root_file(1).string())
                  << ": give it to them by a way that they trust\n"
                  << "  keep root.key and targets.key where no server is\n";
        std::cerr << "  next: cotter bundle publish " << text::escape(options.folder) << " policy.toml --keys "
                  << text::escape(options.keys) << "\n";
        return kDone;
    }
    return say(invocation, options, "made", Role::kRoot, *done, {});
}

int run_bundle_add_key(const Invocation& invocation, const BundleOptions& options) {
    Publication::KeyChange change;
    if (!options.key.empty()) {
        auto key = bundle::read_public_key(options.key);
        if (!key) return report(invocation, key.error());
        change.added.push_back(std::move(*key));
    }
    return change_keys(invocation, options, std::move(change), options.key.empty() ? "renewed" : "added the key");
}

int run_bundle_drop_key(const Invocation& invocation, const BundleOptions& options) {
    Publication::KeyChange change;
    change.dropped.push_back(options.key);
    return change_keys(invocation, options, std::move(change), "dropped the key");
}

int run_bundle_sign(const Invocation& invocation, const BundleOptions& options) {
    const Role role = *bundle::role_from(options.role);
    if (role == Role::kSnapshot || role == Role::kTimestamp) {
        return report(invocation, malformed("bundle_role", "signing for the role " + options.role,
                                            "what that role signs never waits: publish signs it with --keys",
                                            "sign for root or targets")
                                      .value());
    }
    auto key = bundle::read_signing_key(options.key, ask_for(options));
    if (!key) return report(invocation, key.error());
    auto open = open_bundle(options, false);
    if (!open) return report(invocation, open.error());
    const auto done = open->publication.sign(role, *key);
    if (!done) return report(invocation, done.error());
    return say(invocation, options, "signed", role, *done, {});
}

int run_bundle_publish(const Invocation& invocation, const BundleOptions& options) {
    if (options.refreshes && (!options.policies.empty() || !options.removed.empty() || !options.expires.empty())) {
        return report(invocation,
                      malformed("bad_call", "publishing a bundle", "--refresh changes nothing but the timestamp",
                                "leave it out, or everything else but --fresh-for")
                          .value());
    }
    const auto policies = read_policies(options.policies);
    if (!policies) return report(invocation, policies.error());
    auto open = open_bundle(options, false);
    if (!open) return report(invocation, open.error());
    const auto done = options.refreshes
                          ? open->publication.refresh()
                          : open->publication.publish(*policies, {options.removed.begin(), options.removed.end()});
    if (!done) return report(invocation, done.error());
    if (options.refreshes) warn_of_ends(open->folder, service::wall_clock_now());
    return say(invocation, options, options.refreshes ? "renewed" : "published",
               options.refreshes ? Role::kTimestamp : Role::kTargets, *done, {});
}

}  // namespace cotter::cli
