// Which OpenSSL cotter runs on, and which it only speaks of.
#include "x509/library_version.h"

#include <openssl/crypto.h>

#include <gtest/gtest.h>

namespace cotter::x509 {
namespace {

TEST(LibraryVersion, A192_ALibraryBefore3IsRefused) {
    for (const unsigned long old : {0x1010117fUL, 0x1000215fUL, 0x0090819fUL, 0UL}) {
        const auto checked = check_library(old);
        ASSERT_FALSE(checked) << old;
        EXPECT_EQ(checked.error().code, "old_library");
    }
    EXPECT_NE(check_library(0x1010117fUL).error().why.find("OpenSSL 1.1.1"), std::string::npos);
    for (const unsigned long fine : {0x30000000UL, 0x30000160UL, 0x30600020UL, 0x40000000UL})
        EXPECT_TRUE(check_library(fine)) << fine;
    EXPECT_TRUE(check_library(OpenSSL_version_num()));
}

TEST(LibraryVersion, A147_AReleaseWithKnownFaultsIsNamed) {
    const struct {
        unsigned long version;
        const char* told;  ///< part of it; null: nothing
    } kCases[] = {
        {0x30000000, "3.0.0 has faults that 3.0.20 mends"},
        {0x30000130, "3.0.19 has faults"},
        {0x30000140, nullptr},
        {0x30000160, nullptr},
        {0x30100080, "3.1.8 is of a branch that is no longer mended"},
        {0x30200060, "3.2.6 is of a branch"},
        {0x30300060, "3.3.6 has faults that 3.3.7 mends"},
        {0x30300070, nullptr},
        {0x30400040, "3.4.4 has faults"},
        {0x30500050, "3.5.5 has faults"},
        {0x30600010, "3.6.1 has faults"},
        {0x30600020, nullptr},
        {0x30700000, nullptr},
        {0x40000000, nullptr},
    };
    for (const auto& one : kCases) {
        const auto fault = known_fault_of_library(one.version);
        ASSERT_EQ(fault.has_value(), one.told != nullptr) << std::hex << one.version;
        EXPECT_NE(fault.value_or("").find(one.told == nullptr ? "" : one.told), std::string::npos) << one.told;
    }
}

}  // namespace
}  // namespace cotter::x509
