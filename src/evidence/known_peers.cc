// The known_peers file, read and rewritten whole.
#include "evidence/known_peers.h"

#include "files/files.h"
#include "x509/openssl.h"

#include <openssl/rand.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <iterator>

namespace cotter::evidence {
namespace {

// A name hashed without a salt of its own would be no better than one in clear.
PeerName::Salt random_salt() {
    PeerName::Salt salt{};
    if (RAND_bytes(x509::octets(std::span<std::byte>(salt)), static_cast<int>(salt.size())) != 1) std::terminate();
    return salt;
}

}  // namespace

KnownPeers::KnownPeers(std::filesystem::path path, HostNames names)
    : path_(std::move(path)), names_{names == HostNames::kHashed, random_salt} {}

Result<PeerList> KnownPeers::read() const {
    struct stat status{};
    if (::lstat(path_.c_str(), &status) != 0 && errno == ENOENT) return PeerList::parse("", path_.string());
    const auto content = files::read_private(path_);
    if (!content) return unexpected(content.error());
    std::string text;
    std::ranges::transform(*content, std::back_inserter(text),
                           [](std::byte octet) { return static_cast<char>(octet); });
    return PeerList::parse(text, path_.string());
}

trust::Continuity KnownPeers::ask(const HostPort& peer, const x509::Certificate& leaf) const {
    const auto list = read();
    if (list) return list->ask(peer, leaf);
    trust::Continuity continuity;
    continuity.state = trust::ContinuityState::kError;
    continuity.detail = list.error().what + ": " + list.error().why;
    return continuity;
}

Result<std::vector<Pin>> KnownPeers::pins_of(const HostPort& peer) const {
    const auto list = read();
    if (!list) return unexpected(list.error());
    return list->pins_of(peer);
}

Result<void> KnownPeers::remember(const HostPort& peer, const Sighting& seen, trust::Time now) const {
    return update([&](PeerList& list, const NewNames& names) { return list.remember(peer, seen, now, names); });
}

Result<void> KnownPeers::replace(const HostPort& peer, const std::vector<Pin>& former, const Sighting& seen,
                                 trust::Time now) const {
    return update([&](PeerList& list, const NewNames& names) { return list.replace(peer, former, seen, now, names); });
}

/// Mostly there is nothing to change, and looking needs no lock.
Result<bool> KnownPeers::update_if_due(const Change& change) const {
    bool is_due = false;
    const Change noting = [&](PeerList& list, const NewNames& names) {
        auto changed = change(list, names);
        is_due = changed && *changed;
        return changed;
    };
    if (auto looked = rehearse(noting); !looked) return unexpected(looked.error());
    if (!is_due) return false;
    if (auto updated = update(noting); !updated) return unexpected(updated.error());
    return is_due;
}

Result<PeerList::Noted> KnownPeers::note_seen(const HostPort& peer, const std::vector<x509::Certificate>& presented,
                                              trust::Time now) const {
    auto noted = PeerList::Noted::kNothing;
    const auto updated = update_if_due([&](PeerList& list, const NewNames&) -> Result<bool> {
        noted = list.note_seen(peer, presented, now);
        return noted != PeerList::Noted::kNothing;
    });
    if (updated) return noted;
    if (noted == PeerList::Noted::kSucceeded) return unexpected(updated.error());
    return PeerList::Noted::kNothing;
}

Result<bool> KnownPeers::expect(const HostPort& peer, const x509::Certificate& presented, const Pin& next,
                                trust::Time now) const {
    return update_if_due([&](PeerList& list, const NewNames&) { return list.expect(peer, presented, next, now); });
}

Result<bool> KnownPeers::expect_none(const HostPort& peer, const x509::Certificate& presented) const {
    return update_if_due(
        [&](PeerList& list, const NewNames&) -> Result<bool> { return list.expect_none(peer, presented); });
}

Result<void> KnownPeers::update(const Change& change) const {
    const auto lock = files::Lock::take(path_.string() + ".lock");
    if (!lock) return unexpected(lock.error());
    auto list = read();
    if (!list) return unexpected(list.error());
    const auto has_changed = change(*list, names_);
    if (!has_changed) return unexpected(has_changed.error());
    if (!*has_changed) return {};
    return files::write_private(path_, x509::as_bytes(list->text()), files::Replace::kExisting);
}

Result<void> KnownPeers::rehearse(const Change& change) const {
    auto list = read();
    if (!list) return unexpected(list.error());
    const auto has_changed = change(*list, names_);
    if (!has_changed) return unexpected(has_changed.error());
    return {};
}

}  // namespace cotter::evidence
