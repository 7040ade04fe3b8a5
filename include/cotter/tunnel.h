// Tunnel: `cotter connect` inside a program, for a library that opens its connections itself and takes a UNIX socket
// where others take a host: each connection to the socket goes on to one server, under pinned TLS.
#pragma once

#include <cotter/error.h>
#include <cotter/export.h>
#include <cotter/host_name.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace cotter {

/// Serves as long as it lives, on a thread of its own. What the program's user may do, others may not: the socket
/// stands in a folder that only its user enters (0700).
class COTTER_EXPORT Tunnel {
  public:
    /// Where the tunnel leads, and what is trusted there. Of `pins` and `policy`, one.
    struct Settings {
        HostPort server;                                     ///< where to go, and who is judged
        std::string pins{};                                  ///< as Policy::of_pins takes them
        std::optional<std::filesystem::path> policy{};       ///< a policy file (docs/policy.md)
        std::optional<std::filesystem::path> known_peers{};  ///< as ServerVerifier::Settings has it
        std::optional<std::filesystem::path> roots{};        ///< trust anchors, PEM or DER; none: the system's
        std::optional<std::filesystem::path> certificate{};  ///< the client's own, PEM; none: it presents none
        std::optional<std::filesystem::path> key{};          ///< its private key, PEM, readable by its user alone
        /// The protocol in which TLS is asked for first: "smtp", "imap", "pop3", "ftp", "ldap", "xmpp", "postgres" or
        /// "mysql"; empty: none.
        std::string start_tls{};
        std::string socket_name = "socket";  ///< of the file in folder(); no slash in it
        /// Told of each connection that came to nothing, with the reason in one line; on the tunnel's thread, and must
        /// not wait or throw. Who connected finds the connection reset.
        std::function<void(const std::string& why)> on_failure{};
    };

    /// Reads the files and listens. An Error, and no tunnel: files that can't be read, no folder that can be made below
    /// the system's one for temporary files. The server need not be there yet.
    [[nodiscard]] static Result<Tunnel> open(const Settings& settings);

    Tunnel(Tunnel&& other) noexcept;             ///< the other can only be assigned to or ended afterwards
    Tunnel& operator=(Tunnel&& other) noexcept;  ///< ends the one that this was; the other as above
    /// Resets the streams that are open, and removes socket and folder.
    ~Tunnel();

    /// Absolute, of this tunnel alone; gone with it.
    [[nodiscard]] const std::filesystem::path& folder() const;
    /// The socket's path, in folder().
    [[nodiscard]] std::filesystem::path socket() const;

  private:
    class State;
    explicit Tunnel(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace cotter
