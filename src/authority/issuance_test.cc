// Issuing, renewing, revoking: the registry and the certificates always say the same.
#include "authority/issuance.h"

#include "registry/testing/store.h"
#include "x509/openssl.h"
#include "x509/testing/lint.h"
#include "x509/testing/mint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <openssl/x509.h>

namespace cotter::authority {
namespace {

using registry::ClientState;
using registry::IssuedCertificates;
using registry::testing::by_admin;
using registry::testing::kNow;
using registry::testing::name_of;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using enum x509::RevocationReason;
using x509::testing::mint;
using x509::testing::Minted;
using x509::testing::MintKey;

constexpr std::chrono::days kYear{365};
constexpr std::chrono::hours kDay{24};

class Issuance : public ::testing::TestWithParam<registry::testing::StoreKind> {
  protected:
    static x509::PublicKey key_of(const Minted& minted) { return minted.certificate().public_key(); }

    Result<Issued> give(std::string_view name, const x509::PublicKey& key, NameTaken taken = NameTaken::kRefuse,
                        std::chrono::seconds life = kYear) {
        return issue(*registry_, authority_, name_of(name), key, life, taken, by_admin());
    }
    x509::Certificate must_give(std::string_view name, const x509::PublicKey& key,
                                NameTaken taken = NameTaken::kRefuse) {
        auto issued = give(name, key, taken);
        EXPECT_TRUE(issued) << issued.error().why;
        return issued->certificate;
    }
    IssuedCertificates issued() { return IssuedCertificates(registry_->store()); }
    registry::Client client(std::string_view name) { return *registry_->find(name_of(name)); }
    std::optional<Time> revoked_at(const x509::Certificate& certificate) {
        return issued().find(certificate.issuer_and_serial().serial)->revoked;
    }
    /// What a server that has read the registry now says of whoever shows this certificate.
    trust::StandingState standing_of(const x509::Certificate& certificate) {
        const auto snapshot = registry_->snapshot();
        EXPECT_TRUE(snapshot);
        return (*snapshot)->standing_of(certificate, kNow).state;
    }
    /// The serial numbers on the next list, in hex.
    std::vector<std::string> listed(Time now = kNow + kDay) {
        const auto list = next_list(*registry_, authority_, kYear, by_admin(now));
        EXPECT_TRUE(list) << list.error().why;
        EXPECT_THAT(x509::testing::lint_crl(list->der(), authority_.certificate()), IsEmpty());
        std::vector<std::string> serials;
        const STACK_OF(X509_REVOKED)* const entries = X509_CRL_get_REVOKED(list->decoded());
        for (int i = 0; i < sk_X509_REVOKED_num(entries); ++i) {
            const std::unique_ptr<BIGNUM, x509::FreeBy<BN_free>> number(
                ASN1_INTEGER_to_BN(X509_REVOKED_get0_serialNumber(sk_X509_REVOKED_value(entries, i)), nullptr));
            char* const digits = BN_bn2hex(number.get());
            std::string text(digits);
            OPENSSL_free(digits);
            std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
            serials.push_back(text);
        }
        return serials;
    }

