// What is remembered, in memory: questions, changes, and that a change leaves every other line alone.
#include "evidence/peer_list.h"

#include "x509/testing/mint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cotter::evidence {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;
using trust::ContinuityState;
using x509::testing::kMintNow;
using x509::testing::mint;
using x509::testing::Minted;

Pin spki(const Minted& minted) {
    return *minted.certificate().pin(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256);
}

HostPort at(std::string_view text) {
    return *HostPort::parse(text);
}

std::string line(std::string_view name, const Minted& of) {
    return std::string(name) + " " + spki(of).to_string() + " 2026-10-01T00:00:00Z 2026-11-01T00:00:00Z\n";
}

PeerList list_of(std::string_view text) {
    auto list = PeerList::parse(text, "known_peers");
    EXPECT_TRUE(list) << text;
    return *list;
}

/// Salts that differ from one to the next.
NewNames names(bool are_hashed = false) {
    return {are_hashed, [next = std::uint8_t{0}]() mutable {
                PeerName::Salt salt{};
                salt.fill(std::byte{++next});
                return salt;
            }};
}

std::string hashed(std::string_view peer, std::uint8_t salt = 200) {
    PeerName::Salt octets{};
    octets.fill(std::byte{salt});
    return PeerName::hashed(at(peer), octets).to_string();
}

struct Keys {
    Minted db = mint().leaf("db.example");
    Minted other = mint().leaf("other.example");
    Minted third = mint().leaf("third.example");
};
const Keys& keys() {
    static const Keys made;
    return made;
}

TEST(PeerList, HashedNamesMatchAsThoseInClear) {
    const PeerList list = list_of(line(hashed("db.example:1"), keys().db));
    EXPECT_EQ(list.ask(at("db.example:1"), keys().db.certificate()).state, ContinuityState::kMatch);
    EXPECT_EQ(list.ask(at("db.example:1"), keys().other.certificate()).state, ContinuityState::kChanged);
    EXPECT_EQ(list.ask(at("db.example:2"), keys().db.certificate()).state, ContinuityState::kUnknown);
    EXPECT_THAT(list.pins_of(at("db.example:1")).value(), ElementsAre(spki(keys().db)));
}

TEST(PeerList, OnceANameIsHashedTheNextAreToo) {
    PeerList list = list_of("");
    ASSERT_TRUE(list.remember(at("a.example:1"), {spki(keys().db)}, kMintNow, names()));
    EXPECT_THAT(list.text(), StartsWith("a.example:1 "));
    ASSERT_TRUE(list.remember(at("b.example:1"), {spki(keys().db)}, kMintNow, names(true)));
    EXPECT_THAT(list.text(), Not(HasSubstr("b.example")));
    ASSERT_TRUE(list.remember(at("c.example:1"), {spki(keys().db)}, kMintNow, names()));
    EXPECT_THAT(list.text(), Not(HasSubstr("c.example")));
    for (const std::string_view peer : {"a.example:1", "b.example:1", "c.example:1"})
        EXPECT_EQ(list.ask(at(peer), keys().db.certificate()).state, ContinuityState::kMatch) << peer;
}

TEST(PeerList, AKeyThatIsVouchedForTakesThePlaceOfTheFormerOnesAndOfNothingElse) {
    const HostPort peer = at("db.example:1");
    const std::vector<Pin> former{spki(keys().db)};
    const std::string revoked = "@revoked " + line("db.example:1", keys().third);
    const std::string elsewhere = line("db.example:2", keys().db);
    PeerList list = list_of("# mine\n" + line("db.example:1", keys().db) + revoked + elsewhere +
                            line(hashed("db.example:1"), keys().db));
    EXPECT_TRUE(list.replace(peer, former, {spki(keys().other)}, kMintNow, names()).value());
    EXPECT_THAT(list.pins_of(peer).value(), ElementsAre(spki(keys().other)));
    EXPECT_THAT(list.text(), StartsWith("# mine\n" + revoked + elsewhere));
    EXPECT_EQ(list.ask(at("db.example:2"), keys().db.certificate()).state, ContinuityState::kMatch);
    const std::string before = list.text();
    EXPECT_FALSE(list.replace(peer, former, {spki(keys().other)}, kMintNow, names()).value());
    EXPECT_EQ(list.replace(peer, former, {spki(keys().third)}, kMintNow, names()).error().code, "peer_revoked");
    // Somebody has come to remember another key since this one was judged.
    EXPECT_EQ(list.replace(peer, former, {spki(keys().db)}, kMintNow, names()).error().code, "peer_changed");
    EXPECT_EQ(list.text(), before);
}

TEST(PeerList, A127_AHashedNameIsNoWayRoundAChange) {
    PeerList list = list_of(line(hashed("db.example:1"), keys().db));
    const std::string before = list.text();
    const auto refused = list.remember(at("db.example:1"), {spki(keys().other)}, kMintNow, names());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "peer_changed");
    EXPECT_EQ(list.text(), before);
}

