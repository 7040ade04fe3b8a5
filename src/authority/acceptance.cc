// The checks of a certificate that is to follow another.
#include "authority/acceptance.h"

#include "x509/oids.h"
#include "x509/path.h"

#include <algorithm>
#include <array>

namespace cotter::authority {
namespace {

/// Why there is no path from that leaf, through these issuers, to the last of them; nothing if there is one.
std::optional<std::string> want_of_path(const x509::Certificate& leaf, std::vector<x509::Certificate> chain,
                                        x509::Time now) {
    const x509::TrustAnchors anchors({chain.back()});
    chain.front() = leaf;
    const auto judged =
        x509::validate_path({.presented = &chain, .anchors = &anchors, .purpose = x509::Purpose::kClient, .now = now});
    if (const auto* failures = std::get_if<std::vector<x509::PathFailure>>(&judged))
        return failures->empty() ? "it has no path" : failures->front().message;
    if (std::get<x509::VerifiedPath>(judged).size() < 2) return "it is nobody's but its own";
    return std::nullopt;
}

bool says_the_same(const x509::Certificate& one, const x509::Certificate& other, Bytes extension) {
    const auto of_one = one.extension(extension);
    const auto of_other = other.extension(extension);
    return of_one.has_value() == of_other.has_value() && (!of_one || std::ranges::equal(*of_one, *of_other));
}

}  // namespace

Result<void> see_that_it_may_follow(const x509::Certificate& present, const x509::PublicKey& key,
                                    const std::vector<x509::Certificate>& chain, x509::Time now) {
    const auto refused = [](std::string why) {
        return failed("bad_certificate", "taking the certificate that came", std::move(why),
                      "nothing was changed; ask the server's owner");
    };
    if (chain.size() < 2) return refused("it came without its issuer's");
    const x509::Certificate& next = chain.front();
    if (next.public_key() != key) return refused("it is for another key");
    if (!std::ranges::equal(next.subject(), present.subject()) ||
        next.subject_alternative_names() != present.subject_alternative_names())
        return refused("it is for another name");
    if (next.is_ca() || !says_the_same(next, present, x509::oid::content(x509::oid::kKeyUsage)) ||
        !says_the_same(next, present, x509::oid::content(x509::oid::kExtendedKeyUsage)))
        return refused("it is for another purpose");
    if (next.not_after() <= present.not_after()) return refused("it ends no later than the present one");
    if (const auto want = want_of_path(next, chain, now)) return refused(*want);
    if (const auto want = want_of_path(present, chain, now))
        return refused("the present certificate is not by the same authority: " + *want);
    return {};
}

}  // namespace cotter::authority
