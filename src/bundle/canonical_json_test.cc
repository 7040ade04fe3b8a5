#include "bundle/canonical_json.h"

#include <gtest/gtest.h>

namespace cotter::bundle {
namespace {

std::string canonical(std::string_view text) {
    const auto document = formats::read_json(text, "test");
    if (!document) return "unread: " + document.error().code;
    const auto result = canonical_json(*document);
    return result ? *result : "refused: " + result.error().code;
}

TEST(CanonicalJson, IsWhatOlpcDefines) {
    const struct {
        std::string_view text;
        std::string_view canonical;
        std::string_view why;
    } kRows[] = {
        {"{}", "{}", "nothing"},
        {" [ 1 , 2 ]\n", "[1,2]", "no white space"},
        {R"({"b":1,"a":2})", R"({"a":2,"b":1})", "keys in order"},
        {R"({"aa":1,"a":2,"A":3,"é":4})", "{\"A\":3,\"a\":2,\"aa\":1,\"é\":4}", "by code points"},
        {"{\"\\uD83D\\uDE00\":1,\"\\uFFFD\":2}", "{\"\xEF\xBF\xBD\":2,\"\xF0\x9F\x98\x80\":1}",
         "not by units of UTF-16, in which they stand the other way"},
        {R"("a\"b\\c\/d")", R"("a\"b\\c/d")", "quotation mark and backslash alone are escaped"},
        {R"("a\nb\tc\u0001")", "\"a\nb\tc\x01\"", "control characters stand as they are"},
        {R"("\u00e9")", "\"é\"", "no escapes for what UTF-8 says"},
        {"[true,false,null]", "[true,false,null]", "words"},
        {"[-1,0,18446744073709551615]", "[-1,0,18446744073709551615]", "whole numbers of 64 bits"},
        {"1.0", "refused: not_canonical", "a fraction"},
        {"1e2", "refused: not_canonical", "an exponent"},
        {"18446744073709551616", "refused: not_canonical", "more than 64 bits"},
        {R"({"a":1,"a":1})", "unread: duplicate_key", "a key twice says two things"},
        {"\"\xff\"", "unread: bad_json", "no UTF-8"},
    };
    for (const auto& row : kRows) EXPECT_EQ(canonical(row.text), row.canonical) << row.why;
}

TEST(CanonicalJson, WhatIsWrittenIsReadAsTheSame) {
    const formats::Document written =
        json_object({{"b", json_list({json_number(7), json_boolean(true), json_object({})})},
                     {"a", json_string("line\nline \"quoted\" \\ \x01 é")}});
    const auto read = formats::read_json(json_text(written), "test");
    ASSERT_TRUE(read);
    EXPECT_EQ(*canonical_json(*read), *canonical_json(written));
}

TEST(CanonicalJson, ANumberIsWholeAndFitsEverywhere) {
    for (const auto& [text, number] : std::initializer_list<std::pair<std::string_view, std::optional<std::uint64_t>>>{
             {"0", 0},
             {"9223372036854775807", 9223372036854775807U},
             {"9223372036854775808", {}},
             {"99999999999999999999", {}},
             {"-1", {}},
             {"1.5", {}},
             {"\"1\"", {}}})
        EXPECT_EQ(whole_number(*formats::read_json(text, "test")), number) << text;
}

}  // namespace
}  // namespace cotter::bundle