    registry::testing::Folder folder_;
    std::unique_ptr<Registry> registry_ = registry::testing::open(GetParam().url(folder_.path()));
    Authority authority_ = *Authority::make_root(identity::KeyChoice::kP256, "Example", Authority::Depth::kRootAlone,
                                                 kNow - kDay, kYear * 10);
    Minted alice_ = mint().leaf("whoever").make();
    Minted other_ = mint().leaf("whoever").make();
};

TEST_P(Issuance, EntersTheClientItsKeyAndTheCertificateTogether) {
    const auto certificate = must_give("alice", key_of(alice_));
    const auto registered = client("alice");
    EXPECT_EQ(registered.expires, certificate.not_after());
    ASSERT_THAT(registered.keys, SizeIs(1));
    EXPECT_EQ(registered.keys.front().pin, *certificate.pin(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256));
    EXPECT_EQ(registered.keys.front().certificate, certificate.issuer_and_serial());
    EXPECT_THAT(*issued().of_client(name_of("alice")), SizeIs(1));
    EXPECT_EQ(*registry_->version(), 1U);
}

TEST_P(Issuance, ARefusedOneLeavesNothingBehind) {
    must_give("alice", key_of(alice_));
    EXPECT_EQ(give("bob", key_of(alice_)).error().code, "key_taken");
    EXPECT_EQ(registry_->find(name_of("bob")).error().code, "no_such_client");
    EXPECT_THAT(*issued().list(), SizeIs(1));
}

TEST_P(Issuance, A214_ATakenNameGetsAnotherKeyOnlyIfTheOwnerSaysSo) {
    must_give("alice", key_of(alice_));
    const auto refused = give("alice", key_of(other_));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "name_taken");
    EXPECT_THAT(refused.error().next, HasSubstr("--add-key"));
    EXPECT_TRUE(give("alice", key_of(other_), NameTaken::kAddKey));
    EXPECT_THAT(client("alice").keys, SizeIs(2));
    EXPECT_THAT(*issued().of_client(name_of("alice")), SizeIs(2));
}

TEST_P(Issuance, OneMoreKeyLeavesAnAdmissionWithoutEndAsItIs) {
    ASSERT_TRUE(registry_->add(name_of("alice"), {registry::testing::key_of(1)}, std::nullopt, "", by_admin()));
    EXPECT_TRUE(give("alice", key_of(alice_), NameTaken::kAddKey));
    EXPECT_EQ(client("alice").expires, std::nullopt);
}

TEST_P(Issuance, A101_WeakKeysAreRefused) {
    for (const MintKey kind : {MintKey::kRsa1024, MintKey::kP192, MintKey::kDsa}) {
        const auto weak = mint().leaf("weak").key(kind).make();
        EXPECT_EQ(give("weak", key_of(weak)).error().code, "weak_key");
    }
    EXPECT_THAT(*registry_->list(), IsEmpty());
}

TEST_P(Issuance, TheAuthoritysOwnKeyIsNoClients) {
    EXPECT_EQ(give("ca", authority_.certificate().public_key()).error().code, "ca_key");
}

TEST_P(Issuance, A76_ARevokedKeyGetsNoCertificateAgain) {
    must_give("alice", key_of(alice_));
    ASSERT_TRUE(registry_->revoke(name_of("alice"), "", by_admin()));
    ASSERT_TRUE(registry_->remove(name_of("alice"), by_admin()));
    EXPECT_EQ(give("alice", key_of(alice_)).error().code, "key_revoked");
    EXPECT_TRUE(give("alice", key_of(other_)));
}

TEST_P(Issuance, ReissueCertifiesAKeyThatIsTheClientsAndNoOther) {
    must_give("alice", key_of(alice_));
    const auto next = key_of(other_);
    const auto early = reissue(*registry_, authority_, name_of("alice"), next, kYear, by_admin());
    ASSERT_FALSE(early);
    EXPECT_EQ(early.error().code, "no_such_key");
    ASSERT_TRUE(registry_->add_key(name_of("alice"), registry::new_key_of(next), by_admin()));
    const auto renewed = reissue(*registry_, authority_, name_of("alice"), next, kYear * 2, by_admin());
    ASSERT_TRUE(renewed) << renewed.error().why;
    EXPECT_EQ(renewed->certificate.public_key().canonical(), next.canonical());
    EXPECT_EQ(client("alice").expires, renewed->certificate.not_after());
    EXPECT_EQ(*registry_->version(), renewed->version);
}

TEST_P(Issuance, ReissueAndTheKeyThatItIsForAreOneTransactionIfTheyShallBe) {
    must_give("alice", key_of(alice_));
    const auto next = key_of(other_);
    const auto done = registry_->store().write("renewing", [&]() -> Result<Issued> {
        auto added = registry_->add_key(name_of("alice"), registry::new_key_of(next), by_admin());
        if (!added) return unexpected(added.error());
        return reissue(*registry_, authority_, name_of("alice"), next, kYear, by_admin(kNow + kYear * 20));
    });
    ASSERT_FALSE(done) << "the authority has expired by then";
    EXPECT_THAT(client("alice").keys, SizeIs(1));
}

TEST_P(Issuance, ReissueIsForActiveClients) {
    must_give("alice", key_of(alice_));
    ASSERT_TRUE(registry_->suspend(name_of("alice"), "", by_admin()));
    EXPECT_EQ(reissue(*registry_, authority_, name_of("alice"), key_of(alice_), kYear, by_admin()).error().code,
              "client_suspended");
    ASSERT_TRUE(registry_->revoke(name_of("alice"), "", by_admin()));
    EXPECT_EQ(reissue(*registry_, authority_, name_of("alice"), key_of(alice_), kYear, by_admin()).error().code,
              "client_revoked");
    EXPECT_THAT(*issued().list(), SizeIs(1));
}

TEST_P(Issuance, RenewalIsForTheSameKeyAndAsLongAsBefore) {
    const auto first = give("alice", key_of(alice_), NameTaken::kRefuse, kDay);
    ASSERT_TRUE(first);
    const Time later = kNow + std::chrono::hours(20);
    const auto second = renew(*registry_, authority_, name_of("alice"), std::nullopt, by_admin(later));
    ASSERT_TRUE(second) << second.error().why;
    EXPECT_EQ(second->certificate.public_key(), first->certificate.public_key());
    EXPECT_EQ(second->certificate.not_after(), later + kDay);
    EXPECT_EQ(client("alice").expires, later + kDay);
    EXPECT_EQ(revoked_at(first->certificate), std::nullopt);
    const auto third = renew(*registry_, authority_, name_of("alice"), kYear, by_admin(later));
    ASSERT_TRUE(third);
    EXPECT_EQ(third->certificate.not_after(), later + kYear);
    EXPECT_EQ(renew(*registry_, authority_, name_of("bob"), kYear, by_admin()).error().code, "no_such_client");
    ASSERT_TRUE(registry_->add(name_of("carol"), {registry::testing::key_of(1)}, std::nullopt, "", by_admin()));
    EXPECT_EQ(renew(*registry_, authority_, name_of("carol"), kYear, by_admin()).error().code, "no_such_certificate");
}

TEST_P(Issuance, RevokingByNameRevokesBoth) {
    const auto first = must_give("alice", key_of(alice_));
    const auto second = must_give("alice", key_of(other_), NameTaken::kAddKey);
    const auto revocation = revoke(*registry_, "alice", kKeyCompromise, by_admin(kNow + kDay));
    ASSERT_TRUE(revocation) << revocation.error().why;
    EXPECT_EQ(revocation->client, name_of("alice"));
    EXPECT_EQ(revocation->certificates, 2U);
    EXPECT_EQ(client("alice").state, ClientState::kRevoked);
    EXPECT_EQ(client("alice").state_reason, "keyCompromise");
    EXPECT_THAT(listed(), ::testing::UnorderedElementsAre(first.serial_text(), second.serial_text()));
    EXPECT_EQ(revoke(*registry_, "alice", kKeyCompromise, by_admin()).error().code, "client_revoked");
    EXPECT_EQ(revoke(*registry_, "nobody", kKeyCompromise, by_admin()).error().code, "no_such_client");
}

TEST_P(Issuance, RevokingTheOnlyCertificateRevokesTheClient) {
    const auto certificate = must_give("alice", key_of(alice_));
    const auto revocation = revoke(*registry_, certificate.serial_text(), kKeyCompromise, by_admin());
    ASSERT_TRUE(revocation) << revocation.error().why;
    EXPECT_EQ(revocation->client, name_of("alice"));
    EXPECT_EQ(client("alice").state, ClientState::kRevoked);
    EXPECT_THAT(listed(), ::testing::ElementsAre(certificate.serial_text()));
    EXPECT_EQ(revoke(*registry_, certificate.serial_text(), kKeyCompromise, by_admin()).error().code,
              "certificate_revoked");
}

TEST_P(Issuance, RevokingOneOfTwoCertificatesTakesItsKeyForGood) {
    const auto lost = must_give("alice", key_of(alice_));
    const auto kept = must_give("alice", key_of(other_), NameTaken::kAddKey);
    ASSERT_TRUE(revoke(*registry_, lost.serial_text(), kKeyCompromise, by_admin()));
    const auto left = client("alice");
    EXPECT_EQ(left.state, ClientState::kActive);
    ASSERT_THAT(left.keys, SizeIs(1));
    EXPECT_EQ(left.keys.front().canonical, kept.public_key().canonical());
    EXPECT_EQ(give("bob", key_of(alice_)).error().code, "key_revoked");
    EXPECT_THAT(listed(), ::testing::ElementsAre(lost.serial_text()));
    EXPECT_EQ(standing_of(lost), trust::StandingState::kRevoked);
    EXPECT_EQ(standing_of(alice_.certificate()), trust::StandingState::kRevoked) << "another certificate of its key";
    EXPECT_EQ(standing_of(kept), trust::StandingState::kActive);
}

TEST_P(Issuance, ASupersededCertificateLeavesItsKeyAlone) {
    const auto first = must_give("alice", key_of(alice_));
    const auto second = renew(*registry_, authority_, name_of("alice"), kYear, by_admin(kNow + kDay));
    ASSERT_TRUE(second);
    ASSERT_TRUE(revoke(*registry_, first.serial_text(), kSuperseded, by_admin(kNow + kDay)));
    EXPECT_EQ(client("alice").state, ClientState::kActive);
    EXPECT_THAT(client("alice").keys, SizeIs(1));
    EXPECT_THAT(listed(kNow + kDay * 2), ::testing::ElementsAre(first.serial_text()));
    EXPECT_EQ(standing_of(first), trust::StandingState::kRevoked);
    EXPECT_EQ(standing_of(second->certificate), trust::StandingState::kActive);
}

TEST_P(Issuance, ARemovedClientsCertificateCanStillBeRevoked) {
    const auto certificate = must_give("alice", key_of(alice_));
    ASSERT_TRUE(registry_->remove(name_of("alice"), by_admin()));
    const auto revocation = revoke(*registry_, "alice", kKeyCompromise, by_admin());
    ASSERT_TRUE(revocation) << revocation.error().why;
    EXPECT_EQ(revocation->certificates, 1U);
    EXPECT_THAT(listed(), ::testing::ElementsAre(certificate.serial_text()));
    EXPECT_EQ(give("alice", key_of(alice_)).error().code, "key_revoked");
}

TEST_P(Issuance, ASerialNumberMayBeWrittenAsToolsWriteIt) {
    const auto certificate = must_give("alice", key_of(alice_));
    std::string written;
    for (std::size_t i = 0; i < certificate.serial_text().size(); i += 2)
        written += (i > 0 ? ":" : "") + certificate.serial_text().substr(i, 2);
    std::ranges::transform(written, written.begin(), [](unsigned char c) { return std::toupper(c); });
    EXPECT_TRUE(revoke(*registry_, written, kKeyCompromise, by_admin()));
    for (const std::string_view nothing : {"0102030405060708090a0b0c0d0e0f10", "::", "4G:"})
        EXPECT_FALSE(revoke(*registry_, nothing, kKeyCompromise, by_admin())) << nothing;
}

TEST_P(Issuance, AWordThatIsANameAndASerialNumberIsTheName) {
    const auto certificate = must_give("alice", key_of(alice_));
    must_give(certificate.serial_text(), key_of(other_));
    const auto revocation = revoke(*registry_, certificate.serial_text(), kKeyCompromise, by_admin());
    ASSERT_TRUE(revocation);
    EXPECT_EQ(revocation->client, name_of(certificate.serial_text()));
    EXPECT_EQ(client("alice").state, ClientState::kActive);
}

INSTANTIATE_TEST_SUITE_P(Stores, Issuance, ::testing::ValuesIn(registry::testing::all_stores()),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace cotter::authority
