// Asking and changing what is remembered.
#include "evidence/peer_list.h"

#include "text/escape.h"

#include <algorithm>
#include <utility>

namespace cotter::evidence {
namespace {

constexpr std::chrono::hours kNotedAfter{24};

std::string line_number(std::size_t index) {
    return "line " + std::to_string(index + 1);
}

std::string unknown_mark(const std::vector<PeerLine>& lines, const PeerLine& line) {
    return line_number(static_cast<std::size_t>(&line - lines.data())) + " has the mark " + line.foreign()->mark +
           ", which this version doesn't know, and may be about it";
}

/// Joins what somebody reads, the first few of many.
std::string listed(const std::vector<std::string>& sentences) {
    constexpr std::size_t kMostListed = 5;
    std::string text;
    for (std::size_t i = 0; i < std::min(sentences.size(), kMostListed); ++i)
        text += (i == 0 ? "" : "; ") + sentences[i];
    return sentences.size() > kMostListed ? text + "; and " + std::to_string(sentences.size() - kMostListed) + " more"
                                          : text;
}

}  // namespace

Sighting sighting_of(const std::vector<x509::Certificate>& presented, trust::Time now) {
    return {*presented.front().pin(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256),
            trust::sight_of(presented, now)};
}

Result<PeerList> PeerList::parse(std::string_view text, std::string_view source) {
    PeerList list;
    list.source_ = text::escape(source);
    const auto bad = [&](std::string why) {
        const std::string number = line_number(list.lines_.size());
        return failed("known_peers_line", "reading " + list.source_, number + " " + std::move(why),
                      "mend or remove " + number + "; nothing of the file counts until then");
    };
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        if (end == std::string_view::npos) return bad("is torn: it has no end");
        auto line = PeerLine::parse(text.substr(0, end));
        if (!line) return bad("can't be understood");
        list.lines_.push_back(std::move(*line));
        text.remove_prefix(end + 1);
    }
    return list;
}

std::string PeerList::text() const {
    std::string text;
    for (const PeerLine& line : lines_) text += line.text() + "\n";
    return text;
}

const PeerLine* PeerList::foreign_about(const HostPort& peer, const Pin* pin, const x509::Certificate* leaf) const {
    const auto found = std::ranges::find_if(lines_, [&](const PeerLine& line) {
        const ForeignMark* foreign = line.foreign();
        return foreign != nullptr && (foreign->name.covers(peer) || (pin != nullptr && foreign->pin == *pin) ||
                                      (leaf != nullptr && leaf->matches(foreign->pin)));
    });
    return found == lines_.end() ? nullptr : &*found;
}

bool PeerList::has_revoked(const Pin& pin) const {
    return std::ranges::any_of(lines_, [&](const PeerLine& line) {
        return line.entry() != nullptr && line.entry()->is_revoked && line.entry()->pin == pin;
    });
}

trust::Continuity PeerList::ask(const HostPort& peer, const x509::Certificate& leaf) const {
    trust::Continuity continuity;
    if (const PeerLine* foreign = foreign_about(peer, nullptr, &leaf)) {
        continuity.state = trust::ContinuityState::kError;
        continuity.detail = source_ + ": " + unknown_mark(lines_, *foreign);
        return continuity;
    }
    continuity.state = trust::ContinuityState::kUnknown;
    for (const PeerLine& line : lines_) {
        const PeerEntry* entry = line.entry();
        if (entry == nullptr) continue;
        const bool is_its_key = leaf.matches(entry->pin);
        if (entry->is_revoked) {
            // A key that somebody else holds is no better at another host.
            if (is_its_key) return {.state = trust::ContinuityState::kRevoked, .remembered = {entry->pin}};
            continue;
        }
        if (continuity.state == trust::ContinuityState::kMatch || !entry->name.covers(peer)) continue;
        if (is_its_key) {
            continuity = {.state = trust::ContinuityState::kMatch,
                          .remembered = {entry->pin},
                          .first_seen = entry->first_seen,
                          .last_seen = entry->last_seen,
                          .sight = entry->sight};
            continue;
        }
        continuity.state = trust::ContinuityState::kChanged;
        continuity.remembered.push_back(entry->pin);
        continuity.first_seen = std::min(continuity.first_seen.value_or(entry->first_seen), entry->first_seen);
        if (!continuity.last_seen || *continuity.last_seen < entry->last_seen) {
            continuity.last_seen = entry->last_seen;
            continuity.sight = entry->sight;
        }
    }
    return continuity;
}

