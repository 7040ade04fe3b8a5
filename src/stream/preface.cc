// Writing and reading the preface.
#include "stream/preface.h"

#include "text/escape.h"
#include "x509/openssl.h"

#include <algorithm>

namespace cotter::stream {
namespace {

constexpr std::byte kReadyFrame{1};
constexpr std::byte kUnavailableFrame{2};
constexpr std::byte kFarewellFrame{5};
// Types from here on must be understood; smaller ones that are not known are passed over.
constexpr std::byte kFirstCritical{0x80};
constexpr std::size_t kHeader = 3;

ByteVector frame(std::byte type, Bytes payload) {
    ByteVector bytes(kHeader + payload.size());
    bytes[0] = type;
    bytes[1] = static_cast<std::byte>(payload.size() >> 8U);
    bytes[2] = static_cast<std::byte>(payload.size() & 0xffU);
    std::ranges::copy(payload, bytes.begin() + kHeader);
    return bytes;
}

}  // namespace

ByteVector ready_preface() {
    return frame(kReadyFrame, {});
}

ByteVector unavailable_preface(std::string_view why) {
    const Bytes payload = x509::as_bytes(why.substr(0, 1024));
    return frame(kUnavailableFrame, payload);
}

ByteVector farewell_preface(std::string_view words) {
    return frame(kFarewellFrame, x509::as_bytes(words.substr(0, 1024)));
}

PrefaceReader::State PrefaceReader::take(Bytes plaintext) {
    buffer_.insert(buffer_.end(), plaintext.begin(), plaintext.end());
    while (buffer_.size() >= kHeader) {
        const std::byte type = buffer_[0];
        const std::size_t size =
            (std::to_integer<std::size_t>(buffer_[1]) << 8U) | std::to_integer<std::size_t>(buffer_[2]);
        if (consumed_ + kHeader + size > kMostPreface) return State::kMalformed;
        if (buffer_.size() < kHeader + size) return State::kIncomplete;
        const auto end = buffer_.begin() + static_cast<std::ptrdiff_t>(kHeader + size);
        if (type == kUnavailableFrame || type == kFarewellFrame) {
            for (std::size_t i = kHeader; i < kHeader + size; ++i) why_ += static_cast<char>(buffer_[i]);
            why_ = text::escape(why_, type == kFarewellFrame ? 1024 : 256);
        }
        buffer_.erase(buffer_.begin(), end);
        consumed_ += kHeader + size;
        if (type == kReadyFrame) return State::kReady;
        if (type == kUnavailableFrame) return State::kUnavailable;
        if (type == kFarewellFrame) return State::kFarewell;
        if (type >= kFirstCritical || type == std::byte{0}) return State::kMalformed;
    }
    return State::kIncomplete;
}

}  // namespace cotter::stream
