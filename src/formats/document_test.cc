// JSON, YAML and property lists as trees: what they give, with places, and what is refused.
#include "formats/document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cotter::formats {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A tree as text, with the place of each value.
std::string shown(const Document& value) {
    std::string text;
    switch (value.kind) {
        case Document::Kind::kText: text = "'" + value.text + "'"; break;
        case Document::Kind::kPlain: text = value.text; break;
        case Document::Kind::kBoolean: text = value.is_true ? "yes" : "no"; break;
        case Document::Kind::kNumber: text = "#" + value.text; break;
        case Document::Kind::kDate: text = "@" + value.text; break;
        case Document::Kind::kNull: text = "null"; break;
        case Document::Kind::kList:
            text = "[";
            for (const Document& item : value.items) text += shown(item) + " ";
            text += "]";
            break;
        case Document::Kind::kMap:
            text = "{";
            for (std::size_t i = 0; i < value.items.size(); ++i) {
                text += value.keys[i] + ": " + shown(value.items[i]) + " ";
            }
            text += "}";
            break;
    }
    return text + "(" + std::to_string(value.line) + ":" + std::to_string(value.column) + ")";
}

struct Refused {
    std::string text;
    std::string code;
    std::size_t line;
    std::size_t column;
    std::string reason;
};

template <class Read>
void expect_refused(const Read& read, const std::vector<Refused>& cases) {
    for (const Refused& test : cases) {
        const auto result = read(test.text);
        ASSERT_FALSE(result) << test.reason;
        const Error& error = result.error();
        EXPECT_EQ(error.code, test.code) << test.reason << ": " << error.why;
        ASSERT_TRUE(error.place) << test.reason;
        EXPECT_EQ(error.place->line, test.line) << test.reason << ": " << error.why;
        EXPECT_EQ(error.place->column, test.column) << test.reason << ": " << error.why;
        EXPECT_EQ(error.place->source, "input") << test.reason;
    }
}

std::string repeated(std::string_view text, std::size_t times) {
    std::string result;
    for (std::size_t i = 0; i < times; ++i) result += text;
    return result;
}

std::string json_shown(const std::string& text) {
    const auto value = read_json(text, "input");
    return value ? shown(*value) : value.error().why;
}

TEST(Json, GivesEveryValueWithItsPlace) {
    EXPECT_EQ(json_shown("{\"a\": [true, false, null],\n \"b\\\"\": \"x\\u00e9\\\"\", \"c\": -1.5e3}"),
              "{a: [yes(1:8) no(1:14) null(1:21) ](1:7) b\": 'x\xc3\xa9\"'(2:9) c: #-1.5e3(2:27) }(1:1)");
    EXPECT_EQ(json_shown(" \"\" "), "''(1:2)");
    EXPECT_EQ(json_shown("[]"), "[](1:1)");
    EXPECT_EQ(json_shown(repeated("[", 64) + repeated("]", 64)).substr(0, 2), "[[");
}

TEST(Json, A63_RefusesWhatIsNotJsonWithThePlace) {
    expect_refused([](const std::string& text) { return read_json(text, "input"); },
                   {
                       {"", "bad_json", 1, 1, "nothing"},
                       {"{\"a\": 1, \"a\": 2}", "duplicate_key", 1, 10, "a key twice"},
                       {"{\"a\": 1,\n \"b\": {\"c\": 1, \"c\": 1}}", "duplicate_key", 2, 16, "a key twice inside"},
                       {"{\"a\": 1, \"\\u0061\": 2}", "duplicate_key", 1, 10, "a key twice, spelt otherwise"},
                       {"{\"a\": 1,}", "bad_json", 1, 9, "a comma at the end"},
                       {"[1 2]", "bad_json", 1, 4, "no comma"},
                       {"[1]\nx", "bad_json", 2, 1, "something behind"},
                       {"[1", "bad_json", 1, 3, "no end"},
                       {"{a: 1}", "bad_json", 1, 2, "a key without quotes"},
                       {"[1, // x\n2]", "bad_json", 1, 5, "a comment"},
                       {"[\"\xff\"]", "bad_json", 1, 3, "invalid UTF-8"},
                       {"[\"\n\"]", "bad_json", 1, 3, "a line's end in a string"},
                       {"[NaN]", "bad_json", 1, 2, "no number"},
                       {repeated("[", 65) + repeated("]", 65), "too_deep", 1, 65, "one level too many"},
                       {repeated("[", 100000), "too_deep", 1, 65, "very many levels"},
                       {repeated("{\"a\":", 100000), "too_deep", 1, 64 * 5 + 1, "very many levels of objects"},
                       {std::string(kMostDocumentOctets + 1, ' '), "too_large", 1, 1, "too many octets"},
                   });
    EXPECT_TRUE(read_json("[1, // x\n /* y */ 2]", "input", true)) << "comments where they are allowed";
}

