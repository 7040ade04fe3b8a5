// The workflow, in the order of the specification's section 5.
#include "bundle/updater.h"

#include "bundle/verification.h"
#include "text/encoding.h"
#include "text/escape.h"

#include <algorithm>

namespace cotter::bundle {
namespace {

constexpr std::string_view kTargetsFile = "targets.json";

unexpected<Error> is_absent(const std::string& name) {
    return failed("bundle_incomplete", "fetching " + text::escape(name, 300), "the bundle doesn't have it",
                  "check the address; if it is right, ask the bundle's owner");
}

unexpected<Error> rolled_back(const std::string& name, std::uint64_t version, std::uint64_t known) {
    return refused(
        Refusal::kRolledBack, "checking " + name,
        "it is of version " + std::to_string(version) + ", and " + std::to_string(known) + " was trusted before",
        "somebody serves an old copy: take the bundle from elsewhere, or ask its owner");
}

std::string basename_with(std::string_view prefix, const std::string& name) {
    const std::size_t slash = name.rfind('/');
    const std::size_t at = slash == std::string::npos ? 0 : slash + 1;
    return name.substr(0, at) + std::string(prefix) + name.substr(at);
}

/// The most octets to read of a file, of which a signed description may say less.
std::size_t most_of(const FileDescription& description, std::size_t most) {
    return std::min<std::size_t>(most, description.length.value_or(most));
}

class Workflow {
  public:
    Workflow(Trusted before, Repository& repository, const std::string& name, const CheckTarget& check, x509::Time now)
        : trusted_(std::move(before)), repository_(repository), name_(name), check_(check), now_(now) {}

    Update run() {
        for (const auto step : {&Workflow::update_root, &Workflow::update_timestamp, &Workflow::update_snapshot,
                                &Workflow::update_targets, &Workflow::fetch_files}) {
            if (auto done = (this->*step)(); !done) return {std::move(trusted_), std::move(done.error())};
        }
        return {std::move(trusted_), std::nullopt};
    }

  private:
    Result<std::string> fetch(const std::string& name, std::size_t most) {
        auto content = repository_.fetch(name, most);
        if (!content) return unexpected(content.error());
        if (!*content) return is_absent(name);
        return std::move(**content);
    }

    /// 5.3: each root is signed by the keys of the one before it and by its own.
    Result<void> update_root() {
        auto root = parse_metadata<Root>(trusted_.root, "the trusted root");
        if (!root) return unexpected(root.error());
        for (unsigned count = 0; count < kMostRoots; ++count) {
            const std::string name = "metadata/" + std::to_string(root->content.version + 1) + ".root.json";
            auto content = repository_.fetch(name, kMostRoot);
            if (!content) return unexpected(content.error());
            if (!*content) break;
            auto next = parse_metadata<Root>(**content, name);
            if (!next) return unexpected(next.error());
            if (auto signed_by_old = check_signatures(root->content, *next, name); !signed_by_old) return signed_by_old;
            if (auto signed_by_own = check_signatures(next->content, *next, name); !signed_by_own) return signed_by_own;
            if (next->content.version != root->content.version + 1)
                return rolled_back(name, next->content.version, root->content.version + 1);
            root = std::move(next);
            trusted_.root = std::move(**content);
            forget_what_lost_its_keys(root->content);
        }
        if (auto lives = check_end(root->content, now_, "the root"); !lives) return lives;
        root_ = std::move(root->content);
        return {};
    }

    template <class Content>
    static bool stands(const std::string& text, const Root& root) {
        if (text.empty()) return true;
        const auto file = parse_metadata<Content>(text, "what was trusted");
        return file && check_signatures(root, *file, "what was trusted");
    }

    /// 5.3.11, against fast-forward (INVARIANT A137): versions that only keys said which don't count any more bind
    /// nobody. What those keys signed and the new ones did, too, stays.
    void forget_what_lost_its_keys(const Root& root) {
        const bool keeps_online =
            stands<Timestamp>(trusted_.timestamp, root) && stands<Snapshot>(trusted_.snapshot, root);
        if (!keeps_online) trusted_.timestamp.clear();
        if (!keeps_online || !stands<Targets>(trusted_.targets, root)) {
            trusted_.snapshot.clear();
            trusted_.targets.clear();
        }
    }

    /// 5.4
    Result<void> update_timestamp() {
        const std::string name = "metadata/timestamp.json";
        auto content = fetch(name, kMostTimestamp);
        if (!content) return unexpected(content.error());
        auto fresh = parse_metadata<Timestamp>(*content, name);
        if (!fresh) return unexpected(fresh.error());
        if (auto is_signed = check_signatures(root_, *fresh, name); !is_signed) return is_signed;
        if (!trusted_.timestamp.empty()) {
            auto known = parse_metadata<Timestamp>(trusted_.timestamp, "the trusted timestamp");
            if (!known) return unexpected(known.error());
            if (fresh->content.version < known->content.version)
                return rolled_back(name, fresh->content.version, known->content.version);
            if (fresh->content.snapshot.version < known->content.snapshot.version) {
                return rolled_back("the snapshot that " + name + " names", fresh->content.snapshot.version,
                                   known->content.snapshot.version);
            }
            if (fresh->content.version == known->content.version) {
                fresh = std::move(known);
                content = trusted_.timestamp;
            }
        }
        if (auto lives = check_end(fresh->content, now_, name); !lives) return lives;
        trusted_.timestamp = std::move(*content);
        timestamp_ = std::move(fresh->content);
        return {};
    }

