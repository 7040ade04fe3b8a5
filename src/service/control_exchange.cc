// Octets of the control exchange.
#include "service/control_exchange.h"

#include "stream/frame.h"
#include "text/escape.h"
#include "x509/openssl.h"

#include <algorithm>

namespace cotter::service {
namespace {

constexpr std::byte kAskName{1};
constexpr std::byte kTellOfNextKey{2};
constexpr std::byte kRegisterKey{3};
constexpr std::byte kFinishRenewal{4};
constexpr std::byte kRenewCertificate{5};
constexpr std::byte kDone{1};
constexpr std::byte kRefused{2};
constexpr std::byte kCertificates{3};
constexpr std::size_t kLength = 2;
constexpr std::size_t kMostCertificates = 4;
constexpr std::size_t kDigest = 32;
constexpr std::size_t kMostName = 512;

std::optional<ControlRequest> parse_tell(Bytes payload) {
    if (payload.size() != 1 + kDigest) return std::nullopt;
    const auto answer = registry::key_answer_of(std::to_integer<std::uint64_t>(payload.front()));
    auto next = Pin::from_octets(PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256, payload.subspan(1));
    if (!answer || *answer == registry::KeyAnswer::kNone || !next) return std::nullopt;
    return TellOfNextKey{*answer, std::move(*next)};
}

std::optional<ControlRefusal> refusal_of(std::byte number) {
    const auto value = std::to_integer<std::uint8_t>(number);
    if (value < std::to_underlying(ControlRefusal::kUnknown) || value > std::to_underlying(ControlRefusal::kNotLater))
        return std::nullopt;
    return static_cast<ControlRefusal>(value);
}

ByteVector list_of(const std::vector<x509::Certificate>& certificates) {
    ByteVector list;
    for (const x509::Certificate& one : certificates) {
        const Bytes der = one.der();
        list.push_back(static_cast<std::byte>(der.size() >> 8U));
        list.push_back(static_cast<std::byte>(der.size()));
        list.insert(list.end(), der.begin(), der.end());
    }
    return list;
}

/// Nothing if it is not one to four whole certificates and no more.
std::vector<x509::Certificate> certificates_of(Bytes list) {
    std::vector<x509::Certificate> certificates;
    while (!list.empty()) {
        if (list.size() < kLength || certificates.size() == kMostCertificates) return {};
        const std::size_t size = std::to_integer<std::size_t>(list[0]) << 8U | std::to_integer<std::size_t>(list[1]);
        if (list.size() < kLength + size) return {};
        auto certificate = x509::Certificate::parse(list.subspan(kLength, size));
        if (!certificate) return {};
        certificates.push_back(std::move(*certificate));
        list = list.subspan(kLength + size);
    }
    return certificates;
}

}  // namespace

ByteVector to_bytes(const ControlRequest& request) {
    struct Encode {
        ByteVector operator()(const AskName&) const { return stream::frame(kAskName, {}); }
        ByteVector operator()(const TellOfNextKey& tell) const {
            ByteVector payload{static_cast<std::byte>(tell.answer)};
            const Bytes digest = tell.next.octets();
            payload.insert(payload.end(), digest.begin(), digest.end());
            return stream::frame(kTellOfNextKey, payload);
        }
        ByteVector operator()(const RegisterKey& wish) const { return stream::frame(kRegisterKey, wish.proof); }
        ByteVector operator()(const FinishRenewal&) const { return stream::frame(kFinishRenewal, {}); }
        ByteVector operator()(const RenewCertificate& wish) const {
            return stream::frame(kRenewCertificate, wish.proof);
        }
    };
    return std::visit(Encode{}, request);
}

std::optional<ControlRequest> parse_control_request(Bytes frame) {
    if (frame.size() < stream::kFrameHeader || frame.size() > kMostControlRequest ||
        stream::frame_size(frame) != frame.size())
        return std::nullopt;
    const std::byte type = frame.front();
    const Bytes payload = frame.subspan(stream::kFrameHeader);
    if (type == kTellOfNextKey) return parse_tell(payload);
    if (type == kRegisterKey) return RegisterKey{{payload.begin(), payload.end()}};
    if (type == kRenewCertificate) return RenewCertificate{{payload.begin(), payload.end()}};
    if (!payload.empty()) return std::nullopt;
    if (type == kAskName) return AskName{};
    if (type == kFinishRenewal) return FinishRenewal{};
    return std::nullopt;
}

std::string_view text_of(ControlRefusal refusal) {
    switch (refusal) {
        case ControlRefusal::kUnknown: return "unknown";
        case ControlRefusal::kForbidden: return "forbidden";
        case ControlRefusal::kNotListed: return "not_listed";
        case ControlRefusal::kKeyRefused: return "key_refused";
        case ControlRefusal::kTooManyKeys: return "too_many_keys";
        case ControlRefusal::kUnavailable: return "unavailable";
        case ControlRefusal::kNotOurs: return "not_ours";
        case ControlRefusal::kTooEarly: return "too_early";
        case ControlRefusal::kNotLater: return "not_later";
    }
    return "";
}

ByteVector to_bytes(const ControlAnswer& answer) {
    if (answer.refused) return stream::frame(kRefused, ByteVector{static_cast<std::byte>(*answer.refused)});
    if (!answer.certificates.empty()) return stream::frame(kCertificates, list_of(answer.certificates));
    return stream::frame(kDone, x509::as_bytes(std::string_view(answer.name).substr(0, kMostName)));
}

Result<ControlAnswer> parse_control_answer(Bytes bytes) {
    const bool is_frame = bytes.size() >= stream::kFrameHeader && bytes.size() <= kMostControlAnswer &&
                          stream::frame_size(bytes) == bytes.size();
    if (is_frame) {
        const Bytes payload = bytes.subspan(stream::kFrameHeader);
        if (bytes.front() == kDone && bytes.size() <= kMostNameAnswer) {
            std::string name;
            for (const std::byte octet : payload) name += static_cast<char>(octet);
            return ControlAnswer{text::escape(name), std::nullopt};
        }
        const auto refusal =
            bytes.front() == kRefused && payload.size() == 1 ? refusal_of(payload.front()) : std::nullopt;
        if (refusal) return ControlAnswer{{}, refusal};
        if (bytes.front() == kCertificates) {
            auto certificates = certificates_of(payload);
            if (!certificates.empty()) return ControlAnswer{{}, std::nullopt, std::move(certificates)};
        }
    }
    return failed("control_bad_answer", "asking the server", "its answer is not one of this protocol",
                  "compare the versions of both sides (cotter version)");
}

}  // namespace cotter::service
