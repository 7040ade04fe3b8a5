// Entries, bundles and paths: each has one spelling, and everything else is refused.
#include "keylog/key_entry.h"

#include "keylog/layout.h"
#include "text/time.h"
#include "x509/openssl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cotter::keylog {
namespace {

constexpr std::string_view kPin = "sha256/FCvSuiYP5lr1VLJ5UCINrhKBDUldEwpqIoOur0gPiH4=";

std::string entry_of(std::string_view word, std::string_view name, std::string_view pin, std::string_view at) {
    return "cotter-key/1\n" + std::string(word) + "\n" + std::string(name) + "\n" + std::string(pin) + "\n" +
           std::string(at) + "\n";
}

TEST(KeyEntry, IsReadAndWrittenAsTheSameText) {
    for (const std::string_view name : {"db.example.com:7000", "db.example.com", "192.0.2.1:1", "[2001:db8::1]:7000",
                                        "2001:db8::1", "xn--bcher-kva.example"}) {
        for (const std::string_view word : {"added", "retired"}) {
            const std::string text = entry_of(word, name, kPin, "2026-11-26T18:00:00Z");
            const auto entry = KeyEntry::parse(text);
            ASSERT_TRUE(entry) << text << entry.error().why;
            EXPECT_EQ(entry->text(), text);
            EXPECT_EQ(text_of(entry->word), word);
            EXPECT_EQ(entry->pin.to_string(), kPin);
        }
    }
}

TEST(KeyEntry, IsRefusedInEveryOtherSpelling) {
    const std::string good = entry_of("added", "db.example:1", kPin, "2026-11-26T18:00:00Z");
    const std::vector<std::pair<std::string_view, std::string>> rows{
        {"nothing", ""},
        {"cut off", good.substr(0, good.size() - 1)},
        {"more", good + "\n"},
        {"more of the same", good + good},
        {"another version", "cotter-key/2" + good.substr(12)},
        {"another word", entry_of("Added", "db.example:1", kPin, "2026-11-26T18:00:00Z")},
        {"no word", entry_of("", "db.example:1", kPin, "2026-11-26T18:00:00Z")},
        {"upper case", entry_of("added", "DB.example:1", kPin, "2026-11-26T18:00:00Z")},
        {"a trailing dot", entry_of("added", "db.example.:1", kPin, "2026-11-26T18:00:00Z")},
        {"port 0", entry_of("added", "db.example:0", kPin, "2026-11-26T18:00:00Z")},
        {"a port with a zero", entry_of("added", "db.example:01", kPin, "2026-11-26T18:00:00Z")},
        {"a carriage return", entry_of("added", "db.example:1\r", kPin, "2026-11-26T18:00:00Z")},
        {"a pin in hex", entry_of("added", "db.example:1",
                                  "spki-sha256:142bd2ba260fe65af554b27950220dae12810d495d130a6a2283aeaf480f887e",
                                  "2026-11-26T18:00:00Z")},
        {"a certificate's pin", entry_of("added", "db.example:1", "cert-" + std::string(kPin), "2026-11-26T18:00:00Z")},
        {"another zone", entry_of("added", "db.example:1", kPin, "2026-11-26T19:00:00+01:00")},
        {"a fraction", entry_of("added", "db.example:1", kPin, "2026-11-26T18:00:00.5Z")},
        {"no time", entry_of("added", "db.example:1", kPin, "soon")},
    };
    for (const auto& [why, text] : rows) EXPECT_FALSE(KeyEntry::parse(text)) << why;
}

TEST(KeyName, CoversItsHostAtItsPortOrAtEveryOne) {
    struct Row {
        std::string_view name;
        std::string_view server;
        bool covers;
    };
    for (const Row& row : {Row{"db.example:1", "db.example:1", true}, Row{"db.example:1", "db.example:2", false},
                           Row{"db.example", "db.example:2", true}, Row{"example", "db.example:2", false},
                           Row{"192.0.2.1", "192.0.2.1:2", true}, Row{"192.0.2.1", "192.0.2.2:2", false}}) {
        EXPECT_EQ(KeyName::parse(row.name)->covers(*HostPort::parse(row.server)), row.covers)
            << row.name << " " << row.server;
    }
}

TEST(Layout, PutsTilesWhereTlogTilesSays) {
    struct Row {
        unsigned level;
        std::uint64_t index;
        std::uint64_t count;
        std::string_view path;
    };
    for (const Row& row :
         {Row{0, 0, 1, "tile/0/000.p/1"}, Row{0, 0, 256, "tile/0/000"}, Row{1, 7, 255, "tile/1/007.p/255"},
          Row{0, 999, 256, "tile/0/999"}, Row{0, 1000, 256, "tile/0/x001/000"},
          Row{0, 1'234'067, 256, "tile/0/x001/x234/067"}, Row{2, 1'234'067, 8, "tile/2/x001/x234/067.p/8"},
          Row{7, 18'446'744'073'709'551'615ULL, 1, "tile/7/x018/x446/x744/x073/x709/x551/615.p/1"}}) {
        EXPECT_EQ(tile_path({row.level, row.index}, row.count), row.path);
    }
    EXPECT_EQ(bundle_path(273, 112), "tile/entries/273.p/112");
    EXPECT_EQ(bundle_path(1000, 256), "tile/entries/x001/000");
}

std::vector<std::byte> octets(std::string_view text) {
    const Bytes bytes = x509::as_bytes(text);
    return {bytes.begin(), bytes.end()};
}

TEST(Layout, BundlesAreEntriesAfterTheirLengths) {
    using namespace std::string_view_literals;
    const std::vector<std::string> entries{"a", std::string(300, 'b')};
    EXPECT_EQ(bundle_of(entries), octets(std::string("\0\1a\1\x2c"sv) + std::string(300, 'b')));
    EXPECT_EQ(parse_bundle(bundle_of(entries)).value(), entries);
    const std::vector<std::string> full(256, "x");
    EXPECT_EQ(parse_bundle(bundle_of(full)).value(), full);
    const std::vector<std::pair<std::string_view, std::vector<std::byte>>> rows{
        {"empty", {}},
        {"half a length", octets("\0"sv)},
        {"a length alone", octets("\0\1"sv)},
        {"an empty entry", octets("\0\0"sv)},
        {"cut off", octets("\0\2a"sv)},
        {"more", octets("\0\1a\0"sv)},
        {"too long an entry", bundle_of(std::vector{std::string(kMostEntryOctets + 1, 'x')})},
        {"too many", bundle_of(std::vector<std::string>(257, "x"))},
    };
    for (const auto& [why, bundle] : rows) EXPECT_FALSE(parse_bundle(bundle)) << why;
}

}  // namespace
}  // namespace cotter::keylog