Result<std::vector<Pin>> PeerList::pins_of(const HostPort& peer) const {
    if (const PeerLine* foreign = foreign_about(peer, nullptr, nullptr)) {
        return failed("known_peers_mark", "reading " + source_, unknown_mark(lines_, *foreign),
                      "use the version of cotter that wrote it");
    }
    std::vector<Pin> pins;
    for (const PeerLine& line : lines_) {
        const PeerEntry* entry = line.entry();
        if (entry != nullptr && !entry->is_revoked && entry->name.covers(peer)) pins.push_back(entry->pin);
    }
    return pins;
}

PeerName PeerList::name_of(const HostPort& peer, const NewNames& names) const {
    const bool are_hashed = names.are_hashed || std::ranges::any_of(lines_, [](const PeerLine& line) {
                                return line.entry() != nullptr && line.entry()->name.is_hashed();
                            });
    return are_hashed ? PeerName::hashed(peer, names.draw_salt()) : PeerName(peer);
}

Result<bool> PeerList::remember(const HostPort& peer, const Sighting& seen, trust::Time now, const NewNames& names,
                                bool additional) {
    const std::string what = "remembering the key of " + peer.to_string();
    if (const PeerLine* foreign = foreign_about(peer, &seen.pin, nullptr)) {
        return failed("known_peers_mark", what, source_ + ": " + unknown_mark(lines_, *foreign),
                      "use the version of cotter that wrote it");
    }
    if (has_revoked(seen.pin)) {
        return failed("peer_revoked", what, "it is marked as revoked in " + source_,
                      "ask the server's owner for the new key");
    }
    bool is_known = false;
    for (PeerLine& line : lines_) {
        const PeerEntry* entry = line.entry();
        if (entry == nullptr || entry->is_revoked || !entry->name.covers(peer)) continue;
        if (entry->pin == seen.pin && entry->follows && additional) {
            // What somebody vouches for needs no announcement any more.
            PeerEntry vouched = *entry;
            vouched.follows.reset();
            line = PeerLine::of(std::move(vouched));
            return true;
        }
        if (entry->pin == seen.pin) return false;
        is_known = true;
    }
    if (is_known && !additional) {
        return failed("peer_changed", what, "another key is remembered for it",
                      "if the owner confirms the change: cotter peers forget HOST:PORT");
    }
    lines_.push_back(PeerLine::of({false, name_of(peer, names), seen.pin, now, now, seen.sight, {}}));
    return true;
}

Result<bool> PeerList::replace(const HostPort& peer, const std::vector<Pin>& former, const Sighting& seen,
                               trust::Time now, const NewNames& names) {
    PeerList without = *this;
    const auto is_former = [&](const PeerLine& line) {
        const PeerEntry* entry = line.entry();
        return entry != nullptr && !entry->is_revoked && entry->name.covers(peer) && entry->pin != seen.pin &&
               std::ranges::find(former, entry->pin) != former.end();
    };
    const bool has_removed = std::erase_if(without.lines_, is_former) > 0;
    const auto added = without.remember(peer, seen, now, names);
    if (!added) return added;
    lines_ = std::move(without.lines_);
    return has_removed || *added;
}

