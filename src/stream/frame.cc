// Frames as octets.
#include "stream/frame.h"

#include <algorithm>

namespace cotter::stream {

ByteVector frame(std::byte type, Bytes payload) {
    ByteVector bytes(kFrameHeader + payload.size());
    bytes[0] = type;
    bytes[1] = static_cast<std::byte>(payload.size() >> 8U);
    bytes[2] = static_cast<std::byte>(payload.size() & 0xffU);
    std::ranges::copy(payload, bytes.begin() + kFrameHeader);
    return bytes;
}

std::size_t frame_size(Bytes beginning) {
    return kFrameHeader +
           ((std::to_integer<std::size_t>(beginning[1]) << 8U) | std::to_integer<std::size_t>(beginning[2]));
}

}  // namespace cotter::stream
