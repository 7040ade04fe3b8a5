// Issued certificates in every store: what is recorded, what a list says of it, and that numbers only grow.
#include "registry/issued_certificates.h"

#include "registry/testing/store.h"
#include "x509/testing/mint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cotter::registry {
namespace {

using testing::by_admin;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::kNow;
using testing::name_of;
using ::testing::UnorderedElementsAre;
using enum x509::RevocationReason;

constexpr std::chrono::hours kDay{24};

/// A certificate for `days` from kNow, with a key of its own.
x509::Certificate certificate(int days = 30) {
    auto wish = x509::testing::mint().leaf("alice");
    wish.valid(kNow - kDay, kNow + kDay * days);
    return wish.make().certificate();
}

class IssuedCertificatesTest : public ::testing::TestWithParam<testing::StoreKind> {
  protected:
    /// Enters a client by its certificate, and the certificate.
    x509::Certificate issue(std::string_view name, int days = 30) {
        auto made = certificate(days);
        EXPECT_TRUE(registry_->add(name_of(name), {new_key_of(made)}, std::nullopt, "", by_admin()));
        EXPECT_TRUE(issued().add(made, issuer_, name_of(name), by_admin()));
        return made;
    }
    IssuedCertificates issued() { return IssuedCertificates(registry_->store()); }

    ListEdition list_at(Time now) {
        auto edition = issued().next_list(issuer_, by_admin(now));
        EXPECT_TRUE(edition) << edition.error().why;
        return edition ? std::move(*edition) : ListEdition{};
    }
    /// What a list says: serial, time and reason.
    using Row = std::tuple<ByteVector, Time, x509::RevocationReason>;
    std::vector<Row> rows_at(Time now) {
        std::vector<Row> rows;
        for (const auto& one : list_at(now).revoked) rows.emplace_back(one.serial, one.since, one.reason);
        return rows;
    }
    static Row row(const x509::Certificate& of, Time since, x509::RevocationReason reason) {
        return {of.issuer_and_serial().serial, since, reason};
    }

    testing::Folder folder_;
    std::unique_ptr<Registry> registry_ = testing::open(GetParam().url(folder_.path()));
    x509::CanonicalKey issuer_ = testing::canonical_of(0xca);
};

TEST_P(IssuedCertificatesTest, AreKeptWithAllThatIsKnownOfThem) {
    const auto made = issue("alice");
    const auto found = issued().find(made.issuer_and_serial().serial);
    ASSERT_TRUE(found) << found.error().why;
    EXPECT_EQ(found->certificate, made);
    EXPECT_EQ(found->issuer, issuer_);
    EXPECT_EQ(found->client, name_of("alice"));
    EXPECT_EQ(found->issued, kNow);
    EXPECT_EQ(found->actor, "admin@host");
    EXPECT_EQ(found->revoked, std::nullopt);
    EXPECT_EQ(state_of(*found, kNow), CertificateState::kValid);
    EXPECT_EQ(state_of(*found, made.not_after()), CertificateState::kValid);
    EXPECT_EQ(state_of(*found, made.not_after() + std::chrono::seconds(1)), CertificateState::kExpired);
    EXPECT_EQ(issued().list()->size(), 1U);
    EXPECT_EQ(issued().of_client(name_of("alice"))->size(), 1U);
    EXPECT_THAT(*issued().of_client(name_of("bob")), IsEmpty());
    EXPECT_EQ(issued().find(ByteVector(16, std::byte{1})).error().code, "no_such_certificate");
}

TEST_P(IssuedCertificatesTest, A212_TwoWithOneSerialNumberCannotBe) {
    const auto made = issue("alice");
    const auto again = issued().add(made, issuer_, name_of("bob"), by_admin());
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, "serial_taken");
    EXPECT_EQ(issued().find(made.issuer_and_serial().serial)->client, name_of("alice"));
}

TEST_P(IssuedCertificatesTest, AnErrorUndoesTheClientAndTheCertificateAlike) {
    const auto first = issue("alice");
    const auto done = registry_->store().write("issuing", [&]() -> Result<void> {
        const auto made = certificate();
        if (auto added = registry_->add(name_of("bob"), {new_key_of(made)}, std::nullopt, "", by_admin()); !added)
            return unexpected(added.error());
        if (auto added = issued().add(made, issuer_, name_of("bob"), by_admin()); !added) return added;
        return issued().add(first, issuer_, name_of("bob"), by_admin());
    });
    ASSERT_FALSE(done);
    EXPECT_EQ(registry_->find(name_of("bob")).error().code, "no_such_client");
    EXPECT_THAT(*issued().of_client(name_of("bob")), IsEmpty());
}

