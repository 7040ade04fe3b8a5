// Says each line of standard input to a gRPC server and prints what it answers; the server is judged by a policy file:
// grpc_client HOST:PORT POLICY KNOWN_PEERS [CERTIFICATE KEY]
#include <cotter/grpc.h>

#include <grpc/grpc_security.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/channel_arguments.h>
#include <grpcpp/support/slice.h>

#include <chrono>
#include <future>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

namespace {

std::string text_of(const grpc::ByteBuffer& buffer) {
    std::vector<grpc::Slice> slices;
    std::string text;
    if (!buffer.Dump(&slices).ok()) return text;
    for (const grpc::Slice& slice : slices) text.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
    return text;
}

int complain(const cotter::Error& error) {
    std::cerr << error.what << ": " << error.why << "\n";
    return 2;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4 && argc != 6) {
        return std::cerr << "usage: grpc_client HOST:PORT POLICY KNOWN_PEERS [CERTIFICATE KEY]\n", 2;
    }
    const auto server = cotter::HostPort::parse(argv[1]);
    const auto policy = cotter::Policy::read(argv[2]);
    if (!server) return complain(server.error());
    if (!policy) return complain(policy.error());
    const auto verifier = cotter::ServerVerifier::make(
        {.policy = *policy, .known_peers = argv[3], .minimum_version = cotter::TlsVersion::kTls12});
    if (!verifier) return complain(verifier.error());

    grpc::experimental::TlsChannelCredentialsOptions options;
    if (argc == 6) {
        options.set_certificate_provider(
            std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(argv[5], argv[4], 3600));
        options.watch_identity_key_cert_pairs();
    }
    if (const auto attached = cotter::grpc::attach(options, *verifier, *server); !attached) {
        return complain(attached.error());
    }
    const auto credentials = grpc::experimental::TlsCredentials(options);

    // A channel a line, so that each connects anew; with a session of the one before, where the server keeps them.
    const std::unique_ptr<grpc_ssl_session_cache, decltype(&grpc_ssl_session_cache_destroy)> sessions(
        grpc_ssl_session_cache_create_lru(16), &grpc_ssl_session_cache_destroy);
    const grpc_arg cache = grpc_ssl_session_cache_create_channel_arg(sessions.get());
    bool is_answered = true;
    for (std::string line; std::getline(std::cin, line);) {
        grpc::ChannelArguments arguments;
        arguments.SetPointerWithVtable(cache.key, cache.value.pointer.p, cache.value.pointer.vtable);
        arguments.SetInt("grpc.use_local_subchannel_pool", 1);
        grpc::GenericStub stub(grpc::CreateCustomChannel(argv[1], credentials, arguments));
        grpc::ClientContext context;
        context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
        const grpc::Slice slice(line);
        const grpc::ByteBuffer request(&slice, 1);
        grpc::ByteBuffer answer;
        std::promise<grpc::Status> promise;
        stub.UnaryCall(&context, "/cotter.Example/Say", grpc::StubOptions(), &request, &answer,
                       [&promise](grpc::Status status) { promise.set_value(std::move(status)); });
        const grpc::Status status = promise.get_future().get();
        is_answered = status.ok();
        std::cout << (is_answered ? "answered: " + text_of(answer) : "refused: " + status.error_message()) << std::endl;
    }
    return is_answered ? 0 : 3;
}