TEST(PeerList, A128_AForeignMarkRefusesWhatItMayBeAboutAndNoMore) {
    struct Row {
        std::string_view why;
        std::string mark;
        bool touches_db_at_1;
        bool touches_other_at_2;
    };
    const std::vector<Row> rows{
        {"that host", "@only-until " + line("db.example:1", keys().third), true, false},
        {"that host, hashed", "@only-until " + line(hashed("db.example:1"), keys().third), true, false},
        {"that key at another host", "@only-until " + line("x.example:9", keys().db), true, false},
        {"every host", "@only-until " + line("*", keys().third), true, true},
        {"neither", "@only-until " + line("x.example:9", keys().third), false, false},
    };
    const std::string known = line("db.example:1", keys().db) + line("other.example:2", keys().other);
    for (const Row& row : rows) {
        for (const std::string& text : {known + row.mark, row.mark + known}) {
            const PeerList list = list_of(text);
            const auto db = list.ask(at("db.example:1"), keys().db.certificate());
            EXPECT_EQ(db.state, row.touches_db_at_1 ? ContinuityState::kError : ContinuityState::kMatch) << row.why;
            EXPECT_EQ(db.detail.contains("@only-until"), row.touches_db_at_1) << db.detail;
            EXPECT_EQ(list.ask(at("other.example:2"), keys().other.certificate()).state,
                      row.touches_other_at_2 ? ContinuityState::kError : ContinuityState::kMatch)
                << row.why;
            EXPECT_EQ(list.text(), text);
        }
    }
}

TEST(PeerList, A132_AForeignMarkIsNotBuriedByAFirstContact) {
    for (const std::string& mark :
         {"@only-until " + line("db.example:1", keys().third), "@only-until " + line("x.example:9", keys().db)}) {
        PeerList list = list_of(mark);
        const auto refused = list.remember(at("db.example:1"), {spki(keys().db)}, kMintNow, names());
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, "known_peers_mark");
        EXPECT_EQ(list.text(), mark);
    }
}

TEST(PeerList, EveryChangeKeepsEveryOtherLine) {
    const std::string before = "# ours\n\n@only-until " + line("x.example:9", keys().third) + "#\tthe old one  \n";
    const std::string known = line("db.example:1", keys().db);
    const std::string after =
        "@revoked\t" + line("y.example:1", keys().third) + "  " + line("z.example:1", keys().third) + "# the end\n";
    const auto changed = [&](const auto& change) {
        PeerList list = list_of(before + known + after);
        change(list);
        return list.text();
    };
    const auto other = spki(keys().other);
    EXPECT_EQ(changed([&](PeerList& list) { EXPECT_EQ(list.forget(at("db.example:1")).removed, 1U); }), before + after);
    EXPECT_THAT(changed([&](PeerList& list) { EXPECT_TRUE(list.revoke(other, kMintNow, "stolen")); }),
                StartsWith(before + known + after + "@revoked * " + other.to_string()));
    EXPECT_THAT(
        changed([&](PeerList& list) { EXPECT_TRUE(list.remember(at("new.example:1"), {other}, kMintNow, names())); }),
        StartsWith(before + known + after + "new.example:1 "));
    const std::string noted = changed([&](PeerList& list) {
        EXPECT_EQ(list.note_seen(at("db.example:1"), {keys().db.certificate()}, kMintNow), PeerList::Noted::kSeen);
    });
    EXPECT_THAT(noted, StartsWith(before + "db.example:1 "));
    EXPECT_TRUE(noted.ends_with(after));
}

TEST(PeerList, ForgettingKeepsWhatIsRevoked) {
    PeerList list = list_of(line("db.example:1", keys().db) + line("db.example:1", keys().other) + "@revoked " +
                            line("db.example:1", keys().third) + line("db.example:2", keys().db));
    const Pin only = spki(keys().other);
    EXPECT_EQ(list.forget(at("db.example:1"), &only).removed, 1U);
    EXPECT_THAT(list.pins_of(at("db.example:1")).value(), ElementsAre(spki(keys().db)));
    const auto forgotten = list.forget(at("db.example:1"));
    EXPECT_EQ(forgotten.removed, 1U);
    EXPECT_EQ(forgotten.kept_marks, 1U);
    EXPECT_EQ(list.text(), "@revoked " + line("db.example:1", keys().third) + line("db.example:2", keys().db));
    EXPECT_EQ(list.forget(at("db.example:1")).removed, 0U);
}

TEST(PeerList, ARevokedKeyIsRefusedEverywhereAndItsHostIsNotUnknown) {
    PeerList list = list_of(line("db.example:1", keys().db));
    EXPECT_TRUE(list.revoke(spki(keys().db), kMintNow, ""));
    EXPECT_FALSE(list.revoke(spki(keys().db), kMintNow, "")) << "once is enough";
    for (const std::string_view peer : {"db.example:1", "x.example:9"})
        EXPECT_EQ(list.ask(at(peer), keys().db.certificate()).state, ContinuityState::kRevoked);
    // Revoking opens no door: the next key of that host is a changed one until somebody forgets the old.
    EXPECT_EQ(list.ask(at("db.example:1"), keys().other.certificate()).state, ContinuityState::kChanged);
}

