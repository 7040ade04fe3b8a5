// Octets of the control exchange: what is written is read again, and everything else is no request and no answer.
#include "service/control_exchange.h"

#include "stream/frame.h"
#include "x509/openssl.h"
#include "x509/testing/mint.h"

#include <gtest/gtest.h>

namespace cotter::service {
namespace {

Pin pin() {
    return *Pin::from_octets(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256, ByteVector(32, std::byte{7}));
}

x509::Certificate certificate() {
    static const x509::Certificate minted = x509::testing::mint().leaf("alice").make().certificate();
    return minted;
}

ByteVector bytes(std::initializer_list<int> octets) {
    ByteVector made;
    for (const int octet : octets) made.push_back(static_cast<std::byte>(octet));
    return made;
}

TEST(ControlExchange, ReadsWhatItWrites) {
    const ControlRequest requests[] = {AskName{},
                                       TellOfNextKey{registry::KeyAnswer::kReady, pin()},
                                       TellOfNextKey{registry::KeyAnswer::kRefused, pin()},
                                       RegisterKey{ByteVector(identity::kMostKeyProof)},
                                       RegisterKey{{}},
                                       FinishRenewal{},
                                       RenewCertificate{{}},
                                       RenewCertificate{ByteVector(identity::kMostKeyProof)}};
    for (const ControlRequest& request : requests) {
        const ByteVector written = to_bytes(request);
        EXPECT_LE(written.size(), kMostControlRequest);
        EXPECT_EQ(parse_control_request(written), request);
    }
    for (const ControlAnswer& answer :
         {ControlAnswer{"alice", {}}, ControlAnswer{"", ControlRefusal::kUnknown},
          ControlAnswer{"", ControlRefusal::kUnavailable}, ControlAnswer{std::string(512, 'x'), {}},
          ControlAnswer{"", ControlRefusal::kNotLater}, ControlAnswer{"", {}, {certificate()}},
          ControlAnswer{"", {}, std::vector(4, certificate())}}) {
        const ByteVector written = to_bytes(answer);
        EXPECT_LE(written.size(), kMostControlAnswer);
        EXPECT_EQ(*parse_control_answer(written), answer);
    }
}

TEST(ControlExchange, WhatIsNoRequestIsNone) {
    ByteVector answer_none = to_bytes(TellOfNextKey{registry::KeyAnswer::kReady, pin()});
    answer_none[3] = std::byte{0};
    ByteVector answer_unknown = answer_none;
    answer_unknown[3] = std::byte{5};
    for (const ByteVector& bad : {bytes({}), bytes({1}), bytes({1, 0}), bytes({0, 0, 0}), bytes({6, 0, 0}),
                                  bytes({5, 0, 1}), bytes({0x81, 0, 0}), bytes({1, 0, 1, 0}), bytes({1, 0, 0, 0}),
                                  bytes({1, 0, 1}), bytes({4, 0, 1, 0}), bytes({2, 0, 0}), bytes({2, 0, 2, 1, 1}),
                                  answer_none, answer_unknown, ByteVector(kMostControlRequest + 1, std::byte{3})}) {
        EXPECT_FALSE(parse_control_request(bad)) << bad.size();
    }
}

TEST(ControlExchange, AListIsOfOneToFourWholeCertificates) {
    ByteVector cut = to_bytes(ControlAnswer{"", {}, {certificate()}});
    cut.pop_back();
    const std::size_t size = cut.size() - stream::kFrameHeader;
    cut[1] = static_cast<std::byte>(size >> 8U);
    cut[2] = static_cast<std::byte>(size);
    for (const ByteVector& bad :
         {bytes({3, 0, 0}), bytes({3, 0, 1, 0}), bytes({3, 0, 2, 0, 0}), bytes({3, 0, 2, 0, 1}),
          bytes({3, 0, 3, 0, 1, 0x30}), cut, to_bytes(ControlAnswer{"", {}, std::vector(5, certificate())})}) {
        EXPECT_FALSE(parse_control_answer(bad)) << bad.size();
    }
}

TEST(ControlExchange, A149_AnAnswerIsOneFrameAndItsNameIsMadeSafe) {
    for (const ByteVector& bad : {bytes({}), bytes({1, 0}), bytes({1, 0, 1}), bytes({1, 0, 0, 0}), bytes({2, 0, 0}),
                                  bytes({2, 0, 1, 0}), bytes({2, 0, 1, 10}), bytes({2, 0, 2, 1, 1}), bytes({3, 0, 0}),
                                  ByteVector(kMostControlAnswer + 1, std::byte{1})}) {
        EXPECT_FALSE(parse_control_answer(bad)) << bad.size();
    }
    const auto named = parse_control_answer(bytes({1, 0, 3, 'a', 27, '\n'}));
    ASSERT_TRUE(named);
    EXPECT_EQ(named->name, "a\\x1b\\x0a");
}

}  // namespace
}  // namespace cotter::service
