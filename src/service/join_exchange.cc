// Octets of the join exchange. Answer: "1", name, and the end of the admission in RFC 3339 or "-", joined by spaces; or
// "0".
#include "service/join_exchange.h"

#include "text/time.h"
#include "x509/openssl.h"

#include <algorithm>

namespace cotter::service {
namespace {

constexpr std::byte kRequestType{1};

unexpected<Error> bad_answer() {
    return failed("join_bad_answer", "joining", "the server's answer is not one of this protocol",
                  "check that the server's cotter is of the same version as this one (cotter version)");
}

}  // namespace

ByteVector join_request(const registry::InvitationSecret& secret) {
    ByteVector request(kJoinRequestSize, kRequestType);
    std::ranges::copy(secret.octets(), request.begin() + 1);
    return request;
}

std::optional<registry::InvitationSecret> secret_of_request(Bytes request) {
    if (request.size() != kJoinRequestSize || request.front() != kRequestType) return std::nullopt;
    std::array<std::byte, 16> octets{};
    std::ranges::copy(request.subspan(1), octets.begin());
    return registry::InvitationSecret(octets);
}

ByteVector to_bytes(const JoinAnswer& answer) {
    std::string text = "0";
    if (answer.admitted_as) {
        text = "1 " + answer.admitted_as->text() + " " + (answer.until ? text::rfc3339(*answer.until) : "-");
    }
    const Bytes bytes = x509::as_bytes(text);
    return {bytes.begin(), bytes.end()};
}

Result<JoinAnswer> parse_join_answer(Bytes bytes) {
    std::string text;
    std::ranges::transform(bytes, std::back_inserter(text), [](std::byte octet) { return static_cast<char>(octet); });
    if (text == "0") return JoinAnswer{};
    const std::size_t second = text.find(' ', 2);
    if (!text.starts_with("1 ") || second == std::string::npos) return bad_answer();
    auto name = registry::ClientName::parse(text.substr(2, second - 2));
    if (!name) return bad_answer();
    JoinAnswer answer{std::move(*name), std::nullopt};
    const std::string until = text.substr(second + 1);
    if (until != "-") {
        const auto time = text::parse_rfc3339(until);
        if (!time) return bad_answer();
        answer.until = *time;
    }
    return answer;
}

}  // namespace cotter::service
