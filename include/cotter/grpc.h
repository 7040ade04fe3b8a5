// gRPC C++ (1.51 or newer) behind cotter's gate. A client:
//
//     grpc::experimental::TlsChannelCredentialsOptions options;   // its own certificate: set_certificate_provider(…)
//     cotter::grpc::attach(options, *verifier, *cotter::HostPort::parse("api.example:443"));
//     auto channel = grpc::CreateChannel("api.example:443", grpc::experimental::TlsCredentials(options));
//
// A server, which admits the clients of a list:
//
//     grpc::experimental::TlsServerCredentialsOptions options(certificates);
//     cotter::grpc::attach(options, *admission);
//     auto credentials = grpc::experimental::TlsServerCredentials(options);
//     credentials->SetAuthMetadataProcessor(std::make_shared<cotter::grpc::CallGate>(*admission));
//     … in a call: cotter::grpc::client_of(*context->auth_context(), *admission).client_name() …
//
// gRPC asks after each handshake, of resumed sessions, too, and sends and reads nothing of a call before the answer. It
// doesn't tell which version of TLS was spoken: a verifier or an admission is taken only if TLS 1.2 would do for it
// (`minimum_version`), since gRPC itself speaks no older one, and of 1.2 only suites in which the peer signs, unless
// GRPC_SSL_CIPHER_SUITES names others. Nor does it tell whether a session of 1.2 was bound by the extended master
// secret (RFC 7627): where that counts, have the other end speak TLS 1.3 only.
#pragma once

#include <cotter/admission.h>
#include <cotter/bytes.h>
#include <cotter/error.h>
#include <cotter/host_name.h>
#include <cotter/presented.h>
#include <cotter/server_verifier.h>
#include <cotter/verdict.h>

#include <grpc/grpc_security_constants.h>
#include <grpcpp/security/auth_context.h>
#include <grpcpp/security/auth_metadata_processor.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <grpcpp/support/status.h>
#include <grpcpp/support/string_ref.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace cotter::grpc {

namespace detail {

/// The certificates of PEM text, as DER; none if any of it can't be read.
inline std::vector<ByteVector> certificates_of(::grpc::string_ref pem) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                           &BIO_free);
    std::vector<ByteVector> certificates;
    char* name = nullptr;
    char* header = nullptr;
    unsigned char* data = nullptr;
    long size = 0;
    while (memory && PEM_read_bio(memory.get(), &name, &header, &data, &size) == 1) {
        const auto* const bytes = reinterpret_cast<const std::byte*>(data);
        certificates.emplace_back(bytes, bytes + size);
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_free(data);
    }
    const bool is_read = memory && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    return is_read ? std::move(certificates) : std::vector<ByteVector>();
}

/// `chain` may lack the leaf, or be empty.
inline Presented presented_in(::grpc::string_ref leaf, ::grpc::string_ref chain) {
    Presented presented;
    presented.chain = certificates_of(leaf);
    if (presented.chain.size() != 1) return {};
    for (ByteVector& certificate : certificates_of(chain)) {
        if (certificate != presented.chain.front()) presented.chain.push_back(std::move(certificate));
    }
    presented.is_key_proven = true;
    presented.version = TlsVersion::kTls12;
    return presented;
}

/// Asks a judge of every handshake.
class HandshakeGate final : public ::grpc::experimental::ExternalCertificateVerifier {
  public:
    using Judge = std::function<::grpc::Status(const Presented&)>;

    explicit HandshakeGate(Judge judge) : judge_(std::move(judge)) {}

    bool Verify(::grpc::experimental::TlsCustomVerificationCheckRequest* request,
                std::function<void(::grpc::Status)> /*callback*/, ::grpc::Status* sync_status) override {
        try {
            *sync_status = judge_(presented_in(request->peer_cert(), request->peer_cert_full_chain()));
        } catch (...) {
            *sync_status = ::grpc::Status(::grpc::StatusCode::UNAUTHENTICATED, "out of memory");
        }
        return true;
    }

