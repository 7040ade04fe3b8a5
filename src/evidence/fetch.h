// Fetching one document over HTTP from a URL that somebody else has written: bounded in octets, time, hops and in whom
// it may reach. For CRLs and OCSP answers, whose signatures are checked by who takes them.
#pragma once

#include <cotter/bytes.h>
#include <cotter/error.h>

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>

namespace cotter::evidence {

struct FetchRequest {
    std::string url;                      ///< http or https, without user name; else refused
    std::optional<ByteVector> body{};     ///< then it is a POST
    std::string content_type{};           ///< of the body
    std::size_t most_octets = 1U << 20U;  ///< of the answer
    std::chrono::milliseconds deadline{10'000};
    /// Loopback, private, link-local and other addresses that are not of the public network may be reached, too.
    /// Without it they are refused wherever the name leads, at every hop (INVARIANT A100).
    bool may_reach_private = false;
    long most_redirects = 3;  ///< to http and https alone
    std::stop_token stop{};
};

/// The body of an answer with status 200. No proxy, cookie, credential or setting of the environment is used. Errors
/// name the URL and why: fetch_absent where the server says that there is no such thing, fetch_too_large, else
/// fetch_failed.
[[nodiscard]] Result<ByteVector> fetch(const FetchRequest& request);

/// Whether a numeric IPv4 or IPv6 address ("192.0.2.1", "2001:db8::1") is of the public network. What is not understood
/// is not.
[[nodiscard]] bool is_public_address(const std::string& address);

}  // namespace cotter::evidence
