// XML that is read, and the much that isn't.
#include "formats/xml_reader.h"

#include <gtest/gtest.h>

#include <vector>

namespace cotter::formats {
namespace {

struct Refused {
    std::string text;
    std::string code;
    std::size_t line;
    std::size_t column;
    std::string reason;
};

std::string nested(std::size_t levels) {
    std::string text;
    for (std::size_t i = 0; i < levels; ++i) text += "<a>";
    for (std::size_t i = 0; i < levels; ++i) text += "</a>";
    return text;
}

TEST(Xml, ReadsWellFormedText) {
    for (const std::string text :
         {"<a/>", "<a></a>", " \n<a b='c'/>\n", "<?xml version=\"1.0\" encoding=\"utf-8\"?><a/>",
          "<!-- <b> & --><a/><!-- x -->", "<a>&lt;&gt;&amp;&quot;&apos;&#65;&#x41;&#9;&#x10FFFF;</a>",
          "<a><![CDATA[<&]]>]]</a>", "<a b=\"'&lt;\" c='\">'/>", "\xef\xbb\xbf<a/>", "<a\n  b = 'c'\n/>"}) {
        EXPECT_TRUE(XmlText::parse(text, "input")) << text;
    }
    EXPECT_TRUE(XmlText::parse(nested(64), "input"));
}

TEST(Xml, KnowsThePlaceOfAnElement) {
    const auto xml = XmlText::parse("<a>\n  <b/>\n\n    <c x='1'/></a>", "input");
    ASSERT_TRUE(xml);
    EXPECT_EQ(xml->place(xml->root()), (Place{"input", 1, 1, std::nullopt}));
    EXPECT_EQ(xml->place(xml->root().child("b")), (Place{"input", 2, 3, std::nullopt}));
    EXPECT_EQ(xml->place(xml->root().child("c")), (Place{"input", 4, 5, std::nullopt}));
}

TEST(Xml, A68_NoEntityNoDeclarationAndNothingHalfFormed) {
    const std::vector<Refused> cases{
        {"", "bad_xml", 1, 1, "nothing"},
        {"   \n", "bad_xml", 2, 1, "white space alone"},
        {"x", "bad_xml", 1, 1, "no element"},
        {"<a/>x", "bad_xml", 1, 5, "text behind the root"},
        {"x<a/>", "bad_xml", 1, 1, "text before the root"},
        {"<a/><b/>", "bad_xml", 1, 5, "two roots"},
        {"<a>", "bad_xml", 1, 4, "no end"},
        {"</a>", "bad_xml", 1, 1, "an end alone"},
        {"<a></b>", "bad_xml", 1, 6, "the end of another"},
        {"<a><b></a></b>", "bad_xml", 1, 9, "crossed elements"},
        {"<a", "bad_xml", 1, 1, "a tag without end"},
        {"<a b/>", "bad_xml", 1, 6, "an attribute without value"},
        {"<a b=c/>", "bad_xml", 1, 6, "a value without quotes"},
        {"<a b='c/>", "bad_xml", 1, 1, "quotes without end"},
        {"<a b='<'/>", "bad_xml", 1, 7, "a < in a value"},
        {"<a b='1' b='2'/>", "bad_xml", 1, 1, "an attribute twice"},
        {"<a>\n<c/><d b='1' e='' b='2'/></a>", "bad_xml", 2, 5, "an attribute twice, inside"},
        {"<a>&</a>", "bad_xml", 1, 4, "an & alone"},
        {"<a>& b;</a>", "xml_entity", 1, 4, "no name"},
        {"<a>&b;</a>", "xml_entity", 1, 4, "an entity that nobody declared"},
        {"<a>&nbsp;</a>", "xml_entity", 1, 4, "HTML's"},
        {"<a b='&b;'/>", "xml_entity", 1, 7, "an entity in a value"},
        {"<a>&#xg;</a>", "bad_xml", 1, 4, "no hex"},
        {"<a>x&#0;y</a>", "bad_xml", 1, 5, "a zero character, at which a reader would stop"},
        {"<a>&#x0;</a>", "bad_xml", 1, 4, "the same in hex"},
        {"<a>&#31;</a>", "bad_xml", 1, 4, "a control character by its number"},
        {"<a>&#xD800;</a>", "bad_xml", 1, 4, "half of a character"},
        {"<a>&#x110000;</a>", "bad_xml", 1, 4, "beyond the last one"},
        {"<a>&#-65;</a>", "bad_xml", 1, 4, "a negative number"},
        {"<a>&#;</a>", "bad_xml", 1, 4, "no number"},
        {"<a>]]></a>", "bad_xml", 1, 4, "the end of CDATA alone"},
        {"<a><![CDATA[x</a>", "bad_xml", 1, 4, "CDATA without end"},
        {"<![CDATA[x]]><a/>", "bad_xml", 1, 1, "CDATA outside"},
        {"<a><!-- x</a>", "bad_xml", 1, 4, "a comment without end"},
        {"<?xml <a/>", "bad_xml", 1, 1, "a declaration without end"},
        {"<a>\x01</a>", "bad_xml", 1, 4, "a control character"},
        {std::string("<a>\0</a>", 8), "bad_xml", 1, 4, "a zero octet"},
        {"<!DOCTYPE a><a/>", "xml_doctype", 1, 1, "a document type"},
        {"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", "xml_doctype", 1, 1, "an external one"},
        {"<?xml version='1.0'?>\n<!DOCTYPE l [<!ENTITY a 'ha'><!ENTITY b '&a;&a;'>]>\n<l>&b;</l>", "xml_doctype", 2, 1,
         "a billion laughs"},
        {"<!ENTITY a 'b'><a/>", "xml_doctype", 1, 1, "a declaration alone"},
        {"<a><!ELEMENT b></a>", "xml_doctype", 1, 4, "a declaration inside"},
        {nested(65), "too_deep", 1, 64 * 3 + 1, "one level too many"},
        {nested(100000), "too_deep", 1, 64 * 3 + 1, "very many levels"},
        {std::string((std::size_t{1} << 20U) + 1, ' '), "too_large", 1, 1, "too many octets"},
    };
    for (const Refused& test : cases) {
        const auto xml = XmlText::parse(test.text, "input");
        ASSERT_FALSE(xml) << test.reason;
        EXPECT_EQ(xml.error().code, test.code) << test.reason << ": " << xml.error().why;
        EXPECT_EQ(xml.error().place->line, test.line) << test.reason << ": " << xml.error().why;
        EXPECT_EQ(xml.error().place->column, test.column) << test.reason << ": " << xml.error().why;
    }
}

TEST(Xml, ADocumentTypeIsPassedOverOnlyWhereThatIsSaidAndWithoutDeclarations) {
    const auto parse = [](const std::string& text) { return XmlText::parse(text, "input", Doctype::kIgnored); };
    EXPECT_TRUE(parse("<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>"));
    EXPECT_EQ(parse("<!DOCTYPE a [<!ENTITY b 'c'>]><a/>").error().code, "xml_doctype");
    EXPECT_EQ(parse("<!DOCTYPE a><!DOCTYPE a><a/>").error().code, "xml_doctype");
    EXPECT_EQ(parse("<a/><!DOCTYPE a>").error().code, "xml_doctype");
    EXPECT_EQ(parse("<!DOCTYPE a").error().code, "xml_doctype");
}

TEST(XmlEscaped, A68_EscapesWhatIsMarkup) {
    const std::string odd = "</a><b c=\"'\">&amp; \xc3\xa9";
    EXPECT_EQ(xml_escaped(odd), "&lt;/a&gt;&lt;b c=&quot;&apos;&quot;&gt;&amp;amp; \xc3\xa9");
    EXPECT_EQ(xml_escaped(std::string("\0\x1f", 2)), "\xef\xbf\xbd\xef\xbf\xbd");
    const auto xml = XmlText::parse("<a b=\"" + xml_escaped(odd) + "\">" + xml_escaped(odd) + "</a>", "input");
    ASSERT_TRUE(xml);
    EXPECT_EQ(only_text(xml->root()), odd);
    EXPECT_EQ(xml->root().attribute("b").value(), odd);
}

}  // namespace
}  // namespace cotter::formats
