// Handshake: one TLS handshake, driven by bytes through a Wire, judged while it runs. Stream and JoinChannel: the
// plaintext of a connection, which only the gate gives, for a finished handshake and a verdict that lets it pass.
#pragma once

#include "tls/alert.h"
#include "tls/context.h"
#include "tls/peer.h"
#include "tls/wire.h"
#include "trust/verdict.h"

#include <cotter/bytes.h>
#include <cotter/expected.h>
#include <cotter/host_name.h>

#include <array>
#include <memory>
#include <optional>
#include <string>

namespace cotter::tls {

/// Why a handshake came to nothing. Exactly one of the first two is set, or neither: a fault of the protocol.
struct HandshakeFailure {
    std::optional<trust::Verdict> verdict;  ///< we refused the peer
    std::optional<Alert> alert;             ///< the peer sent this
    std::string detail;                     ///< OpenSSL's words, escaped; for the debug level
};

class Plaintext;
class Stream;
class JoinChannel;
class ControlChannel;
class FarewellChannel;

class Handshake {
  public:
    enum class Progress : std::uint8_t { kNeedsInput, kFinished, kFailed };

    /// Context, wire and judge must outlive the handshake and the Stream that comes of it.
    Handshake(const Context& context, Wire& wire, const PeerJudge& judge);  ///< a server's side
    /// A client's side. `server_name` is sent (SNI, names only) and is what the judge judges; `session`, where given,
    /// is offered for resumption and takes the new one.
    Handshake(const Context& context, Wire& wire, const PeerJudge& judge, const HostName& server_name,
              ClientSession* session);
    Handshake(Handshake&&) noexcept;
    Handshake& operator=(Handshake&&) noexcept;
    ~Handshake();

    /// Whether it has something to say before it has heard anything: a client's side.
    [[nodiscard]] bool speaks_first() const;

    /// Takes what the wire was lent, leaves what must be sent in its output, also when it failed.
    [[nodiscard]] Progress advance();

    /// After kFailed.
    [[nodiscard]] const HandshakeFailure& failure() const;

    /// Eight characters that both ends derive from the session (RFC 8446 7.5), for their log lines; before the keys are
    /// there, or where an end can't know them, random ones. Derived when first asked for, and then the same.
    [[nodiscard]] const std::string& connection_id() const;

    [[nodiscard]] const Peer& peer() const;

    [[nodiscard]] std::string suite_text() const;  ///< "TLS_AES_128_GCM_SHA256"; of a finished one

    // OpenSSL's callbacks.
    static int on_verify(X509_STORE_CTX* store, void* unused);
    static int on_status(SSL* ssl, void* unused);
    static void on_message(int is_sent, int version, int content_type, const void* content, std::size_t size, SSL* ssl,
                           void* state);
    static int on_new_session(SSL* ssl, SSL_SESSION* session);
    static SSL_SESSION* on_get_session(SSL* ssl, const unsigned char* id, int id_size, int* copy);

  private:
    friend class Plaintext;
    friend expected<Stream, trust::Verdict> open_stream(Handshake&& handshake);
    friend expected<JoinChannel, trust::Verdict> open_join(Handshake&& handshake);
    friend expected<ControlChannel, trust::Verdict> open_control(Handshake&& handshake);
    friend expected<FarewellChannel, trust::Verdict> open_farewell(Handshake&& handshake);

    struct State;
    [[nodiscard]] trust::Verdict final_verdict();

    std::unique_ptr<State> state_;
};

/// Decrypted reading and encrypted writing. Made only by the gates below.
class Plaintext {
  public:
    enum class Reading : std::uint8_t {
        kNeedsInput,   ///< all that was lent is read
        kCloseNotify,  ///< the peer has finished its direction
        kFailed,       ///< the connection is broken or the peer sent an alert
    };
    struct Read {
        std::size_t size = 0;  ///< octets of plaintext now in `into`
        Reading reading = Reading::kNeedsInput;
    };

    /// Decrypts everything that the wire was lent. `into` must be larger than that by a record (16 KiB and a bit), so
    /// that nothing stays behind.
    [[nodiscard]] Read read(std::span<std::byte> into);
    /// Encrypts all of it into the wire's output; false if the connection is broken.
    [[nodiscard]] bool write(Bytes plaintext);
    /// Ends our direction: nothing may be written after it, reading goes on.
    [[nodiscard]] bool close_notify();

    [[nodiscard]] const trust::Verdict& verdict() const { return verdict_; }
    [[nodiscard]] const Peer& peer() const { return handshake_.peer(); }
    [[nodiscard]] const std::string& connection_id() const { return handshake_.connection_id(); }
    [[nodiscard]] std::optional<Alert> received_alert() const;
    [[nodiscard]] std::string protocol_text() const;  ///< "TLSv1.3"
    [[nodiscard]] std::string suite_text() const { return handshake_.suite_text(); }
    [[nodiscard]] bool is_resumed() const;
    /// 32 octets that both ends of this connection derive and nobody else can (RFC 8446 7.5, RFC 5705), for proofs that
    /// are to hold on it alone; nothing where they can't be had.
    [[nodiscard]] std::optional<std::array<std::byte, 32>> session_binding() const;

  protected:
    Plaintext(Handshake handshake, trust::Verdict verdict)
        : handshake_(std::move(handshake)), verdict_(std::move(verdict)) {}

  private:
    Handshake handshake_;
    trust::Verdict verdict_;
};

/// The stream of a trusted peer.
class Stream : public Plaintext {
  private:
    using Plaintext::Plaintext;
    friend expected<Stream, trust::Verdict> open_stream(Handshake&& handshake);
};

/// The join exchange of a peer that need not be admitted yet; no bytes of a stream ever pass here.
class JoinChannel : public Plaintext {
  private:
    using Plaintext::Plaintext;
    friend expected<JoinChannel, trust::Verdict> open_join(Handshake&& handshake);
};

/// The control exchange of a peer that is trusted; no bytes of a stream ever pass here.
class ControlChannel : public Plaintext {
  private:
    using Plaintext::Plaintext;
    friend expected<ControlChannel, trust::Verdict> open_control(Handshake&& handshake);
};

/// To a client that speaks kStream, is not let in, and has proven the key that it is to be told something about
/// (Verdict::farewell). Nothing is ever read from it.
class FarewellChannel : private Plaintext {
  public:
    using Plaintext::close_notify;
    using Plaintext::write;

  private:
    using Plaintext::Plaintext;
    friend expected<FarewellChannel, trust::Verdict> open_farewell(Handshake&& handshake);
};

/// The gate. Gives up a finished handshake for its stream if a verdict of now lets the peer pass: the handshake's own,
/// unless the judge's generation has moved or a session was resumed; then it judges again (INVARIANTS A07, A16, A36,
/// A43). A handshake that is refused stays as it is.
[[nodiscard]] expected<Stream, trust::Verdict> open_stream(Handshake&& handshake);

/// The gate of the join exchange: a server's peer that may join, or a client's server that its verdict lets pass.
[[nodiscard]] expected<JoinChannel, trust::Verdict> open_join(Handshake&& handshake);

/// The gate of the control exchange: judged like a stream's.
[[nodiscard]] expected<ControlChannel, trust::Verdict> open_control(Handshake&& handshake);

/// The way out: a server's peer whose verdict of now refuses it with a farewell.
[[nodiscard]] expected<FarewellChannel, trust::Verdict> open_farewell(Handshake&& handshake);

}  // namespace cotter::tls
