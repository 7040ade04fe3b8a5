// Admission: a server's side. It turns a client's certificate into the client's name, by the list that `cotter client`
// keeps, and learns within a second of everything that changes there.
#pragma once

#include <cotter/error.h>
#include <cotter/export.h>
#include <cotter/host_name.h>
#include <cotter/presented.h>
#include <cotter/verdict.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cotter {

/// Cheap to copy: copies share one list, which a thread of the library's own keeps up to date until the last copy ends.
/// To be asked by any number of threads at once.
class COTTER_EXPORT Admission {
  public:
    /// Which list is followed, and who is admitted besides.
    struct Settings {
        /// The list of clients: "sqlite:PATH" or "postgresql://…" (docs/fleet.md). Made where there is none.
        std::string registry;
        /// Clients whose certificates chain to one of these trust anchors (PEM or DER) are admitted, too, unless the
        /// registry denies them (docs/certificate-authority.md).
        std::optional<std::filesystem::path> client_ca{};
        /// CRLs that must cover these certificates.
        std::vector<std::filesystem::path> client_crls{};
        /// Which of their subject alternative names count: "DNS:*.clients.example", "URI:spiffe://x/y". Empty: any.
        std::vector<std::string> client_names{};
        /// What rules of clients call this service (docs/rules.md); empty: it has no name.
        std::string service{};
        /// A client below it is refused (`downgraded_protocol`).
        TlsVersion minimum_version = TlsVersion::kTls13;
        /// How long the last list serves while the registry can't be read; after that nobody is admitted.
        std::chrono::milliseconds grace = std::chrono::minutes(5);
        /// Called on the library's thread after each change of the list; it must not wait, throw, or ask for the end of
        /// the last copy. The time to ask still_admits() about each open connection.
        std::function<void()> on_change{};
    };

    /// Reads the files and the list: what can't be read is an Error, and no admission. From then on `cotter client
    /// revoke` and its like count this program among the servers that obey. Where the registry can't be read later, a
    /// line on standard error says so.
    [[nodiscard]] static Result<Admission> open(const Settings& settings);

    /// Whether that client is let in now, and under which name (Verdict::client_name). `source`: where it comes from,
    /// for clients that are bound to addresses; none: it has no address, as behind a UNIX socket.
    [[nodiscard]] Verdict judge(const Presented& presented, const std::optional<IpAddress>& source = {}) const;

    /// Counts the client of this verdict as having one stream more, for `cotter client show` and for rules that bound
    /// their number, until the last copy of what comes ends. Null: its rules let it have no more, or the verdict
    /// refuses it. `from`: its address, for people.
    [[nodiscard]] std::shared_ptr<const void> open_stream(const Verdict& verdict, const std::string& from) const;

    /// For an open connection: whether the client that this verdict once let in still is let in.
    [[nodiscard]] bool still_admits(const Verdict& verdict, const std::optional<IpAddress>& source = {}) const;

    /// That of the settings; openssl::attach() raises its context's lowest version to it.
    [[nodiscard]] TlsVersion minimum_version() const;

    /// Moves whenever a verdict of before might be another now.
    [[nodiscard]] std::uint64_t generation() const;

  private:
    class State;
    explicit Admission(std::shared_ptr<State> state) : state_(std::move(state)) {}
    std::shared_ptr<State> state_;
};

}  // namespace cotter
