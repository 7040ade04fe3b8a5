#include "bundle/metadata.h"

#include "bundle/testing/owner.h"
#include "bundle/verification.h"

#include <gtest/gtest.h>

#include <functional>

namespace cotter::bundle {
namespace {

using testing::must;
using testing::Owner;

std::string replaced(std::string text, std::string_view from, std::string_view to) {
    const std::size_t at = text.find(from);
    if (at == std::string::npos) throw std::runtime_error("the text lacks " + std::string(from));
    return text.replace(at, from.size(), to);
}

TEST(Metadata, KeepsWhatItDoesNotKnowUnderTheSignature) {
    Owner owner;
    formats::Document part = to_sign(owner.timestamp);
    set_member(part, "x-unknown", json_list({json_string("é"), json_number(1)}));
    const std::string text =
        must(with_signatures(unsigned_file(part), Role::kTimestamp, {&owner.root}, owner.keys[Role::kTimestamp])).text;
    const auto file = must(parse_metadata<Timestamp>(text, "test"));
    EXPECT_TRUE(check_signatures(owner.root, file, "test"));
    const auto changed = must(parse_metadata<Timestamp>(replaced(text, "é", "e"), "test"));
    EXPECT_FALSE(check_signatures(owner.root, changed, "test"));
}

TEST(Metadata, RefusesWhatIsMalformed) {
    Owner owner;
    const std::string text = owner.first_root();
    const struct {
        std::string_view from;
        std::string_view to;
        std::string_view why;
    } kRows[] = {
        {"\"root\",", "\"targets\",", "of another kind"},
        {"\"1.0.31\"", "\"2.0\"", "of another specification"},
        {"\"version\": 1", "\"version\": 0", "versions begin with 1"},
        {"\"version\": 1", "\"version\": 1.0", "versions are whole"},
        {"\"version\": 1", "\"version\": \"1\"", "versions are numbers"},
        {"\"version\": 1", "\"version\": -1", "versions are positive"},
        {"\"version\": 1", "\"version\": 99999999999999999999", "versions fit"},
        {"\"version\": 1", "\"version\": 1, \"version\": 2", "two versions"},
        {"T00:00:00Z", "T00:00:00+00:00", "the specification has Z"},
        {"T00:00:00Z", "", "a day is no time"},
        {"\"threshold\": 1", "\"threshold\": 0", "nobody must sign"},
        {"\"threshold\": 1", "\"threshold\": 2", "more than there are keys"},
        {"\"timestamp\": {", "\"other\": {", "a role is missing"},
        {"\"signatures\"", "\"signatur\"", "no signatures"},
        {"\"sig\": \"", "\"sig\": \"xx", "not hex"},
        {"\"consistent_snapshot\": true", "\"consistent_snapshot\": 1", "no boolean"},
    };
    ASSERT_TRUE(parse_metadata<Root>(text, "test"));
    for (const auto& row : kRows) {
        const auto file = parse_metadata<Root>(replaced(text, row.from, row.to), "test");
        ASSERT_FALSE(file) << row.why;
        EXPECT_EQ(file.error().kind, ErrorKind::kMalformedInput) << row.why;
    }
}

TEST(Metadata, RefusesAHashThatNobodyHereCanCheck) {
    Owner owner;
    const std::string text = owner.repository.files.at("metadata/1.targets.json");
    EXPECT_TRUE(parse_metadata<Targets>(text, "test"));
    EXPECT_FALSE(parse_metadata<Targets>(replaced(text, "sha256", "md5"), "test"));
    EXPECT_FALSE(parse_metadata<Targets>(replaced(text, "\"length\"", "\"longth\""), "test"));
}

TEST(Metadata, ATargetsNameLeadsNowhereElse) {
    for (const char* name : {"policy.toml", "a/b.toml", "eu-west/db 1.toml", "..a"}) EXPECT_TRUE(is_target_name(name));
    for (const char* name : {"", "/etc/passwd", "../a", "a/../b", "a//b", "a/", ".", "a\\b", "a\nb", "%2e%2e/a"})
        EXPECT_FALSE(is_target_name(name)) << name;
    EXPECT_FALSE(is_target_name(std::string(257, 'a')));
}

}  // namespace
}  // namespace cotter::bundle