    void Cancel(::grpc::experimental::TlsCustomVerificationCheckRequest* /*request*/) override {}

  private:
    Judge judge_;
};

inline ::grpc::Status status_of(const Verdict& verdict) {
    return verdict.lets_pass() ? ::grpc::Status::OK
                               : ::grpc::Status(::grpc::StatusCode::UNAUTHENTICATED, verdict.to_string());
}

inline Result<void> refuse_unless_tls12_would_do(TlsVersion minimum) {
    if (minimum == TlsVersion::kTls12) return {};
    return failed("tls_setup", "attaching cotter to gRPC's credentials",
                  "gRPC doesn't tell which version of TLS was spoken, so that none but 1.2 can be asked of it",
                  "set minimum_version to TlsVersion::kTls12");
}

}  // namespace detail

/// Has every connection of channels with these credentials judged as one to `server`, wherever the channel's target
/// leads. An Error, after which the options must not be used, if `verifier` wants TLS 1.3. Leaves alone: the
/// certificate provider. gRPC's status of a refused channel is UNAVAILABLE, with the verdict in its text.
[[nodiscard]] inline Result<void> attach(::grpc::experimental::TlsChannelCredentialsOptions& options,
                                         const ServerVerifier& verifier, const HostPort& server) {
    if (auto would_do = detail::refuse_unless_tls12_would_do(verifier.minimum_version()); !would_do) return would_do;
    options.set_certificate_verifier(::grpc::experimental::ExternalCertificateVerifier::Create<detail::HandshakeGate>(
        [verifier, server](const Presented& presented) {
            const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
            return detail::status_of(verifier.let_in(server, verifier.verify(server, presented, now), now));
        }));
    // What the judge does instead, by the policy.
    options.set_verify_server_certs(false);
    options.set_check_call_host(false);
    return {};
}

/// Has every client of a server with these credentials judged; each must present a certificate. An Error as above. gRPC
/// doesn't tell a client's address: one that rules bind to addresses is refused.
[[nodiscard]] inline Result<void> attach(::grpc::experimental::TlsServerCredentialsOptions& options,
                                         const Admission& admission) {
    if (auto would_do = detail::refuse_unless_tls12_would_do(admission.minimum_version()); !would_do) return would_do;
    options.set_certificate_verifier(::grpc::experimental::ExternalCertificateVerifier::Create<detail::HandshakeGate>(
        [admission](const Presented& presented) { return detail::status_of(admission.judge(presented)); }));
    options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_BUT_DONT_VERIFY);
    options.set_check_call_host(false);
    return {};
}

/// The verdict on the client of a call, as of now.
[[nodiscard]] inline Verdict client_of(const ::grpc::AuthContext& context, const Admission& admission) {
    const auto leaf = context.FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME);
    const auto chain = context.FindPropertyValues(GRPC_X509_PEM_CERT_CHAIN_PROPERTY_NAME);
    return admission.judge(leaf.size() != 1 ? Presented{}
                                            : detail::presented_in(leaf.front(), chain.empty() ? "" : chain.front()));
}

/// Has each call of a connection judged anew, so that a client that was revoked makes no more calls over a connection
/// that it has. Calls that run go on: a server that wants them to end looks at client_of() between messages.
class CallGate final : public ::grpc::AuthMetadataProcessor {
  public:
    /// Keeps a copy, which should be of the admission that was attached.
    explicit CallGate(Admission admission) : admission_(std::move(admission)) {}

    /// False: Process() looks into memory only, on the thread of the call.
    [[nodiscard]] bool IsBlocking() const override { return false; }

    /// UNAUTHENTICATED, with the verdict in its text, if the client is not let in now. Metadata stay as they are.
    ::grpc::Status Process(const InputMetadata& /*metadata*/, ::grpc::AuthContext* context,
                           OutputMetadata* /*consumed*/, OutputMetadata* /*response*/) override {
        return detail::status_of(client_of(*context, admission_));
    }

  private:
    Admission admission_;
};

}  // namespace cotter::grpc
