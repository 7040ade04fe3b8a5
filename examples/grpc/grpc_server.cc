// Answers each call with the client's name, by the list that `cotter client` keeps:
// grpc_server ADDRESS CERTIFICATE KEY REGISTRY
#include <cotter/grpc.h>

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include <iostream>
#include <memory>
#include <string>
#include <utility>

namespace {

/// One call: reads a message, answers it, ends.
class Greeting final : public grpc::ServerGenericBidiReactor {
  public:
    explicit Greeting(const std::string& client) {
        const grpc::Slice slice("hello " + client);
        answer_ = grpc::ByteBuffer(&slice, 1);
        StartRead(&request_);
    }

    void OnReadDone(bool is_read) override {
        if (!is_read) return Finish(grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "no message"));
        StartWriteAndFinish(&answer_, grpc::WriteOptions(), grpc::Status::OK);
    }
    void OnDone() override { delete this; }

  private:
    grpc::ByteBuffer request_;
    grpc::ByteBuffer answer_;
};

class Service final : public grpc::CallbackGenericService {
  public:
    explicit Service(cotter::Admission admission) : admission_(std::move(admission)) {}

    grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
        return new Greeting(std::string(cotter::grpc::client_of(*context->auth_context(), admission_).client_name()));
    }

  private:
    cotter::Admission admission_;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 5) return std::cerr << "usage: grpc_server ADDRESS CERTIFICATE KEY REGISTRY\n", 2;
    const auto admission =
        cotter::Admission::open({.registry = argv[4], .minimum_version = cotter::TlsVersion::kTls12});
    if (!admission) return std::cerr << admission.error().why << "\n", 2;
    grpc::experimental::TlsServerCredentialsOptions options(
        std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(argv[3], argv[2], 3600));
    options.watch_identity_key_cert_pairs();
    if (const auto attached = cotter::grpc::attach(options, *admission); !attached) {
        return std::cerr << attached.error().why << "\n", 2;
    }
    const auto credentials = grpc::experimental::TlsServerCredentials(options);
    credentials->SetAuthMetadataProcessor(std::make_shared<cotter::grpc::CallGate>(*admission));

    Service service(*admission);
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort(argv[1], credentials, &port);
    builder.RegisterCallbackGenericService(&service);
    const auto server = builder.BuildAndStart();
    if (!server || port == 0) return std::cerr << "can't listen on " << argv[1] << "\n", 2;
    std::cout << "listening on " << port << std::endl;
    server->Wait();
}