    [[nodiscard]] std::string metadata_name(std::uint64_t version, std::string_view name) const {
        const std::string prefix = root_.consistent_snapshot ? std::to_string(version) + "." : "";
        return "metadata/" + prefix + std::string(name);
    }

    /// Signed, of the version that was announced, and not past its end.
    template <class Content>
    Result<Signed<Content>> checked(const std::string& text, const FileDescription& announced,
                                    const std::string& name) const {
        if (auto is_it = check_content(announced, text, Refusal::kMixed, name); !is_it)
            return unexpected(is_it.error());
        auto file = parse_metadata<Content>(text, name);
        if (!file) return file;
        if (auto is_signed = check_signatures(root_, *file, name); !is_signed) return unexpected(is_signed.error());
        if (file->content.version != announced.version) {
            return refused(Refusal::kMixed, "checking " + name,
                           "it is of version " + std::to_string(file->content.version) + ", and " +
                               std::to_string(announced.version) + " was announced",
                           "try again: it may just be changing; if it stays so, ask the bundle's owner");
        }
        return file;
    }

    /// What is trusted already, if it is what was announced; else what the repository has.
    template <class Content>
    Result<std::string> current(const std::string& trusted, const FileDescription& announced, const std::string& name,
                                std::size_t most) {
        if (!trusted.empty() && checked<Content>(trusted, announced, name)) return trusted;
        return fetch(name, most_of(announced, most));
    }

    /// 5.5
    Result<void> update_snapshot() {
        const std::string name = metadata_name(timestamp_.snapshot.version, "snapshot.json");
        auto content = current<Snapshot>(trusted_.snapshot, timestamp_.snapshot, name, kMostSnapshot);
        if (!content) return unexpected(content.error());
        auto fresh = checked<Snapshot>(*content, timestamp_.snapshot, name);
        if (!fresh) return unexpected(fresh.error());
        if (!trusted_.snapshot.empty()) {
            const auto known = parse_metadata<Snapshot>(trusted_.snapshot, "the trusted snapshot");
            if (!known) return unexpected(known.error());
            for (const auto& [file, description] : known->content.files) {
                const auto now = fresh->content.files.find(file);
                const std::uint64_t version = now == fresh->content.files.end() ? 0 : now->second.version;
                if (version < description.version)
                    return rolled_back(text::escape(file, 256) + " in " + name, version, description.version);
            }
        }
        if (auto lives = check_end(fresh->content, now_, name); !lives) return lives;
        trusted_.snapshot = std::move(*content);
        snapshot_ = std::move(fresh->content);
        return {};
    }

    /// 5.6
    Result<void> update_targets() {
        const FileDescription& announced = snapshot_.files.at(std::string(kTargetsFile));
        const std::string name = metadata_name(announced.version, kTargetsFile);
        auto content = current<Targets>(trusted_.targets, announced, name, kMostTargets);
        if (!content) return unexpected(content.error());
        auto fresh = checked<Targets>(*content, announced, name);
        if (!fresh) return unexpected(fresh.error());
        if (auto lives = check_end(fresh->content, now_, name); !lives) return lives;
        trusted_.targets = std::move(*content);
        targets_ = std::move(fresh->content);
        return {};
    }

    Result<std::string> fetch_file(const std::string& name, const FileDescription& description) {
        if (const auto known = trusted_.accepted.files.find(name);
            known != trusted_.accepted.files.end() &&
            check_content(description, known->second, Refusal::kWrongContent, name))
            return known->second;
        if (description.length.value_or(0) > kMostTargetFile) {
            return refused(Refusal::kTooLarge, "fetching " + text::escape(name, 300),
                           "it has more than " + std::to_string(kMostTargetFile) + " octets, which no policy has");
        }
        const auto& [kind, hash] = *description.hashes.begin();
        const std::string file =
            "targets/" + (root_.consistent_snapshot ? basename_with(text::hex(hash) + ".", name) : name);
        auto content = fetch(file, most_of(description, kMostTargetFile));
        if (!content) return content;
        if (auto is_it = check_content(description, *content, Refusal::kWrongContent, file); !is_it)
            return unexpected(is_it.error());
        if (auto is_usable = check_(name, *content); !is_usable) return unexpected(is_usable.error());
        return content;
    }

