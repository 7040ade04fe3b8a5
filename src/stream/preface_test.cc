// The preface, as it arrives: whole, in pieces, malformed, too long.
#include "stream/preface.h"

#include "stream/testing/sockets.h"

#include <gtest/gtest.h>

namespace cotter::stream {
namespace {

using testing::bytes_of;
using testing::text_of;
using State = PrefaceReader::State;

ByteVector frame(unsigned type, std::string_view payload) {
    ByteVector bytes{static_cast<std::byte>(type), static_cast<std::byte>(payload.size() >> 8U),
                     static_cast<std::byte>(payload.size() & 0xffU)};
    const ByteVector rest = bytes_of(payload);
    bytes.insert(bytes.end(), rest.begin(), rest.end());
    return bytes;
}

ByteVector operator+(ByteVector left, const ByteVector& right) {
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

TEST(Preface, ReadyIsFollowedByTheStream) {
    PrefaceReader reader;
    EXPECT_EQ(reader.take(ready_preface() + bytes_of("first octets")), State::kReady);
    EXPECT_EQ(text_of(reader.rest()), "first octets");
}

TEST(Preface, ArrivesOctetByOctet) {
    const ByteVector whole = frame(0x10, "unknown and passed over") + ready_preface();
    PrefaceReader reader;
    for (std::size_t i = 0; i + 1 < whole.size(); ++i) {
        ASSERT_EQ(reader.take(Bytes(whole).subspan(i, 1)), State::kIncomplete) << i;
    }
    EXPECT_EQ(reader.take(Bytes(whole).last(1)), State::kReady);
    EXPECT_TRUE(reader.rest().empty());
}

TEST(Preface, A149_WhatTheServerSaysIsMadeSafe) {
    PrefaceReader reader;
    EXPECT_EQ(reader.take(unavailable_preface("no \x1b[31m backend\n")), State::kUnavailable);
    EXPECT_EQ(reader.why(), "no \\x1b[31m backend\\x0a");
    PrefaceReader again;
    EXPECT_EQ(again.take(unavailable_preface(std::string(5000, 'x'))), State::kUnavailable);
    EXPECT_LE(again.why().size(), 260U);
}

TEST(Preface, SaysWhichKeyWillFollow) {
    const KeyNews news{bytes_of("proof"), 2};
    PrefaceReader reader;
    EXPECT_EQ(reader.take(key_news_frame(news) + ready_preface() + bytes_of("x")), State::kReady);
    EXPECT_EQ(reader.key_news(), news);
    EXPECT_EQ(text_of(reader.rest()), "x");
    PrefaceReader none;
    EXPECT_EQ(none.take(key_news_frame({}) + ready_preface()), State::kReady);
    EXPECT_EQ(none.key_news(), KeyNews{});
    PrefaceReader silent;
    EXPECT_EQ(silent.take(ready_preface()), State::kReady);
    EXPECT_FALSE(silent.key_news());
}

TEST(Preface, AWordAboutKeysThatIsNotOneIsMalformed) {
    const ByteVector news = key_news_frame({bytes_of("proof"), 0});
    for (const ByteVector& bad : {frame(3, ""), frame(3, "1"), frame(4, "x"), news + news, news + frame(4, ""),
                                  frame(4, "") + news, key_news_frame({ByteVector(4096), 0})}) {
        PrefaceReader reader;
        EXPECT_EQ(reader.take(bad + ready_preface()), State::kMalformed);
    }
}

TEST(Preface, A149_WhatARevokedClientIsToldIsMadeSafe) {
    PrefaceReader reader;
    EXPECT_EQ(reader.take(farewell_preface("moved to \x1b]0;evil\x07 vpn2")), State::kFarewell);
    EXPECT_EQ(reader.why(), "moved to \\x1b]0;evil\\x07 vpn2");
    PrefaceReader again;
    EXPECT_EQ(again.take(farewell_preface(std::string(5000, 'x'))), State::kFarewell);
    EXPECT_EQ(again.why().size(), 1024U);
}

TEST(Preface, WhatIsNotOneIsMalformed) {
    struct Case {
        const char* why;
        ByteVector bytes;
    };
    const Case cases[] = {
        {"type 0", frame(0, "")},
        {"a critical type that nobody knows", frame(0x80, "")},
        {"the last critical type", frame(0xff, "")},
        {"a frame longer than a preface may be", frame(0x10, std::string(4094, 'x'))},
        {"a length that promises too much", {std::byte{0x10}, std::byte{0xff}, std::byte{0xff}}},
        {"HTTP", bytes_of("HTTP/1.1 400 Bad Request\r\n")},
    };
    for (const Case& c : cases) {
        PrefaceReader reader;
        EXPECT_EQ(reader.take(c.bytes), State::kMalformed) << c.why;
    }
}

TEST(Preface, FramesWithoutEndAreMalformed) {
    PrefaceReader reader;
    State state = State::kIncomplete;
    std::size_t taken = 0;
    for (; state == State::kIncomplete && taken < 100'000; taken += 3) state = reader.take(frame(0x10, ""));
    EXPECT_EQ(state, State::kMalformed);
    EXPECT_LE(taken, kMostPreface + 3);
}

}  // namespace
}  // namespace cotter::stream
