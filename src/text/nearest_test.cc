// Guessing the word that was meant.
#include "text/nearest.h"

#include <gtest/gtest.h>

namespace cotter::text {
namespace {

TEST(Nearest, FindsAWordWithALetterWrongMissingOrTooMuch) {
    const std::vector<std::string> words{"expires", "include_subdomains", "pins", "port"};
    EXPECT_EQ(nearest("expire", words), "expires");
    EXPECT_EQ(nearest("expirse", words), "expires");
    EXPECT_EQ(nearest("include-subdomains", words), "include_subdomains");
    EXPECT_EQ(nearest("pin", words), "pins");
    EXPECT_EQ(nearest("ports", words), "port");
}

TEST(Nearest, GuessesNothingWhereNothingIsNear) {
    EXPECT_EQ(nearest("colour", {"expires", "pins"}), std::nullopt);
    EXPECT_EQ(nearest("", {"expires"}), std::nullopt);
    EXPECT_EQ(nearest("pins", {}), std::nullopt);
    EXPECT_EQ(nearest(std::string(100, 'p'), {std::string(100, 'p')}), std::nullopt);
}

}  // namespace
}  // namespace cotter::text