std::vector<PeerEntry> entries_of(const std::string& text) {
    std::vector<PeerEntry> entries;
    const PeerList list = list_of(text);
    for (const PeerLine& one : list.lines()) entries.push_back(*one.entry());
    return entries;
}

TEST(PeerList, ImportsAllOrNothing) {
    const Keys& k = keys();
    struct Row {
        std::string_view why;
        std::string own;
        std::string theirs;
        std::string conflict;  ///< empty: it is added
        std::size_t added = 0;
    };
    const std::vector<Row> rows{
        {"nobody yet", "", line("a.example:1", k.db) + line("b.example:1", k.other), "", 2},
        {"known already", line("a.example:1", k.db), line("a.example:1", k.db), "", 0},
        {"known already, hashed here", line(hashed("a.example:1"), k.db), line("a.example:1", k.db), "", 0},
        {"two keys of a new host", "", line("a.example:1", k.db) + line("a.example:1", k.other), "", 2},
        {"another key", line("a.example:1", k.db), line("b.example:1", k.db) + line("a.example:1", k.other),
         "another key is remembered"},
        {"another key, hashed here", line(hashed("a.example:1"), k.db), line("a.example:1", k.other),
         "another key is remembered"},
        {"another key, hashed there", line("a.example:1", k.db), line(hashed("a.example:1"), k.other),
         "another key is remembered"},
        {"hashed on both sides", line(hashed("a.example:1"), k.db), line(hashed("a.example:1", 9), k.other),
         "can't be compared"},
        {"hashed on both sides, the same key", line(hashed("a.example:1"), k.db), line(hashed("b.example:1", 9), k.db),
         "", 1},
        {"another port", line("a.example:1", k.db), line("a.example:2", k.other), "", 1},
        {"revoked here", "@revoked " + line("*", k.db), line("a.example:1", k.db), "revoked here"},
        {"revoked there", line("a.example:1", k.db), "@revoked " + line("*", k.db), "", 1},
        {"revoked on both sides", "@revoked " + line("*", k.db), "@revoked " + line("x.example:1", k.db), "", 0},
        {"under a mark that isn't known", "@only-until " + line("a.example:1", k.third), line("a.example:1", k.db),
         "@only-until"},
    };
    for (const Row& row : rows) {
        PeerList list = list_of(row.own);
        const auto imported = list.import(entries_of(row.theirs), names());
        EXPECT_EQ(imported.has_value(), row.conflict.empty()) << row.why;
        if (imported) {
            EXPECT_EQ(imported->added, row.added) << row.why;
            EXPECT_TRUE(list.text().starts_with(row.own)) << row.why;
        } else {
            EXPECT_EQ(imported.error().code, "import_conflict");
            EXPECT_THAT(imported.error().why, HasSubstr(row.conflict)) << row.why;
            EXPECT_EQ(list.text(), row.own) << row.why;
        }
    }
}

TEST(PeerList, AnImportOnlyAddsToWhatIsRefused) {
    PeerList list = list_of(line("a.example:1", keys().db));
    ASSERT_TRUE(list.import(entries_of("@revoked " + line("*", keys().db)), names()));
    EXPECT_EQ(list.ask(at("a.example:1"), keys().db.certificate()).state, ContinuityState::kRevoked);
}

TEST(PeerList, AChangeCarriesWhatWasSeenLast) {
    const PeerList list = list_of("db.example:1 " + spki(keys().other).to_string() +
                                  " 2026-09-01T00:00:00Z 2026-09-02T00:00:00Z until=2026-10-01T00:00:00Z\n"
                                  "db.example:1 " +
                                  spki(keys().third).to_string() +
                                  " 2026-10-01T00:00:00Z 2026-11-02T00:00:00Z until=2026-12-01T00:00:00Z\n");
    const auto changed = list.ask(at("db.example:1"), keys().db.certificate());
    EXPECT_EQ(changed.state, ContinuityState::kChanged);
    EXPECT_EQ(changed.first_seen, std::chrono::sys_days{std::chrono::year{2026} / 9 / 1});
    EXPECT_EQ(changed.last_seen, std::chrono::sys_days{std::chrono::year{2026} / 11 / 2});
    EXPECT_EQ(changed.sight.not_after, std::chrono::sys_days{std::chrono::year{2026} / 12 / 1});
}

TEST(PeerList, A130_ATornLastLineIsToldFromAWholeOne) {
    const std::string whole = line("db.example:1", keys().db);
    for (std::size_t cut = 1; cut < whole.size(); ++cut) {
        const auto torn = PeerList::parse(whole + whole.substr(0, cut), "known_peers");
        ASSERT_FALSE(torn) << cut;
        EXPECT_THAT(torn.error().why, HasSubstr("line 2 is torn"));
    }
    EXPECT_THAT(list_of("").lines(), IsEmpty());
}

}  // namespace
}  // namespace cotter::evidence
