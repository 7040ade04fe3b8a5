// The handshake of an Asio TLS stream with the gate behind it: what cotter/asio.h and cotter/boost_asio.h have in
// common.
#pragma once

#include <cotter/export.h>
#include <cotter/openssl.h>

#include <system_error>
#include <type_traits>
#include <utility>

namespace cotter {

/// Why a handshake that OpenSSL finished comes to nothing all the same; openssl::verdict_of() has the reasons.
enum class Gate {
    kRefused = 1,  ///< the verdict does not let the peer pass
};

/// "cotter"
[[nodiscard]] COTTER_EXPORT const std::error_category& gate_category() noexcept;

/// Of gate_category(); what makes a std::error_code of a Gate.
[[nodiscard]] inline std::error_code make_error_code(Gate gate) noexcept {
    return {static_cast<int>(gate), gate_category()};
}

namespace detail {

/// One asynchronous operation: the stream's own handshake, then the gate.
template <class Stream, class HandshakeType>
struct GatedHandshake {
    Stream* stream;
    HandshakeType type;

    template <class Self>
    void operator()(Self& self) {
        stream->async_handshake(type, std::move(self));
    }

    template <class Self, class ErrorCode>
    void operator()(Self& self, ErrorCode error) {
        if (!error && !openssl::verdict_of(stream->native_handle()).lets_pass()) {
            error = ErrorCode(make_error_code(Gate::kRefused));
        }
        self.complete(error);
    }
};

}  // namespace detail
}  // namespace cotter

namespace std {
template <>
struct is_error_code_enum<cotter::Gate> : true_type {};
}  // namespace std
