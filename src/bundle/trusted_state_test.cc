#include "bundle/trusted_state.h"

#include "bundle/testing/owner.h"
#include "files/testing/scratch_folder.h"

#include <gtest/gtest.h>

namespace cotter::bundle {
namespace {

using files::testing::ScratchFolder;
using testing::kNow;
using testing::must;

Kept some() {
    Kept kept{"https://example.com/pins", "abcd", {}, kNow};
    kept.trusted = {"root\n\"é\"", "timestamp", "snapshot", "targets", {"timestamp", "older", "targets", {}}};
    kept.trusted.accepted.files = {{"policy.toml", std::string("a\0\xff", 3)}, {"empty.toml", ""}};
    return kept;
}

TEST(TrustedState, GivesBackWhatWasKept) {
    const ScratchFolder folder;
    const TrustedState state(folder / "bundles", must(Location::parse("https://example.com/pins/")));
    EXPECT_FALSE(must(state.load()));
    EXPECT_TRUE(must(state.replace(std::nullopt, some())));
    EXPECT_EQ(*must(state.load()), some());
    EXPECT_EQ(files::testing::mode_of(state.file()), 0600U);
    EXPECT_EQ(must(TrustedState::all_in(folder / "bundles")), std::vector{some()});
    EXPECT_TRUE(must(TrustedState::all_in(folder / "elsewhere")).empty());
    Kept fresh = some();
    fresh.checked.reset();
    fresh.trusted.accepted.snapshot = "snapshot";
    EXPECT_TRUE(must(state.replace(some(), fresh)));
    EXPECT_EQ(*must(state.load()), fresh);
}

TEST(TrustedState, A134_WhoeverWasSlowerReplacesNothing) {
    const ScratchFolder folder;
    const TrustedState state(folder / "bundles", must(Location::parse("https://example.com/pins")));
    ASSERT_TRUE(must(state.replace(std::nullopt, some())));
    Kept newer = some();
    newer.trusted.timestamp = "newer";
    ASSERT_TRUE(must(state.replace(some(), newer)));
    Kept late = some();
    late.trusted.timestamp = "late";
    EXPECT_FALSE(must(state.replace(some(), late)));
    EXPECT_FALSE(must(state.replace(std::nullopt, late)));
    EXPECT_EQ(*must(state.load()), newer);
    EXPECT_TRUE(must(state.replace(some(), newer))) << "it came to the same";
}

TEST(TrustedState, WhatHasNotChangedIsWrittenDownOnceAMinute) {
    const ScratchFolder folder;
    const TrustedState state(folder / "bundles", must(Location::parse("https://example.com/pins")));
    ASSERT_TRUE(must(state.replace(std::nullopt, some())));
    Kept later = some();
    for (const auto& [after, kept] : {std::pair(std::chrono::seconds(59), false), {std::chrono::seconds(60), true}}) {
        later.checked = kNow + after;
        EXPECT_TRUE(must(state.replace(some(), later)));
        EXPECT_EQ(must(state.load())->checked, kept ? kNow + after : kNow);
    }
}

TEST(TrustedState, A134_WhatIsBrokenIsNotAFirstTime) {
    const ScratchFolder folder;
    const TrustedState state(folder.path(), must(Location::parse("https://example.com/pins")));
    ASSERT_TRUE(must(state.replace(std::nullopt, some())));
    const std::string whole = files::testing::content_of(state.file());
    const std::string name = state.file().filename().string();
    for (const std::string& content : {std::string(), whole.substr(0, whole.size() / 2), std::string("{}"),
                                       std::string("[]"), "{\"version\":2}" + std::string()}) {
        folder.write(name, content);
        EXPECT_EQ(state.load().error().code, "bundle_state") << content;
        EXPECT_FALSE(state.replace(std::nullopt, some())) << content;
    }
    folder.write(name, whole, 0644);
    EXPECT_FALSE(state.load()) << "others may read it";
}

TEST(Location, IsAFolderOrAnAddressAndNothingElse) {
    EXPECT_EQ(must(Location::parse("https://example.com/pins//")).text(), "https://example.com/pins");
    EXPECT_TRUE(must(Location::parse("http://127.0.0.1:8000")).is_url());
    EXPECT_TRUE(must(Location::parse("pins")).text().starts_with("/"));
    for (const char* text :
         {"", "ftp://example.com/", "file:///srv", "https://example.com/?a", "https://example.com/#a"})
        EXPECT_FALSE(Location::parse(text)) << text;
}

}  // namespace
}  // namespace cotter::bundle
