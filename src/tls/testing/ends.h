// Two ends of a TLS connection in one process, with bytes carried by hand: our own handshake with a judge who follows a
// script, or an OpenSSL of the test's own that may be as odd as it likes. Never linked into the product.
#pragma once

#include "tls/context.h"
#include "tls/handshake.h"
#include "x509/testing/mint.h"

#include <functional>
#include <string>
#include <vector>

namespace cotter::tls::testing {

using x509::testing::mint;
using x509::testing::Minted;
using x509::testing::MintKey;

/// Says what the test tells it to say, and remembers what it was asked.
class ScriptedJudge final : public PeerJudge {
  public:
    trust::Outcome says = trust::Outcome::kTrusted;
    trust::ReasonCode because = trust::ReasonCode::kNotAdmitted;
    bool by_authority = false;
    std::string farewell{};
    bool lets_join = false;
    bool looks = false;
    bool throws = false;
    std::uint64_t moves = 1;          ///< the generation
    mutable std::vector<Peer> asked;  ///< each peer that judge() saw
    mutable std::function<void()> on_question;

    [[nodiscard]] trust::Verdict judge(const Peer& peer) const override;
    [[nodiscard]] bool may_join(const Peer& peer) const override;
    [[nodiscard]] std::uint64_t generation() const override { return moves; }
    [[nodiscard]] bool only_looks() const override { return looks; }
};

/// Anything that takes bytes from the other end and gives bytes for it.
class End {
  public:
    virtual ~End() = default;
    [[nodiscard]] virtual ByteVector take(Bytes received) = 0;
};

/// An end of ours.
class OurEnd final : public End {
  public:
    OurEnd(Handshake made, Wire& through) : handshake(std::move(made)), wire(through) {}
    [[nodiscard]] ByteVector take(Bytes received) override;
    [[nodiscard]] bool is_finished() const { return progress == Handshake::Progress::kFinished; }
    [[nodiscard]] bool is_failed() const { return progress == Handshake::Progress::kFailed; }

    Handshake handshake;
    Wire& wire;
    Handshake::Progress progress = Handshake::Progress::kNeedsInput;
    ByteVector unread;  ///< what came after the last message of the handshake
};

/// An end that is OpenSSL and nothing of ours.
class RawEnd final : public End {
  public:
    RawEnd(x509::SslContextPtr context, bool is_server);
    [[nodiscard]] ByteVector take(Bytes received) override;
    /// What OpenSSL wants to send now.
    [[nodiscard]] ByteVector pending() const;
    /// Reads whatever has come, up to what there is.
    [[nodiscard]] std::string read();
    [[nodiscard]] ByteVector write(std::string_view text);
    [[nodiscard]] SSL* get() const { return ssl_.get(); }

    bool is_finished = false;
    bool is_failed = false;
    int alert = -1;  ///< number of the fatal alert that came
    int handshake_messages = 0;
    int certificate_requests = 0;
    int tickets = 0;

  private:
    static void on_message(int is_sent, int version, int content_type, const void* content, std::size_t size, SSL* ssl,
                           void* end);
    x509::SslContextPtr context_;
    x509::SslPtr ssl_;
};

/// Carries bytes both ways until neither end has more to say.
void converse(End& one, End& other);

/// A context for a RawEnd: with that identity if given, every suite and version that OpenSSL has, checks nothing.
[[nodiscard]] x509::SslContextPtr raw_context(bool is_server, const Minted* identity);

/// The key whose public half is of `shown` and whose private half is of `held`: it signs what nobody can verify.
[[nodiscard]] x509::EvpKeyPtr forged_key(EVP_PKEY* shown, EVP_PKEY* held);

[[nodiscard]] identity::Identity identity_of(const Minted& minted);

/// Both sides of ours with all that they need. Change settings, then make contexts, then shake hands.
class Scene {
  public:
    explicit Scene(ContextSettings both = {});
    Scene(ContextSettings server_settings, ContextSettings client_settings);

    [[nodiscard]] OurEnd server_end();
    [[nodiscard]] OurEnd server_end(Wire& through);  ///< on another thread's wire
    [[nodiscard]] OurEnd client_end(bool with_session = false);
    /// Another server context of the same settings and identity, as a reload makes it.
    void remake_server();

    Minted server_minted = mint().leaf("server.example");
    Minted client_minted = mint().leaf("client.example");
    ScriptedJudge server_judge;  ///< judges the client
    ScriptedJudge client_judge;  ///< judges the server
    ClientSession session;
    Wire server_wire;
    Wire client_wire;

  private:
    LibraryContext library_;
    ContextSettings server_settings_;
    std::vector<std::unique_ptr<Context>> servers_;  ///< the last is the one of today
    Context client_;
};

/// Sends through one stream and gives what the other reads.
[[nodiscard]] std::string through(Plaintext& from, Wire& from_wire, Plaintext& to, Wire& to_wire,
                                  std::string_view text);
/// What a plaintext reads of these bytes, and how the reading ended.
struct Heard {
    std::string text;
    Plaintext::Reading reading = Plaintext::Reading::kNeedsInput;
    ByteVector answer;  ///< ciphertext that the reading made us send
};
[[nodiscard]] Heard hear(Plaintext& stream, Wire& wire, Bytes ciphertext);

}  // namespace cotter::tls::testing
