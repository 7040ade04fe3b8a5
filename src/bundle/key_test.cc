#include "bundle/key.h"

#include "bundle/testing/owner.h"
#include "bundle/verification.h"
#include "x509/openssl.h"

#include <gtest/gtest.h>

namespace cotter::bundle {
namespace {

using testing::make_signing_key;
using testing::must;

formats::Document read(std::string_view text) {
    return must(formats::read_json(text, "test"));
}

TEST(BundleKey, SignsAndChecksWithEachKindOfKey) {
    for (const auto choice :
         {identity::KeyChoice::kEd25519, identity::KeyChoice::kP256, identity::KeyChoice::kRsa3072}) {
        const SigningKey key = make_signing_key(choice);
        const ByteVector signature = must(sign(key.key.get(), x509::as_bytes("what is signed")));
        EXPECT_TRUE(key.half.has_signed(x509::as_bytes("what is signed"), signature)) << key.half.scheme();
        EXPECT_FALSE(key.half.has_signed(x509::as_bytes("something else"), signature)) << key.half.scheme();
        EXPECT_FALSE(make_signing_key(choice).half.has_signed(x509::as_bytes("what is signed"), signature));
        const Key again = must(Key::parse(key.half.object(), "test"));
        EXPECT_EQ(again.digest(), key.half.digest());
        EXPECT_TRUE(again.has_signed(x509::as_bytes("what is signed"), signature));
    }
}

TEST(BundleKey, ReadsAPointInHexAsEarlyProgramsWroteIt) {
    const SigningKey key = make_signing_key(identity::KeyChoice::kP256);
    const Key same = must(Key::parse(
        json_object(
            {{"keytype", json_string("ecdsa-sha2-nistp256")},
             {"scheme", json_string("ecdsa-sha2-nistp256")},
             {"keyval", json_object({{"public", json_string(text::hex(key.half.public_key()->key_octets()))}})}}),
        "test"));
    EXPECT_EQ(same.public_key()->canonical(), key.half.public_key()->canonical());
    EXPECT_NE(same.digest(), key.half.digest());
}

TEST(BundleKey, RefusesAKnownKindThatIsMalformedAndCountsNothingOfAnUnknownOne) {
    const struct {
        std::string_view text;
        std::string_view code;
        std::string_view why;
    } kRows[] = {
        {R"({"keytype":"ed25519","scheme":"ed25519","keyval":{"public":"00"}})", "bad_key", "too short"},
        {R"({"keytype":"ed25519","scheme":"ed25519","keyval":{}})", "bad_key", "none"},
        {R"({"keytype":"ed25519","scheme":"ed25519","keyval":{"public":
            "0000000000000000000000000000000000000000000000000000000000000000"}})",
         "bad_key", "of small order: anybody can sign for it"},
        {R"({"keytype":"ecdsa","scheme":"ecdsa-sha2-nistp256","keyval":{"public":"-----BEGIN PUBLIC KEY-----"}})",
         "bad_key", "no PEM"},
        {R"({"keytype":"ed25519","keyval":{"public":"00"}})", "bad_key", "no scheme"},
        {R"([])", "bad_type", "no object"},
    };
    for (const auto& row : kRows) {
        const auto key = Key::parse(read(row.text), "test");
        ASSERT_FALSE(key) << row.why;
        EXPECT_EQ(key.error().code, row.code) << row.why;
    }
    const Key unknown = must(
        Key::parse(read(R"({"keytype":"sphincs","scheme":"sphincs-shake-128s","keyval":{"public":"00"}})"), "test"));
    EXPECT_FALSE(unknown.public_key());
    EXPECT_FALSE(unknown.has_signed(x509::as_bytes("a"), {}));
}

/// A root of two keys for targets, of which the second is the first under another id, in another encoding.
Root root_of(const Key& first, const Key& second) {
    Root root;
    root.keys.emplace("one", first);
    root.keys.emplace("two", second);
    root.roles[Role::kTargets] = {{"one", "two"}, 2};
    return root;
}

TEST(Threshold, A139_OneKeyUnderTwoIdsCountsOnce) {
    const SigningKey key = make_signing_key(identity::KeyChoice::kP256);
    const std::string point = text::hex(key.half.public_key()->key_octets());
    const Key other_encoding = must(Key::parse(json_object({{"keytype", json_string("ecdsa")},
                                                            {"scheme", json_string("ecdsa-sha2-nistp256")},
                                                            {"keyval", json_object({{"public", json_string(point)}})}}),
                                               "test"));
    const ByteVector signature = must(sign(key.key.get(), x509::as_bytes("content")));
    const std::vector<Signature> twice{{"one", signature}, {"two", signature}};
    for (const Key& second : {key.half, other_encoding}) {
        const Root root = root_of(key.half, second);
        EXPECT_EQ(signers(root, Role::kTargets, "content", twice).size(), 1U);
        const auto checked = check_signatures(root, Role::kTargets, "content", twice, "test");
        ASSERT_FALSE(checked);
        EXPECT_EQ(checked.error().code, "bundle_under_signed");
    }
    const SigningKey other = make_signing_key();
    const std::vector<Signature> two{{"one", signature},
                                     {"two", must(sign(other.key.get(), x509::as_bytes("content")))}};
    EXPECT_TRUE(check_signatures(root_of(key.half, other.half), Role::kTargets, "content", two, "test"));
}

TEST(Threshold, OnlyTheRolesOwnKeysCount) {
    const SigningKey key = make_signing_key();
    Root root = root_of(key.half, make_signing_key().half);
    root.roles[Role::kTargets] = {{"two"}, 1};
    root.roles[Role::kSnapshot] = {{"one"}, 1};
    const std::vector<Signature> signatures{{"one", must(sign(key.key.get(), x509::as_bytes("content")))}};
    EXPECT_TRUE(check_signatures(root, Role::kSnapshot, "content", signatures, "test"));
    EXPECT_FALSE(check_signatures(root, Role::kTargets, "content", signatures, "test"));
    EXPECT_TRUE(signers(root, Role::kSnapshot, "content", {{"unheard-of", signatures[0].octets}}).empty());
}

}  // namespace
}  // namespace cotter::bundle
