// The table of what may be a client's name.
#include "registry/client_name.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cotter::registry {
namespace {

TEST(ClientName, AcceptsTheGrammarAndFoldsUpperCase) {
    const struct {
        std::string given;
        std::string name;
        std::string reason;
    } table[] = {
        {"a", "a", "one letter"},
        {"7", "7", "one digit"},
        {"web-1", "web-1", "a hyphen inside"},
        {"web.eu_west-1", "web.eu_west-1", "every mark"},
        {"a..b", "a..b", "marks side by side"},
        {"Web-1", "web-1", "upper case is folded (A209)"},
        {"WEB", "web", "upper case is folded (A209)"},
        {"xn--bcher-kva", "xn--bcher-kva", "an A-label is only letters here"},
        {std::string(64, 'x'), std::string(64, 'x'), "64 characters"},
    };
    for (const auto& row : table) {
        const auto name = ClientName::parse(row.given);
        ASSERT_TRUE(name) << row.reason;
        EXPECT_EQ(name->text(), row.name) << row.reason;
        EXPECT_EQ(ClientName::parse(name->text()), name) << row.reason;
    }
}

TEST(ClientName, A209_RefusesWhateverCouldBeTakenForAnotherName) {
    const struct {
        std::string given;
        std::string code;
        std::string reason;
    } table[] = {
        {"", "name_empty", "empty"},
        {std::string(65, 'x'), "name_too_long", "65 characters"},
        {".", "name_edge", "a mark alone"},
        {"..", "name_edge", "the folder above"},
        {".web", "name_edge", "hidden file"},
        {"-web", "name_edge", "looks like a flag"},
        {"web-", "name_edge", "mark at the end"},
        {"web_", "name_edge", "mark at the end"},
        {"web 1", "name_character", "space inside"},
        {" web", "name_character", "space before"},
        {"web ", "name_character", "space after (A196)"},
        {"web\n", "name_character", "line break"},
        {std::string("web\0x", 5), "name_character", "NUL"},
        {"../web", "name_character", "a path"},
        {"a/b", "name_character", "a path"},
        {"a:b", "name_character", "ca: names can't be claimed"},
        {"web'; DROP TABLE clients; --", "name_character", "SQL (A152)"},
        {"w\xD0\xB5"
         "b",
         "name_character", "a Cyrillic letter"},
        {"\xE2\x84\xAA"
         "elvin",
         "name_character", "the Kelvin sign folds to k in Unicode"},
        {"stra\xC3\x9F"
         "e",
         "name_character", "a letter beyond ASCII"},
        {"web\x1b[31m", "name_character", "an escape sequence"},
    };
    for (const auto& row : table) {
        const auto name = ClientName::parse(row.given);
        ASSERT_FALSE(name) << row.reason;
        EXPECT_EQ(name.error().code, row.code) << row.reason;
        EXPECT_EQ(name.error().kind, ErrorKind::kMalformedInput) << row.reason;
        EXPECT_FALSE(name.error().next.empty()) << row.reason;
    }
}

TEST(ClientName, SaysWhichOctetIsWrongAndPrintsItEscaped) {
    const auto name = ClientName::parse(
        "we\x1b"
        "b");
    ASSERT_FALSE(name);
    EXPECT_NE(name.error().why.find("octet 3"), std::string::npos) << name.error().why;
    EXPECT_EQ(name.error().what.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace cotter::registry
