// cotter bundle show: an owner's bundle, or what a client keeps of those it uses.
#include "bundle/published_folder.h"
#include "bundle/verification.h"
#include "cli/bundle.h"
#include "cli/bundle_choice.h"
#include "cli/print.h"
#include "cli/report.h"
#include "service/wall_clock.h"
#include "text/escape.h"
#include "text/time.h"

#include <nlohmann/json.hpp>

#include <iostream>

namespace cotter::cli {
namespace {

using bundle::Role;
using Json = nlohmann::ordered_json;

constexpr std::size_t kShownId = 16;

std::string when(x509::Time time, x509::Time now) {
    return text::rfc3339(time) + " (" + text::relative(time, now) + ")";
}

/// What stands published or staged of one role.
struct Standing {
    std::uint64_t version = 0;
    x509::Time expires{};
    std::size_t signatures = 0;
    bool is_staged = false;
};

struct OwnersView {
    bundle::Root root;
    std::map<Role, Standing> published;
    std::map<Role, Standing> staged;
    std::vector<std::string> targets;
};

template <class Content>
Result<void> add_standing(const bundle::Root& root, const Result<std::optional<bundle::MetadataFile<Content>>>& file,
                          std::map<Role, Standing>& into) {
    if (!file) return unexpected(file.error());
    if (!*file) return {};
    const bundle::Signed<Content>& found = (*file)->file;
    into.emplace(Content::kRole,
                 Standing{found.content.version, found.content.expires,
                          bundle::signers(root, Content::kRole, found.canonical, found.signatures).size()});
    return {};
}

Result<OwnersView> look(const std::string& path) {
    const bundle::PublishedFolder folder(path);
    const auto root = folder.root();
    const auto staged = folder.staged<bundle::Root>();
    if (!root) return unexpected(root.error());
    if (!staged) return unexpected(staged.error());
    if (!*root && !*staged) {
        return failed("bundle_none", "opening the bundle " + text::escape(path), "there is none",
                      "cotter bundle init DIR --keys KEYS begins one");
    }
    OwnersView view{*root ? (*root)->file.content : (*staged)->file.content, {}, {}, {}};
    if (auto done = add_standing(view.root, root, view.published); !done) return unexpected(done.error());
    if (auto done = add_standing(view.root, staged, view.staged); !done) return unexpected(done.error());
    if (auto done = add_standing(view.root, folder.timestamp(), view.published); !done) return unexpected(done.error());
    if (auto done = add_standing(view.root, folder.snapshot(), view.published); !done) return unexpected(done.error());
    const auto targets = folder.targets();
    if (auto done = add_standing(view.root, targets, view.published); !done) return unexpected(done.error());
    if (auto done = add_standing(view.root, folder.staged<bundle::Targets>(), view.staged); !done)
        return unexpected(done.error());
    if (targets && *targets) {
        for (const auto& [name, description] : (*targets)->file.content.targets) view.targets.push_back(name);
    }
    return view;
}

Json standing_json(const std::map<Role, Standing>& all, Role role) {
    const auto found = all.find(role);
    if (found == all.end()) return nullptr;
    return {{"version", found->second.version},
            {"expires", text::rfc3339(found->second.expires)},
            {"signatures", found->second.signatures}};
}

void print_role(const OwnersView& view, Role role, x509::Time now) {
    const bundle::RoleKeys& keys = view.root.roles.at(role);
    std::cout << bundle::text_of(role) << ": " << keys.threshold << " of " << count_text(keys.key_ids.size(), "key");
    if (const auto found = view.published.find(role); found != view.published.end()) {
        std::cout << ", version " << found->second.version << ", until " << when(found->second.expires, now);
        if (found->second.signatures < keys.threshold) std::cout << "; NOT SIGNED by enough of them";
    } else {
        std::cout << ", nothing published";
    }
    std::cout << "\n";
    for (const std::string& id : keys.key_ids) {
        const auto& key = view.root.keys.at(id).public_key();
        std::cout << "  " << text::escape(id.substr(0, kShownId), 64) << "  "
                  << (key ? key->description() : "a kind that this cotter doesn't know") << "\n";
    }
    if (const auto found = view.staged.find(role); found != view.staged.end()) {
        std::cout << "  version " << found->second.version << " waits: " << found->second.signatures << " of "
                  << keys.threshold << " have signed\n";
    }
}

int show_owner(const Invocation& invocation, const std::string& path) {
    const auto view = look(path);
    if (!view) return report(invocation, view.error());
    if (!invocation.json) {
        const x509::Time now = service::wall_clock_now();
        for (const Role role : bundle::kRoles) print_role(*view, role, now);
        for (const std::string& name : view->targets) std::cout << "policy: " << text::escape(name, 256) << "\n";
        return kDone;
    }
    Json document{{"bundle", path}, {"roles", Json::object()}, {"targets", view->targets}};
    for (const Role role : bundle::kRoles) {
        const bundle::RoleKeys& keys = view->root.roles.at(role);
        document["roles"][std::string(bundle::text_of(role))] = {{"threshold", keys.threshold},
                                                                 {"keys", keys.key_ids},
                                                                 {"published", standing_json(view->published, role)},
                                                                 {"staged", standing_json(view->staged, role)}};
    }
    print_document(document);
    return kDone;
}

int show_kept(const Invocation& invocation) {
    const auto state = invocation.open_state();
    if (!state) return report(invocation, state.error());
    const auto all = bundle::TrustedState::all_in(bundle_folder(*state));
    if (!all) return report(invocation, all.error());
    const x509::Time now = service::wall_clock_now();
    Json document{{"bundles", Json::array()}};
    for (const bundle::Kept& kept : *all) {
        const auto used = bundle::in_use(kept.trusted, now);
        Json one{{"location", kept.location}, {"usable", used.has_value()}};
        if (kept.checked) {
            one["checked"] = text::rfc3339(*kept.checked);
            one["age_seconds"] = std::max<std::int64_t>(0, (now - *kept.checked).count());
        }
        std::string line = text::escape(kept.location, 300) + ": ";
        if (used) {
            one["until"] = text::rfc3339(used->until);
            one["versions"] = {{"root", used->versions.root},
                               {"timestamp", used->versions.timestamp},
                               {"snapshot", used->versions.snapshot},
                               {"targets", used->versions.targets}};
            one["targets"] = Json::array();
            for (const auto& [name, content] : used->files) one["targets"].push_back(name);
            line += "targets version " + std::to_string(used->versions.targets) + ", until " + when(used->until, now);
        } else {
            one["error"] = {{"code", used.error().code}, {"message", used.error().what + ": " + used.error().why}};
            line += "NOT USABLE: " + used.error().why;
        }
        if (kept.checked) line += "; last asked " + text::relative(*kept.checked, now);
        document["bundles"].push_back(std::move(one));
        if (!invocation.json) std::cout << line << "\n";
    }
    if (invocation.json) print_document(document);
    if (all->empty() && !invocation.json) std::cout << "no bundle is kept here\n";
    return kDone;
}

}  // namespace

int run_bundle_show(const Invocation& invocation, const BundleOptions& options) {
    return options.folder.empty() ? show_kept(invocation) : show_owner(invocation, options.folder);
}

}  // namespace cotter::cli