std::vector<std::string> yaml_shown(const std::string& text) {
    const auto documents = read_yaml(text, "input");
    if (!documents) return {documents.error().why};
    std::vector<std::string> result;
    for (const Document& document : *documents) result.push_back(shown(document));
    return result;
}

TEST(Yaml, GivesEveryValueWithItsPlace) {
    EXPECT_THAT(yaml_shown("a: [x, \"y\", 'z']\nb:\n  c: true\n  d: ~\n  e:\n"),
                ElementsAre("{a: [x(1:5) 'y'(1:8) 'z'(1:13) ](1:4) b: {c: true(3:6) d: null(4:6) e: null(5:5) }(3:3) "
                            "}(1:1)"));
    EXPECT_THAT(yaml_shown("--- 1\n--- {\"a\": \"\\u00e9\"}\n"), ElementsAre("1(1:5)", "{a: '\xc3\xa9'(2:11) }(2:5)"));
    EXPECT_THAT(yaml_shown(""), ElementsAre());
    EXPECT_THAT(yaml_shown("# only a comment\n"), ElementsAre());
}

TEST(Yaml, A63_RefusesWhatIsLeftOpenWithThePlace) {
    expect_refused([](const std::string& text) { return read_yaml(text, "input"); },
                   {
                       {"a: 1\na: 2\n", "duplicate_key", 2, 1, "a key twice"},
                       {"x: {a: 1, a: 2}\n", "duplicate_key", 1, 11, "a key twice in braces"},
                       {"x:\n  a: 1\n  'a': 2\n", "duplicate_key", 3, 3, "a key twice, quoted"},
                       {"a: &x [1]\nb: *x\n", "yaml_anchor", 1, 4, "an anchor"},
                       {"a: *x\n", "yaml_alias", 1, 4, "an alias to nothing"},
                       {"a: &x 1\n", "yaml_anchor", 1, 4, "an anchor of a scalar"},
                       {"a: !!str 1\n", "yaml_tag", 1, 4, "a tag"},
                       {"a: !x {b: 1}\n", "yaml_tag", 1, 4, "a tag of a map"},
                       {"? [a]\n: 1\n", "bad_key", 1, 3, "a list as key"},
                       {"a: [1\n", "bad_yaml", 2, 1, "a list without end"},
                       {"a: b: c\n", "bad_yaml", 1, 5, "two colons"},
                       {"\ta: 1\n", "bad_yaml", 1, 1, "a tab at the beginning of a line"},
                       {"a: \"\\q\"\n", "bad_yaml", 1, 5, "an unknown escape"},
                       {repeated("[", 65), "too_deep", 1, 65, "one level too many"},
                       {repeated("[", 100000), "too_deep", 1, 65, "very many levels"},
                       {"a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n", "yaml_anchor", 1, 4, "a billion laughs"},
                       {std::string((std::size_t{1} << 20U) + 1, '#'), "too_large", 1, 1, "too many octets"},
                   });
    EXPECT_THAT(read_yaml("a: \xff\n", "input").error().code, "bad_yaml");
}

std::string list_shown(const std::string& content) {
    const auto value = read_property_list("<plist>" + content + "</plist>", "input");
    return value ? shown(*value) : value.error().why;
}

TEST(PropertyList, GivesEveryValueWithItsPlace) {
    EXPECT_EQ(
        list_shown("<dict><key>a</key><array><true/><false/></array>\n<key>b&amp;</key><string>x &lt;<![CDATA[&]]>"
                   "</string><key>c</key><integer> 7 </integer><key>d</key><date>2027-06-01T00:00:00Z</date></dict>"),
        "{a: [yes(1:33) no(1:40) ](1:26) b&: 'x <&'(2:18) c: #7(2:66) d: @2027-06-01T00:00:00Z(2:100) }(1:8)");
    EXPECT_EQ(list_shown("<!-- note --><string> kept </string>"), "' kept '(1:21)");
    EXPECT_EQ(list_shown("<string/>"), "''(1:8)");
    EXPECT_TRUE(
        read_property_list("\xef\xbb\xbf<?xml version=\"1.0\"?>\n<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST "
                           "1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist><dict/></plist>\n",
                           "input"))
        << "as Xcode writes it";
}

