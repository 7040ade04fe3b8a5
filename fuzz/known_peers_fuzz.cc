// known_peers: any text is refused readably, or is read and printed to the octet; and whatever changes, every other
// line stays as it was, and what comes out can be read again.
#include "check.h"

#include "evidence/peer_list.h"

using cotter::Pin;
using cotter::evidence::NewNames;
using cotter::evidence::PeerEntry;
using cotter::evidence::PeerLine;
using cotter::evidence::PeerList;
using cotter::evidence::PeerName;
using cotter::fuzz::promise;

namespace {

const std::chrono::sys_seconds kNow{std::chrono::sys_days{std::chrono::year{2026} / 11 / 24}};
const NewNames kNames{false, [] { return PeerName::Salt{}; }};

PeerList read_again(const PeerList& list) {
    auto again = PeerList::parse(list.text(), "known_peers");
    promise(again && again->text() == list.text());
    return std::move(*again);
}

/// Every line of `after` stands in `before`, in the same order.
void promise_only_taken_away(const PeerList& before, const PeerList& after) {
    std::size_t next = 0;
    for (const PeerLine& line : after.lines()) {
        while (next < before.lines().size() && before.lines()[next].text() != line.text()) ++next;
        promise(next < before.lines().size());
        ++next;
    }
}

void change(const PeerList& list, const cotter::HostPort& peer, const Pin& pin) {
    PeerList changed = list;
    const auto added = changed.remember(peer, {pin}, kNow, kNames, true);
    if (added) {
        promise(changed.text().starts_with(list.text()));
        promise(changed.lines().size() == list.lines().size() + (*added ? 1U : 0U));
        const auto pins = read_again(changed).pins_of(peer);
        promise(pins && std::ranges::find(*pins, pin) != pins->end());
    } else {
        cotter::fuzz::promise_readable(added.error());
        promise(changed.text() == list.text());
    }
    static_cast<void>(changed.revoke(pin, kNow, "why"));
    promise(changed.text().starts_with(list.text()));
    promise(!read_again(changed).remember(peer, {pin}, kNow, kNames, true));

    PeerList forgotten = list;
    const auto outcome = forgotten.forget(peer);
    promise(forgotten.lines().size() + outcome.removed == list.lines().size());
    promise_only_taken_away(list, forgotten);
    const auto left = read_again(forgotten).pins_of(peer);
    promise(!left || left->empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text = cotter::fuzz::text_of(data, size);
    const auto list = PeerList::parse(text, "known_peers");
    if (!list) {
        cotter::fuzz::promise_readable(list.error());
        return 0;
    }
    promise(list->text() == text);
    static const Pin kPin = *Pin::parse("sha256/FCvSuiYP5lr1VLJ5UCINrhKBDUldEwpqIoOur0gPiH4=");
    std::vector<PeerEntry> entries;
    for (const PeerLine& line : list->lines()) {
        const PeerEntry* entry = line.entry();
        if (entry == nullptr) continue;
        const auto again = PeerLine::parse(PeerLine::of(*entry).text());
        promise(again && again->entry() != nullptr && *again->entry() == *entry);
        entries.push_back(*entry);
        if (const auto* peer = entry->name.in_clear(); peer != nullptr && entries.size() <= 4) {
            change(*list, *peer, kPin);
            change(*list, *peer, entry->pin);
        }
    }
    change(*list, *cotter::HostPort::parse("db.example:5432"), kPin);
    PeerList imported = *list;
    const auto outcome = imported.import(entries, kNames);
    promise(outcome && outcome->added == 0 && imported.text() == text);
    return 0;
}
