// Who may be believed about a next key: its holder, for this present key, this role and this connection, and nobody
// else.
#include "identity/key_proof.h"

#include "x509/testing/mint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cotter::identity {
namespace {

using x509::testing::mint;
using x509::testing::Minted;
using x509::testing::MintKey;

Identity identity_of(const Minted& minted) {
    auto identity = Identity::from(minted.shared_key(), {minted.certificate()});
    if (!identity) throw std::runtime_error(identity.error().why);
    return *identity;
}

class KeyProof : public ::testing::Test {
  protected:
    // Named, since a certificate's key is a view into it.
    const Minted present_minted_ = mint().leaf("present.example");
    const Minted next_ = mint().leaf("next.example");
    const x509::Certificate present_ = present_minted_.certificate();
    Identity next_identity_ = identity_of(next_);
    std::array<std::byte, 32> session_{std::byte{1}, std::byte{2}};

    [[nodiscard]] KeyProofPlace place(KeyRole role = KeyRole::kServer) const {
        return {role, present_.public_key(), session_};
    }
    [[nodiscard]] ByteVector proof() const { return *prove_key(next_identity_, place()); }
    static std::string refused(const Result<x509::PublicKey>& checked) {
        return checked ? "accepted" : checked.error().code;
    }
};

TEST_F(KeyProof, A208_ShowsTheKeyThatSigned) {
    for (const MintKey kind : {MintKey::kP256, MintKey::kP384, MintKey::kEd25519, MintKey::kRsa2048}) {
        const Minted next = mint().key(kind).leaf("next.example");
        const auto made = prove_key(identity_of(next), place());
        ASSERT_TRUE(made);
        const auto checked = check_key_proof(*made, place());
        ASSERT_TRUE(checked) << checked.error().why;
        EXPECT_EQ(*checked, next.certificate().public_key());
        EXPECT_LE(made->size(), kMostKeyProof);
    }
}

TEST_F(KeyProof, A32_IsWorthNothingAnywhereElse) {
    const Minted other_minted = mint().leaf("other.example");
    const x509::Certificate other = other_minted.certificate();
    std::array<std::byte, 32> other_session = session_;
    other_session[31] ^= std::byte{1};
    EXPECT_EQ(refused(check_key_proof(proof(), {KeyRole::kServer, present_.public_key(), other_session})),
              "key_proof_bad")
        << "a recorded announcement was believed on another connection";
    EXPECT_EQ(refused(check_key_proof(proof(), {KeyRole::kServer, other.public_key(), session_})), "key_proof_bad")
        << "an announcement of one key was believed for another";
    EXPECT_EQ(refused(check_key_proof(proof(), place(KeyRole::kClient))), "key_proof_bad")
        << "a server's statement was taken for a client's";
}

TEST_F(KeyProof, A208_OfAKeyThatSomebodyElseHoldsIsNone) {
    // The victim's key is named, and another one signs.
    const Minted victim_minted = mint().leaf("victim.example");
    const x509::Certificate victim = victim_minted.certificate();
    const Bytes spki = victim.public_key().subject_public_key_info();
    ByteVector forged = proof();
    ASSERT_EQ(spki.size(), next_.certificate().public_key().subject_public_key_info().size());
    std::ranges::copy(spki, forged.begin() + 2);
    EXPECT_EQ(refused(check_key_proof(forged, place())), "key_proof_bad");
}

TEST_F(KeyProof, AnyOctetOfItThatIsChangedMakesItNone) {
    const ByteVector whole = proof();
    for (std::size_t i = 0; i < whole.size(); ++i) {
        ByteVector changed = whole;
        changed[i] ^= std::byte{0x20};
        const auto checked = check_key_proof(changed, place());
        EXPECT_FALSE(checked) << i;
    }
    for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_FALSE(check_key_proof(Bytes(whole).first(size), place())) << size;
    ByteVector longer = whole;
    longer.push_back(std::byte{0});
    EXPECT_FALSE(check_key_proof(longer, place()));
    EXPECT_EQ(refused(check_key_proof(ByteVector(kMostKeyProof + 1), place())), "key_proof_malformed");
}

TEST_F(KeyProof, A101_OfAWeakKeyIsRefused) {
    const Minted weak_minted = mint().key(MintKey::kRsa1024).leaf("weak.example");
    const x509::Certificate weak = weak_minted.certificate();
    // Identity refuses such a key, so its statement is signed by hand.
    const Bytes spki = weak.public_key().subject_public_key_info();
    ByteVector named{static_cast<std::byte>(spki.size() >> 8U), static_cast<std::byte>(spki.size() & 0xffU)};
    named.insert(named.end(), spki.begin(), spki.end());
    named.resize(named.size() + 128);
    EXPECT_EQ(refused(check_key_proof(named, place())), "weak_key");
}

TEST_F(KeyProof, OfThePresentKeyItselfIsRefused) {
    const auto made = prove_key(identity_of(present_minted_), place());
    ASSERT_TRUE(made);
    EXPECT_EQ(refused(check_key_proof(*made, place())), "same_key");
}

TEST_F(KeyProof, SignsAStatementThatNoHandshakeSigns) {
    const ByteVector statement = key_statement(place(), next_.certificate().public_key());
    std::string text;
    for (const std::byte octet : statement) text += static_cast<char>(octet);
    EXPECT_TRUE(text.starts_with(std::string(64, ' ') + "cotter, version 1: the key that follows the server's" +
                                 std::string(1, '\0')));
    EXPECT_EQ(statement.size(), 64U + 52U + 1U + 32U * 3U);
    EXPECT_THAT(text, ::testing::Not(::testing::HasSubstr("TLS 1.3, ")));
}

}  // namespace
}  // namespace cotter::identity
