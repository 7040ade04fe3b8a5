// One end of a connection in memory, through what the product itself is made of. Of its work, callgrind counts what
// such an end does in the product, from its making to its end; what carries bytes to the other end is never counted.
#pragma once

#include "stream/reactor.h"
#include "tls/handshake.h"

#include <cotter/error.h>

#include <valgrind/callgrind.h>

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace cotter::bench {

inline constexpr std::size_t kLot =
    64U << 10U;  ///< what a relay receives at once before it has seen that the other side keeps up

inline void must(bool is_so, const char* what) {
    if (!is_so) throw std::runtime_error(what);
}

template <class T>
T must(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().what + ": " + result.error().why);
    return std::move(*result);
}

/// Has callgrind count while it lives.
class Counting {
  public:
    explicit Counting(bool is_on = true) : is_on_(is_on) { toggle(); }
    ~Counting() { toggle(); }
    Counting(const Counting&) = delete;
    Counting& operator=(const Counting&) = delete;

  private:
    void toggle() const {
        if (is_on_) CALLGRIND_TOGGLE_COLLECT;
    }
    bool is_on_;
};

/// Whose work is counted.
enum class Counted : std::uint8_t { kServer, kClient };

/// The wire may serve other ends, too, one at a time. What should not happen is thrown.
class End {
  public:
    template <class MakeHandshake>
    End(tls::Wire& wire, bool is_counted, MakeHandshake make) : wire_(wire), is_counted_(is_counted) {
        const Counting counting(is_counted_);
        handshake_.emplace(make());
    }
    /// Ends its direction first: OpenSSL voids the session of a connection that ends without a word.
    ~End() {
        const Counting counting(is_counted_);
        if (stream_) static_cast<void>(stream_->close_notify());
        wire_.clear_output();
        stream_.reset();
        handshake_.reset();
    }
    End(const End&) = delete;
    End& operator=(const End&) = delete;

    /// Takes the other end's flight and leaves its own in its place.
    void advance(ByteVector& flight) {
        if (progress_ != tls::Handshake::Progress::kNeedsInput) {
            unread_.insert(unread_.end(), flight.begin(), flight.end());
            flight.clear();
            return;
        }
        {
            const Counting counting(is_counted_);
            wire_.lend(flight);
            progress_ = handshake_->advance();
        }
        const Bytes rest = wire_.unread();
        unread_.assign(rest.begin(), rest.end());
        take_output(flight);
    }

    /// Through the gate; and reads what came behind the handshake, as a relay does at its beginning.
    void open() {
        const Counting counting(is_counted_);
        auto opened = tls::open_stream(std::move(*handshake_));
        must(opened.has_value(), "the gate is shut");
        stream_.emplace(std::move(*opened));
        must(read(unread_) == 0, "there is data behind the handshake");
    }

    /// Decrypts, in lots; gives the octets of plaintext.
    std::size_t receive(Bytes ciphertext) {
        const Counting counting(is_counted_);
        std::size_t size = 0;
        for (; !ciphertext.empty(); ciphertext = ciphertext.subspan(std::min(kLot, ciphertext.size())))
            size += read(ciphertext.first(std::min(kLot, ciphertext.size())));
        return size;
    }

    /// Encrypts one lot, behind what `ciphertext` has already.
    void send(Bytes lot, ByteVector& ciphertext) {
        {
            const Counting counting(is_counted_);
            wire_.lend({});
            must(stream_->write(lot), "writing failed");
        }
        ByteVector output;
        take_output(output);
        ciphertext.insert(ciphertext.end(), output.begin(), output.end());
    }

    [[nodiscard]] bool has_refused() const {
        return progress_ == tls::Handshake::Progress::kFailed && handshake_->failure().verdict.has_value();
    }
    [[nodiscard]] bool is_resumed() const { return stream_->is_resumed(); }

  private:
    std::size_t read(Bytes ciphertext) {
        static ByteVector plaintext(stream::Reactor::kPlaintext);
        wire_.lend(ciphertext);
        const tls::Plaintext::Read read = stream_->read(plaintext);
        must(read.reading == tls::Plaintext::Reading::kNeedsInput, "the connection broke");
        return read.size;
    }
    void take_output(ByteVector& into) {
        const Bytes output = wire_.output();
        into.assign(output.begin(), output.end());
        wire_.clear_output();
    }

    tls::Wire& wire_;
    bool is_counted_;
    std::optional<tls::Handshake> handshake_;
    std::optional<tls::Stream> stream_;
    tls::Handshake::Progress progress_ = tls::Handshake::Progress::kNeedsInput;
    ByteVector unread_;
};

}  // namespace cotter::bench
