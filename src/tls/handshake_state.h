// What a handshake and the stream that comes of it keep; private to the files of the handshake.
#pragma once

#include "tls/handshake.h"

namespace cotter::tls {

struct Handshake::State {
    x509::SslPtr ssl;
    Wire* wire = nullptr;
    const Context* context = nullptr;
    const PeerJudge* judge = nullptr;
    ClientSession* client_session = nullptr;
    std::uint64_t client_session_era = 0;
    bool is_server = false;

    ByteVector certificate_message;  ///< until it has been judged
    Peer peer;
    std::optional<Peer> resumed_peer;  ///< of the session that is offered or was found
    std::optional<trust::Verdict> verdict;
    std::uint64_t verdict_generation = 0;
    std::optional<Alert> received_alert;
    HandshakeFailure failure;
    std::string connection_id;
    bool is_finished = false;
    bool awaits_staple = false;         ///< TLS 1.2 sends it after the certificates: the verdict on them isn't the last
    std::uint64_t data_octets = 0;      ///< of plaintext, read after the handshake
    std::uint64_t control_records = 0;  ///< after the handshake: received records that are not data

    /// Whether the peer keeps us busy with nothing (INVARIANT A51).
    [[nodiscard]] bool has_too_many_control_records() const;

    static State& of(SSL* ssl);
    void attach(const Context& of_context, Wire& through, const PeerJudge& asked);
    /// Reads the kept Certificate message into `peer`.
    void read_certificates(X509_STORE_CTX* store);
    /// Reads the stapled OCSP response into `peer`, if one has come.
    void read_staple();
    void judge_peer();
    void derive_connection_id();
    void note_failure();
};

}  // namespace cotter::tls