PeerList::Noted PeerList::note_seen(const HostPort& peer, const std::vector<x509::Certificate>& presented,
                                    trust::Time now) {
    const auto is_meant = [&](const PeerLine& line) {
        const PeerEntry* entry = line.entry();
        return entry != nullptr && !entry->is_revoked && entry->name.covers(peer) &&
               presented.front().matches(entry->pin);
    };
    const auto is_due = [&](const PeerLine& line) {
        return is_meant(line) && (now - line.entry()->last_seen >= kNotedAfter || !line.entry()->sight.not_after ||
                                  line.entry()->follows);
    };
    const auto found = std::ranges::find_if(lines_, is_due);
    if (found == lines_.end()) return Noted::kNothing;
    // The announcing key may stand there in two spellings, and each is followed.
    std::vector<Pin> former;
    for (const PeerLine& line : lines_) {
        if (is_meant(line) && line.entry()->follows) former.push_back(*line.entry()->follows);
    }
    PeerEntry noted = *found->entry();
    noted.last_seen = std::max(noted.last_seen, now);
    noted.sight = trust::sight_of(presented, now);
    noted.follows.reset();
    *found = PeerLine::of(std::move(noted));
    if (former.empty()) return Noted::kSeen;
    const auto is_former = [&](const Pin& pin) { return std::ranges::find(former, pin) != former.end(); };
    std::erase_if(lines_, [&](const PeerLine& line) {
        const PeerEntry* entry = line.entry();
        return entry != nullptr && !entry->is_revoked && entry->name.covers(peer) &&
               (is_former(entry->pin) || (entry->follows && is_former(*entry->follows)));
    });
    return Noted::kSucceeded;
}

Result<bool> PeerList::expect(const HostPort& peer, const x509::Certificate& presented, const Pin& next,
                              trust::Time now) {
    const std::string what = "remembering the next key of " + peer.to_string();
    if (const PeerLine* foreign = foreign_about(peer, &next, &presented)) {
        return failed("known_peers_mark", what, source_ + ": " + unknown_mark(lines_, *foreign),
                      "use the version of cotter that wrote it");
    }
    if (has_revoked(next)) {
        return failed("peer_revoked", what, "the key " + next.abbreviated() + " is marked as revoked in " + source_,
                      "ask the server's owner, by another way, what key it will have");
    }
    bool is_known_here = false;
    std::vector<PeerLine> added;
    for (const PeerLine& line : lines_) {
        const PeerEntry* entry = line.entry();
        if (entry == nullptr || entry->is_revoked || entry->follows || !presented.matches(entry->pin)) continue;
        is_known_here = is_known_here || entry->name.covers(peer);
        const bool is_expected = std::ranges::any_of(lines_, [&](const PeerLine& other) {
            const PeerEntry* known = other.entry();
            return known != nullptr && !known->is_revoked && known->pin == next && known->name == entry->name &&
                   (!known->follows || *known->follows == entry->pin);
        });
        if (!is_expected) added.push_back(PeerLine::of({false, entry->name, next, now, now, {}, {}, entry->pin}));
    }
    if (!is_known_here) {
        return failed("peer_unknown", what, "the key that announces it is not remembered for it",
                      "cotter peers list shows what is");
    }
    const std::size_t forgotten = std::erase_if(lines_, [&](const PeerLine& line) {
        const PeerEntry* entry = line.entry();
        return entry != nullptr && entry->follows && presented.matches(*entry->follows) && entry->pin != next;
    });
    lines_.insert(lines_.end(), added.begin(), added.end());
    return !added.empty() || forgotten != 0;
}

bool PeerList::expect_none(const HostPort& peer, const x509::Certificate& presented) {
    return std::erase_if(lines_, [&](const PeerLine& line) {
               const PeerEntry* entry = line.entry();
               return entry != nullptr && entry->follows && entry->name.covers(peer) &&
                      presented.matches(*entry->follows);
           }) != 0;
}