TEST_P(IssuedCertificatesTest, A108_ListsHaveNumbersThatOnlyGrow) {
    std::uint64_t last = 0;
    for (const Time now : {kNow, kNow, kNow + std::chrono::seconds(1), kNow - kDay, kNow + kDay, kNow + kDay}) {
        const auto number = list_at(now).number;
        EXPECT_GT(number, last);
        last = number;
    }
    // A store that has lost its memory begins above what it can have given out.
    testing::Folder elsewhere;
    const auto restored = testing::open(GetParam().url(elsewhere.path()));
    const auto edition = IssuedCertificates(restored->store()).next_list(issuer_, by_admin(kNow + kDay * 2));
    ASSERT_TRUE(edition);
    EXPECT_GT(edition->number, last);
}

TEST_P(IssuedCertificatesTest, OneAuthoritysListSaysNothingOfAnothers) {
    const auto made = issue("alice");
    ASSERT_TRUE(issued().revoke(made, kKeyCompromise, by_admin()));
    const auto other = issued().next_list(testing::canonical_of(0xcb), by_admin());
    ASSERT_TRUE(other);
    EXPECT_THAT(other->revoked, IsEmpty());
    EXPECT_THAT(rows_at(kNow), ElementsAre(row(made, kNow, kKeyCompromise)));
}

TEST_P(IssuedCertificatesTest, ARevocationIsForGoodAndKeepsItsFirstReason) {
    const auto made = issue("alice");
    ASSERT_TRUE(issued().revoke(made, kKeyCompromise, by_admin()));
    EXPECT_EQ(issued().revoke(made, kSuperseded, by_admin(kNow + kDay)).error().code, "certificate_revoked");
    EXPECT_THAT(rows_at(kNow + kDay), ElementsAre(row(made, kNow, kKeyCompromise)));
}

TEST_P(IssuedCertificatesTest, AClientsRevocationIsOnTheNextListAndStaysAfterItsRemoval) {
    const auto alice = issue("alice");
    const auto bob = issue("bob");
    ASSERT_TRUE(registry_->revoke(name_of("alice"), "laptop stolen", by_admin(kNow + kDay)));
    EXPECT_THAT(rows_at(kNow + kDay * 2), ElementsAre(row(alice, kNow + kDay, kUnspecified)));
    ASSERT_TRUE(registry_->remove(name_of("alice"), by_admin(kNow + kDay * 3)));
    EXPECT_THAT(rows_at(kNow + kDay * 3), ElementsAre(row(alice, kNow + kDay, kUnspecified)));
}

TEST_P(IssuedCertificatesTest, A116_ARevocationOutlivesTheClientAlsoIfNoListWasMadeBetween) {
    const auto alice = issue("alice");
    ASSERT_TRUE(registry_->revoke(name_of("alice"), "", by_admin(kNow + kDay)));
    ASSERT_TRUE(registry_->remove(name_of("alice"), by_admin(kNow + kDay)));
    EXPECT_THAT(rows_at(kNow + kDay * 2), ElementsAre(row(alice, kNow + kDay * 2, kUnspecified)));
}

TEST_P(IssuedCertificatesTest, WhoIsNoClientAnyMoreIsListed) {
    const auto removed = issue("alice");
    const auto dropped = issue("bob");
    const auto kept = issue("carol");
    ASSERT_TRUE(registry_->remove(name_of("alice"), by_admin()));
    ASSERT_TRUE(registry_->add_key(name_of("bob"), new_key_of(certificate()), by_admin()));
    ASSERT_TRUE(registry_->drop_key(name_of("bob"), new_key_of(dropped).pin, by_admin()));
    EXPECT_THAT(rows_at(kNow + kDay), UnorderedElementsAre(row(removed, kNow + kDay, kCessationOfOperation),
                                                           row(dropped, kNow + kDay, kCessationOfOperation)));
}

