// ServerVerifier: a client's side. It judges the servers that a program talks to, whoever made the connection.
#pragma once

#include <cotter/error.h>
#include <cotter/export.h>
#include <cotter/host_name.h>
#include <cotter/policy.h>
#include <cotter/presented.h>
#include <cotter/verdict.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace cotter {

/// Cheap to copy, and to be asked by any number of threads at once.
class COTTER_EXPORT ServerVerifier {
  public:
    /// By what servers are judged.
    struct Settings {
        Policy policy;  ///< which server must show what; the verifier keeps a copy
        /// Trust anchors, PEM or DER, for what the policy asks a certificate path of. None: the system's.
        std::optional<std::filesystem::path> roots{};
        /// CRLs, PEM or DER (RFC 5280 5). Once there is one, each certificate of a path must be covered.
        std::vector<std::filesystem::path> crls{};
        /// What is remembered of servers, for entries that trust by key continuity (docs/continuity.md). The file need
        /// not be there; without one, such entries refuse.
        std::optional<std::filesystem::path> known_peers{};
        /// A server below it is refused (`downgraded_protocol`).
        TlsVersion minimum_version = TlsVersion::kTls13;
    };

    /// Reads every file now; any that can't be read is an Error.
    [[nodiscard]] static Result<ServerVerifier> make(const Settings& settings);
    /// One that wants nothing but one of these pins of every server (Policy::of_pins).
    [[nodiscard]] static Result<ServerVerifier> pinned_to(std::string_view pins);

    /// The verdict on a server of that name and port. Reads `known_peers` where an entry needs it, and nothing else;
    /// fetches nothing. Trust by DANE is refused here, since nobody asks the DNS.
    [[nodiscard]] Verdict verify(const HostPort& server, const Presented& presented,
                                 std::chrono::sys_seconds now) const;

    /// That of the settings; openssl::attach() raises its context's lowest version to it.
    [[nodiscard]] TlsVersion minimum_version() const;

    /// What a connection that `verdict` lets pass still has to do before its first byte: where the key is one that
    /// `accept-new` meets for the first time, to write it down. The verdict, or the refusal that it becomes if that
    /// can't be done (`continuity_unknown`). A refusal stays what it is.
    [[nodiscard]] Verdict let_in(const HostPort& server, const Verdict& verdict, std::chrono::sys_seconds now) const;

  private:
    struct State;
    explicit ServerVerifier(std::shared_ptr<const State> state) : state_(std::move(state)) {}
    std::shared_ptr<const State> state_;
};

}  // namespace cotter
