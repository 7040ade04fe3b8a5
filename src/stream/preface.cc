// Writing and reading the preface.
#include "stream/preface.h"

#include "stream/frame.h"
#include "text/escape.h"
#include "x509/openssl.h"

#include <algorithm>

namespace cotter::stream {
namespace {

constexpr std::byte kReadyFrame{1};
constexpr std::byte kUnavailableFrame{2};
constexpr std::byte kNextKeyFrame{3};
constexpr std::byte kNoNextKeyFrame{4};
constexpr std::byte kFarewellFrame{5};
// Types from here on must be understood; smaller ones that are not known are passed over.
constexpr std::byte kFirstCritical{0x80};

}  // namespace

ByteVector ready_preface() {
    return frame(kReadyFrame, {});
}

ByteVector unavailable_preface(std::string_view why) {
    const Bytes payload = x509::as_bytes(why.substr(0, 1024));
    return frame(kUnavailableFrame, payload);
}

ByteVector key_news_frame(const KeyNews& news) {
    if (news.proof.empty()) return frame(kNoNextKeyFrame, {});
    ByteVector payload{static_cast<std::byte>(news.answer_held)};
    payload.insert(payload.end(), news.proof.begin(), news.proof.end());
    return frame(kNextKeyFrame, payload);
}

/// False where it is said badly, or a second time: of two things that were said, which one counts?
bool PrefaceReader::take_key_news(bool is_announced, Bytes payload) {
    if (key_news_ || (is_announced ? payload.size() < 2 : !payload.empty())) return false;
    key_news_.emplace();
    if (is_announced) {
        key_news_->answer_held = std::to_integer<std::uint8_t>(payload.front());
        key_news_->proof.assign(payload.begin() + 1, payload.end());
    }
    return true;
}

ByteVector farewell_preface(std::string_view words) {
    return frame(kFarewellFrame, x509::as_bytes(words.substr(0, 1024)));
}

PrefaceReader::State PrefaceReader::take(Bytes plaintext) {
    buffer_.insert(buffer_.end(), plaintext.begin(), plaintext.end());
    while (buffer_.size() >= kFrameHeader) {
        const std::byte type = buffer_[0];
        const std::size_t size = frame_size(buffer_);
        if (consumed_ + size > kMostPreface) return State::kMalformed;
        if (buffer_.size() < size) return State::kIncomplete;
        const Bytes payload = Bytes(buffer_).first(size).subspan(kFrameHeader);
        if (type == kUnavailableFrame || type == kFarewellFrame) {
            for (const std::byte octet : payload) why_ += static_cast<char>(octet);
            why_ = text::escape(why_, type == kFarewellFrame ? 1024 : 256);
        }
        const bool is_key_news = type == kNextKeyFrame || type == kNoNextKeyFrame;
        if (is_key_news && !take_key_news(type == kNextKeyFrame, payload)) return State::kMalformed;
        buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(size));
        consumed_ += size;
        if (type == kReadyFrame) return State::kReady;
        if (type == kUnavailableFrame) return State::kUnavailable;
        if (type == kFarewellFrame) return State::kFarewell;
        if (type >= kFirstCritical || type == std::byte{0}) return State::kMalformed;
    }
    return State::kIncomplete;
}

}  // namespace cotter::stream