    /// 5.7: the one that was asked for, and those that others of this machine use.
    Result<void> fetch_files() {
        std::map<std::string, std::string> files;
        std::vector<std::string> names;
        if (!name_.empty()) names.push_back(name_);
        for (const auto& [name, content] : trusted_.accepted.files) {
            if (name != name_) names.push_back(name);
        }
        for (const std::string& name : names) {
            const auto found = targets_.targets.find(name);
            if (found == targets_.targets.end() && name != name_) continue;
            if (found == targets_.targets.end()) return has_no_target();
            auto content = fetch_file(name, found->second);
            if (!content) return unexpected(content.error());
            files.emplace(name, std::move(*content));
        }
        trusted_.accepted = {trusted_.timestamp, trusted_.snapshot, trusted_.targets, std::move(files)};
        return {};
    }

    [[nodiscard]] Result<void> has_no_target() const {
        std::string names;
        for (const auto& [name, description] : targets_.targets) {
            if (names.size() < 200) names += (names.empty() ? "" : ", ") + text::escape(name, 64);
        }
        return refused(Refusal::kNoTarget, "looking for " + text::escape(name_, 256) + " in the bundle",
                       targets_.has_delegations
                           ? "its own list of targets lacks it; it has delegated roles, which cotter doesn't follow"
                           : "it isn't there",
                       names.empty() ? "ask the bundle's owner" : "there are: " + names);
    }

    Trusted trusted_;
    Repository& repository_;
    const std::string& name_;
    const CheckTarget& check_;
    x509::Time now_;
    Root root_;
    Timestamp timestamp_;
    Snapshot snapshot_;
    Targets targets_;
};

template <class Content>
Result<Content> standing(const std::string& text, const Root& root, const FileDescription* announced,
                         std::string_view what) {
    auto file = parse_metadata<Content>(text, what);
    if (!file) return unexpected(file.error());
    if (auto is_signed = check_signatures(root, *file, what); !is_signed) return unexpected(is_signed.error());
    if (announced != nullptr) {
        if (auto is_it = check_content(*announced, text, Refusal::kMixed, what); !is_it)
            return unexpected(is_it.error());
        if (file->content.version != announced->version)
            return refused(Refusal::kMixed, "checking " + std::string(what), "it is of another version than announced");
    }
    return std::move(file->content);
}

}  // namespace

Result<Trusted> begin_with(std::string root) {
    const auto parsed = parse_metadata<Root>(root, "the first root");
    if (!parsed) return unexpected(parsed.error());
    if (auto is_signed = check_signatures(parsed->content, *parsed, "the first root"); !is_signed)
        return unexpected(is_signed.error());
    return Trusted{.root = std::move(root), .timestamp = {}, .snapshot = {}, .targets = {}, .accepted = {}};
}

Update update(Trusted before, Repository& repository, const std::string& name, const CheckTarget& check,
              x509::Time now) {
    return Workflow(std::move(before), repository, name, check, now).run();
}

Result<InUse> in_use(const Trusted& trusted, x509::Time now) {
    if (trusted.accepted.timestamp.empty()) {
        return failed("bundle_never_fetched", "using the bundle", "nothing of it was ever fetched and found good",
                      "check its address, and the network");
    }
    const auto root = parse_metadata<Root>(trusted.root, "the trusted root");
    if (!root) return unexpected(root.error());
    const Accepted& accepted = trusted.accepted;
    const auto timestamp = standing<Timestamp>(accepted.timestamp, root->content, nullptr, "the kept timestamp");
    if (!timestamp) return unexpected(timestamp.error());
    const auto snapshot =
        standing<Snapshot>(accepted.snapshot, root->content, &timestamp->snapshot, "the kept snapshot");
    if (!snapshot) return unexpected(snapshot.error());
    const auto targets = standing<Targets>(accepted.targets, root->content,
                                           &snapshot->files.at(std::string(kTargetsFile)), "the kept targets");
    if (!targets) return unexpected(targets.error());
    const auto check_all = [&]() -> Result<void> {
        for (const Dated* file :
             std::initializer_list<const Dated*>{&root->content, &*timestamp, &*snapshot, &*targets}) {
            if (auto lives = check_end(*file, now, "what is kept of the bundle"); !lives) return lives;
        }
        for (const auto& [name, content] : accepted.files) {
            const auto found = targets->targets.find(name);
            if (found == targets->targets.end()) {
                return refused(Refusal::kWrongContent, "checking the kept " + text::escape(name, 256),
                               "nobody has signed for it");
            }
            if (auto is_it = check_content(found->second, content, Refusal::kWrongContent, name); !is_it) return is_it;
        }
        return {};
    };
    if (auto all = check_all(); !all) return unexpected(all.error());
    return InUse{{root->content.version, timestamp->version, snapshot->version, targets->version},
                 std::min({root->content.expires, timestamp->expires, snapshot->expires, targets->expires}),
                 accepted.files,
                 targets->has_delegations};
}

}  // namespace cotter::bundle
