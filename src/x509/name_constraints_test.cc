// Name constraints, for every name that a host could be matched with (RFC 5280 4.2.1.10).
#include "x509/path.h"
#include "x509/testing/mint.h"

#include <gtest/gtest.h>

namespace cotter::x509 {
namespace {

using testing::kMintNow;
using testing::mint;
using testing::Mint;
using testing::Minted;

class NameConstraints : public ::testing::Test {
  protected:
    /// Whether root > narrow > leaf is a path.
    [[nodiscard]] bool allows(const Minted& narrow, const Mint& leaf) const {
        return holds({Mint(leaf).signed_by(narrow), narrow}, root_);
    }

    [[nodiscard]] static bool holds(const std::vector<Minted>& presented, const Minted& anchor) {
        std::vector<Certificate> chain;
        for (const Minted& one : presented) chain.push_back(one.certificate());
        const TrustAnchors anchors({anchor.certificate()});
        return std::holds_alternative<VerifiedPath>(validate_path({&chain, &anchors, Purpose::kServer, kMintNow}));
    }

    [[nodiscard]] Minted narrow(const std::string& constraints) const {
        return mint().authority("narrow").signed_by(root_).name_constraints(constraints);
    }

    const Minted root_ = mint().authority("root");
};

TEST_F(NameConstraints, A93_HoldForNamesOfHosts) {
    const struct {
        const char* constraints;
        const char* name;
        bool is_allowed;
    } kCases[] = {
        {"permitted;DNS:db.example", "db.example", true},
        {"permitted;DNS:db.example", "a.b.db.example", true},
        {"permitted;DNS:db.example", "A.Db.EXAMPLE", true},
        {"permitted;DNS:DB.Example", "a.db.example", true},
        {"permitted;DNS:db.example", "xdb.example", false},
        {"permitted;DNS:db.example", "example", false},
        {"permitted;DNS:db.example", "db.example.org", false},
        {"permitted;DNS:db.example", "db.example.", false},
        {"permitted;DNS:.db.example", "a.db.example", true},
        {"permitted;DNS:.db.example", "db.example", false},
        {"permitted;DNS:a.example,permitted;DNS:b.example", "x.b.example", true},
        {"permitted;DNS:db.example,excluded;DNS:a.db.example", "a.db.example", false},
        {"permitted;DNS:db.example,excluded;DNS:a.db.example", "x.a.db.example", false},
        {"permitted;DNS:db.example,excluded;DNS:a.db.example", "b.db.example", true},
        {"excluded;DNS:db.example", "DB.EXAMPLE", false},
        {"excluded;DNS:DB.EXAMPLE", "a.db.example", false},
        {"excluded;DNS:db.example", "other.example", true},
    };
    for (const auto& one : kCases) {
        EXPECT_EQ(allows(narrow(one.constraints), mint().leaf("x").no_san().san_dns(one.name)), one.is_allowed)
            << one.constraints << " for " << one.name;
    }
}

TEST_F(NameConstraints, A93_HoldForEachNameThatAWildcardStandsFor) {
    const struct {
        const char* constraints;
        const char* wildcard;
        bool is_allowed;
        const char* why;
    } kCases[] = {
        {"permitted;DNS:db.example", "*.db.example", true, "all of them are inside"},
        {"permitted;DNS:db.example", "*.a.db.example", true, "and further down"},
        {"permitted;DNS:a.db.example", "*.db.example", false, "only one of them is inside"},
        {"excluded;DNS:db.example", "*.db.example", false, "all of them are excluded"},
        {"excluded;DNS:a.db.example", "*.db.example", false, "one of them is excluded"},
        {"excluded;DNS:A.DB.example", "*.db.Example", false, "in whatever case"},
        {"excluded;DNS:x.example,excluded;DNS:a.db.example", "*.db.example", false, "by the second of two"},
        {"excluded;DNS:a.b.db.example", "*.db.example", true, "it stands for one label only"},
        {"excluded;DNS:.a.db.example", "*.db.example", true, "a.db.example itself is not excluded"},
        {"excluded;DNS:a.other.example", "*.db.example", true, "elsewhere"},
        {"excluded;DNS:db", "*.db.example", true, "a label that is the same is no subtree"},
    };
    for (const auto& one : kCases) {
        EXPECT_EQ(allows(narrow(one.constraints), mint().leaf("x").no_san().san_dns(one.wildcard)), one.is_allowed)
            << one.constraints << " for " << one.wildcard << ": " << one.why;
    }
    // An anchor's constraints count as those of any authority.
    const Minted anchor = mint().authority("narrow root").name_constraints("excluded;DNS:a.db.example");
    EXPECT_FALSE(holds({mint().leaf("*.db.example").signed_by(anchor)}, anchor));
    EXPECT_TRUE(holds({mint().leaf("b.db.example").signed_by(anchor)}, anchor));
    // So do those of an authority further up.
    const Minted upper = narrow("excluded;DNS:a.db.example");
    const Minted lower = mint().authority("lower").signed_by(upper);
    EXPECT_FALSE(holds({mint().leaf("*.db.example").signed_by(lower), lower, upper}, root_));
}

TEST_F(NameConstraints, A93_HoldForAddresses) {
    const struct {
        const char* constraints;
        const char* address;
        bool is_allowed;
    } kCases[] = {
        {"permitted;IP:192.0.2.0/255.255.255.0", "192.0.2.7", true},
        {"permitted;IP:192.0.2.0/255.255.255.0", "192.0.3.7", false},
        {"permitted;IP:192.0.2.0/255.255.255.0", "2001:db8::1", false},
        {"excluded;IP:192.0.2.0/255.255.255.0", "192.0.2.7", false},
        {"excluded;IP:192.0.2.0/255.255.255.0", "192.0.3.7", true},
        {"excluded;IP:0.0.0.0/0.0.0.0", "203.0.113.1", false},
        {"permitted;IP:2001:db8::/ffff:ffff::", "2001:db8:1::7", true},
        {"permitted;IP:2001:db8::/ffff:ffff::", "2001:db9::7", false},
        {"permitted;IP:2001:db8::/ffff:ffff::", "192.0.2.7", false},
        {"excluded;IP:2001:db8::/ffff:ffff::", "2001:DB8::7", false},
        {"excluded;IP:2001:db8::/ffff:ffff::", "2001:db9::7", true},
        {"permitted;DNS:db.example", "192.0.2.7", true},  // no constraint on addresses
    };
    for (const auto& one : kCases) {
        EXPECT_EQ(allows(narrow(one.constraints), mint().leaf("x").no_san().san_ip(one.address)), one.is_allowed)
            << one.constraints << " for " << one.address;
    }
}

TEST_F(NameConstraints, A93_HoldForEveryNameOfALeafThatHasSeveral) {
    const Minted authority = narrow("permitted;DNS:db.example");
    EXPECT_TRUE(allows(authority, mint().leaf("a.db.example").san_dns("b.db.example")));
    EXPECT_FALSE(allows(authority, mint().leaf("a.db.example").san_dns("other.example")));
    const Minted address = narrow("permitted;IP:192.0.2.0/255.255.255.0");
    EXPECT_TRUE(allows(address, mint().leaf("a.db.example").san_ip("192.0.2.1")));
    EXPECT_FALSE(allows(address, mint().leaf("a.db.example").san_ip("192.0.2.1").san_ip("198.51.100.1")));
}

TEST_F(NameConstraints, A93_OfATypeThatIsNotKnownRefuseTheNamesOfThatType) {
    // permitted registeredID 1.2.3.4, and a leaf that has one.
    const Minted authority = mint().authority("odd").signed_by(root_).extension("2.5.29.30", true,
                                                                                "3009a00730058803"
                                                                                "2a0304");
    const Minted with_one = mint()
                                .leaf("x")
                                .no_san()
                                .extension("2.5.29.17", false,
                                           "30118803"
                                           "2a0304"
                                           "820a64622e6578616d706c65")
                                .signed_by(authority);
    EXPECT_EQ(with_one.certificate().subject_alternative_names().size(), 2U);
    EXPECT_FALSE(holds({with_one, authority}, root_));
    const Minted without = mint().leaf("db.example").signed_by(authority);
    EXPECT_TRUE(holds({without, authority}, root_)) << "what is constrained does not occur";
    // Bounds on the depth of a subtree are not of RFC 5280: the whole constraint is refused.
    const Minted bounded = mint().authority("bounded").signed_by(root_).extension(
        "2.5.29.30", true, "3013a011300f820a64622e6578616d706c65800101");
    EXPECT_FALSE(holds({mint().leaf("db.example").signed_by(bounded), bounded}, root_));
    // What is no list of constraints at all constrains everything.
    const Minted broken = mint().authority("broken").signed_by(root_).extension("2.5.29.30", true, "0500");
    EXPECT_FALSE(holds({mint().leaf("db.example").signed_by(broken), broken}, root_));
}

}  // namespace
}  // namespace cotter::x509