PeerList::Forgotten PeerList::forget(const HostPort& peer, const Pin* only) {
    Forgotten forgotten;
    for (const PeerLine& line : lines_) {
        const PeerName* name = line.entry() != nullptr     ? &line.entry()->name
                               : line.foreign() != nullptr ? &line.foreign()->name
                                                           : nullptr;
        const bool is_mark = line.foreign() != nullptr || (line.entry() != nullptr && line.entry()->is_revoked);
        if (is_mark && !name->is_everyone() && name->covers(peer)) ++forgotten.kept_marks;
    }
    forgotten.removed = std::erase_if(lines_, [&](const PeerLine& line) {
        const PeerEntry* entry = line.entry();
        return entry != nullptr && !entry->is_revoked && entry->name.covers(peer) &&
               (only == nullptr || entry->pin == *only);
    });
    return forgotten;
}

bool PeerList::revoke(const Pin& pin, trust::Time now, std::string_view comment) {
    if (has_revoked(pin)) return false;
    lines_.push_back(PeerLine::of({true,
                                   PeerName::everyone(),
                                   pin,
                                   now,
                                   now,
                                   {},
                                   comment.empty() ? std::string() : "# " + std::string(comment)}));
    return true;
}

bool PeerList::has(const PeerEntry& entry) const {
    return std::ranges::any_of(lines_, [&](const PeerLine& line) {
        const PeerEntry* own = line.entry();
        if (own == nullptr || own->pin != entry.pin || own->is_revoked != entry.is_revoked) return false;
        const HostPort* peer = entry.name.in_clear();
        return entry.is_revoked || own->name == entry.name || (peer != nullptr && own->name.covers(*peer));
    });
}

/// Why an entry of another list can't be added; empty: it can.
std::string PeerList::obstacle_to(const PeerEntry& entry) const {
    if (entry.is_revoked) return "";
    const HostPort* peer = entry.name.in_clear();
    const std::string key = entry.pin.abbreviated() + " for " + (peer != nullptr ? peer->to_string() : "a hashed name");
    if (has_revoked(entry.pin)) return key + ": the key is marked as revoked here";
    for (const PeerLine& line : lines_) {
        if (const ForeignMark* foreign = line.foreign()) {
            const bool may_be_about = foreign->pin == entry.pin || peer == nullptr || foreign->name.covers(*peer);
            if (may_be_about) return key + ": " + unknown_mark(lines_, line);
        }
        const PeerEntry* own = line.entry();
        if (own == nullptr || own->is_revoked || own->pin == entry.pin) continue;
        const HostPort* own_peer = own->name.in_clear();
        if (peer == nullptr && own_peer == nullptr && own->name != entry.name) {
            return key + ": it can't be compared with the hashed names here";
        }
        const bool is_the_same = peer != nullptr       ? own->name.covers(*peer)
                                 : own_peer != nullptr ? entry.name.covers(*own_peer)
                                                       : own->name == entry.name;
        if (is_the_same) return key + ": another key is remembered for it, " + own->pin.abbreviated();
    }
    return "";
}

Result<PeerList::Imported> PeerList::import(std::span<const PeerEntry> entries, const NewNames& names) {
    Imported imported;
    std::vector<std::string> obstacles;
    std::vector<PeerLine> added;
    for (const PeerEntry& entry : entries) {
        if (has(entry)) {
            ++imported.known_already;
            continue;
        }
        if (std::string obstacle = obstacle_to(entry); !obstacle.empty()) {
            obstacles.push_back(std::move(obstacle));
            continue;
        }
        PeerEntry own = entry;
        if (const HostPort* peer = entry.name.in_clear()) own.name = name_of(*peer, names);
        added.push_back(PeerLine::of(std::move(own)));
        ++imported.added;
        imported.revoked += entry.is_revoked ? 1U : 0U;
    }
    if (!obstacles.empty()) {
        return failed("import_conflict", "importing into " + source_, listed(obstacles),
                      "nothing was imported: ask the owners which keys are right, and forget the wrong ones");
    }
    lines_.insert(lines_.end(), added.begin(), added.end());
    return imported;
}

}  // namespace cotter::evidence
