// Frame: what cotter's own protocols are made of (docs/protocol.md): one octet of type, two of length, a payload.
#pragma once

#include <cotter/bytes.h>

#include <cstddef>

namespace cotter::stream {

inline constexpr std::size_t kFrameHeader = 3;

/// Its octets; the payload is of at most 65,535.
[[nodiscard]] ByteVector frame(std::byte type, Bytes payload);

/// How long the frame is that begins so, its header included; `beginning` holds a header at least.
[[nodiscard]] std::size_t frame_size(Bytes beginning);

}  // namespace cotter::stream