TEST_P(IssuedCertificatesTest, ASuspendedClientsCertificateIsOnHoldAsLongAsItIs) {
    const auto alice = issue("alice");
    ASSERT_TRUE(registry_->suspend(name_of("alice"), "on holiday", by_admin(kNow + kDay)));
    EXPECT_THAT(rows_at(kNow + kDay * 2), ElementsAre(row(alice, kNow + kDay, kCertificateHold)));
    ASSERT_TRUE(registry_->restore(name_of("alice"), by_admin(kNow + kDay * 3)));
    EXPECT_THAT(rows_at(kNow + kDay * 3), IsEmpty());
    EXPECT_EQ(issued().find(alice.issuer_and_serial().serial)->revoked, std::nullopt);
}

TEST_P(IssuedCertificatesTest, A116_ARevokedOneIsListedUntilAListAfterItsEnd) {
    const auto made = issue("alice", 10);
    const auto expected = row(made, kNow, kKeyCompromise);
    ASSERT_TRUE(issued().revoke(made, kKeyCompromise, by_admin()));
    EXPECT_THAT(rows_at(kNow + kDay * 9), ElementsAre(expected));
    EXPECT_THAT(rows_at(kNow + kDay * 40), ElementsAre(expected)) << "the first list after its end";
    EXPECT_THAT(rows_at(kNow + kDay * 41), IsEmpty());
}

TEST_P(IssuedCertificatesTest, A116_OneThatIsRevokedAfterItsEndIsListedOnce) {
    const auto made = issue("alice", 10);
    EXPECT_THAT(rows_at(kNow + kDay * 20), IsEmpty());
    ASSERT_TRUE(issued().revoke(made, kKeyCompromise, by_admin(kNow + kDay * 21)));
    EXPECT_THAT(rows_at(kNow + kDay * 22), ElementsAre(row(made, kNow + kDay * 21, kKeyCompromise)));
    EXPECT_THAT(rows_at(kNow + kDay * 23), IsEmpty());
}

TEST_P(IssuedCertificatesTest, AnIntermediatesIsNobodysClient) {
    const auto made = certificate();
    ASSERT_TRUE(issued().add(made, issuer_, std::nullopt, by_admin()));
    EXPECT_THAT(rows_at(kNow), IsEmpty()) << "it has no key in the registry, and needs none";
    ASSERT_TRUE(issued().revoke(made, kCaCompromise, by_admin()));
    EXPECT_THAT(rows_at(kNow), ElementsAre(row(made, kNow, kCaCompromise)));
    EXPECT_EQ(issued().find(made.issuer_and_serial().serial)->client, std::nullopt);
}

TEST_P(IssuedCertificatesTest, ProlongAnAdmissionAndNeverShortenIt) {
    const auto expires = [&] { return registry_->find(name_of("alice"))->expires; };
    ASSERT_TRUE(registry_->add(name_of("alice"), {testing::key_of(1)}, kNow + kDay, "", by_admin()));
    ASSERT_TRUE(issued().prolong(name_of("alice"), kNow + kDay * 2));
    EXPECT_EQ(expires(), kNow + kDay * 2);
    ASSERT_TRUE(issued().prolong(name_of("alice"), kNow));
    EXPECT_EQ(expires(), kNow + kDay * 2);
    ASSERT_TRUE(registry_->add(name_of("bob"), {testing::key_of(2)}, std::nullopt, "", by_admin()));
    ASSERT_TRUE(issued().prolong(name_of("bob"), kNow));
    EXPECT_EQ(registry_->find(name_of("bob"))->expires, std::nullopt);
}

TEST_P(IssuedCertificatesTest, DenyACertificateOrItsKeyForGood) {
    const auto made = issue("alice");
    ASSERT_TRUE(issued().deny(made, name_of("alice")));
    ASSERT_TRUE(issued().deny(made, name_of("alice")));
    EXPECT_EQ(registry_->add(name_of("bob"), {new_key_of(made)}, std::nullopt, "", by_admin()).error().code,
              "key_revoked");
    const auto other = issue("carol");
    ASSERT_TRUE(issued().deny_key(other, name_of("carol")));
    EXPECT_EQ(
        registry_->add(name_of("dave"), {new_key_of(other.public_key())}, std::nullopt, "", by_admin()).error().code,
        "key_revoked");
}

INSTANTIATE_TEST_SUITE_P(Stores, IssuedCertificatesTest, ::testing::ValuesIn(testing::all_stores()),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace
}  // namespace cotter::registry
