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
constexpr std::byte kDone{1};
constexpr std::byte kRefused{2};
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
    if (value < std::to_underlying(ControlRefusal::kUnknown) ||
        value > std::to_underlying(ControlRefusal::kUnavailable))
        return std::nullopt;
    return static_cast<ControlRefusal>(value);
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
    }
    return "";
}

ByteVector to_bytes(const ControlAnswer& answer) {
    if (answer.refused) return stream::frame(kRefused, ByteVector{static_cast<std::byte>(*answer.refused)});
    return stream::frame(kDone, x509::as_bytes(std::string_view(answer.name).substr(0, kMostName)));
}

Result<ControlAnswer> parse_control_answer(Bytes bytes) {
    const bool is_frame = bytes.size() >= stream::kFrameHeader && bytes.size() <= kMostControlAnswer &&
                          stream::frame_size(bytes) == bytes.size();
    if (is_frame) {
        const Bytes payload = bytes.subspan(stream::kFrameHeader);
        if (bytes.front() == kDone) {
            std::string name;
            for (const std::byte octet : payload) name += static_cast<char>(octet);
            return ControlAnswer{text::escape(name), std::nullopt};
        }
        const auto refusal =
            bytes.front() == kRefused && payload.size() == 1 ? refusal_of(payload.front()) : std::nullopt;
        if (refusal) return ControlAnswer{{}, refusal};
    }
    return failed("control_bad_answer", "asking the server", "its answer is not one of this protocol",
                  "compare the versions of both sides (cotter version)");
}

}  // namespace cotter::service