TEST(PropertyList, A63_RefusesWhatIsNoneWithThePlace) {
    expect_refused(
        [](const std::string& text) { return read_property_list(text, "input"); },
        {
            {"bplist00\xd1", "binary_property_list", 1, 1, "the binary form"},
            {"<dict/>", "no_property_list", 1, 1, "XML of another kind"},
            {"<plist/>", "bad_property_list", 1, 1, "no value"},
            {"<plist><true/><true/></plist>", "bad_property_list", 1, 1, "two values"},
            {"<plist><set/></plist>", "bad_property_list", 1, 8, "an unknown element"},
            {"<plist><dict><key>a</key><true/><key>a</key><true/></dict></plist>", "duplicate_key", 1, 33,
             "a key twice"},
            {"<plist><dict><key>a</key><true/><key>&#97;</key><true/></dict></plist>", "duplicate_key", 1, 33,
             "a key twice, spelt otherwise"},
            {"<plist><dict><true/></dict></plist>", "bad_property_list", 1, 14, "a value without key"},
            {"<plist><dict><key>a</key></dict></plist>", "bad_property_list", 1, 14, "a key without value"},
            {"<plist><dict>x<key>a</key><true/></dict></plist>", "bad_property_list", 1, 14, "text between"},
            {"<plist><string>a<b/></string></plist>", "bad_property_list", 1, 8, "an element inside of a text"},
            {"<plist><true>x</true></plist>", "bad_property_list", 1, 8, "true that holds something"},
            {"<!DOCTYPE plist [<!ENTITY a \"b\">]><plist><string>&a;</string></plist>", "xml_doctype", 1, 1,
             "declarations inside"},
            {"<plist>" + repeated("<array>", 64) + repeated("</array>", 64) + "</plist>", "too_deep", 1, 7 + 63 * 7 + 1,
             "one level too many"},
        });
}

TEST(PropertyList, IsReadAsJsonWhereItIsJson) {
    EXPECT_EQ(shown(*read_property_list_or_json("\n {\"a\": true}", "input")), "{a: yes(2:8) }(2:2)");
    EXPECT_THAT(read_property_list_or_json("{\"a\": }", "input").error().code, "bad_json");
    EXPECT_EQ(shown(*read_property_list_or_json(" <plist><true/></plist>", "input")), "yes(1:9)");
}

TEST(Fields, TellTypesAndWhatNobodyAskedFor) {
    const auto map = read_json("{\"t\": \"x\", \"b\": true, \"l\": [\"y\", 1], \"m\": {}, \"rest\": 0}", "input");
    ASSERT_TRUE(map);
    Fields fields(*map, "input");
    EXPECT_EQ(*fields.text("t"), "x");
    EXPECT_EQ(*fields.boolean("b"), true);
    EXPECT_EQ(*fields.text("absent"), std::nullopt);
    EXPECT_EQ(*fields.list("absent"), nullptr);
    ASSERT_NE(*fields.map("m"), nullptr);
    EXPECT_THAT(fields.unread(), ElementsAre("l", "rest"));
    for (const auto& error : {fields.text("b").error(), fields.boolean("t").error(), fields.list("m").error(),
                              fields.map("l").error(), fields.texts("l").error()}) {
        EXPECT_EQ(error.code, "bad_type");
        EXPECT_THAT(error.why, HasSubstr(" must "));
    }
    EXPECT_EQ(fields.texts("l").error().place->column, 34U) << "the element, not the list";
    const auto plain = read_yaml("a: true\nb: 'true'\n", "input");
    Fields words(plain->front(), "input");
    EXPECT_EQ(*words.boolean("a"), true);
    EXPECT_FALSE(words.boolean("b")) << "a quoted word is a text";
}

TEST(JsonQuoted, A68_EscapesWhatEndsOrBreaksAString) {
    EXPECT_EQ(json_quoted("a\"b\\c\n\x01\x7f"), "\"a\\\"b\\\\c\\n\\u0001\x7f\"");
    EXPECT_EQ(json_quoted("\xff"), "\"\xef\xbf\xbd\"");
    const std::string odd = "\"}: x # [*&!\n- y\\";
    EXPECT_EQ(read_yaml("a: " + json_quoted(odd), "input")->front().items.front().text, odd);
    EXPECT_EQ(read_json(json_quoted(odd), "input")->text, odd);
}

}  // namespace
}  // namespace cotter::formats
