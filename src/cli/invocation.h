// Invocation: what every command of one call of the tool shares.
#pragma once

#include "identity/state_folder.h"

#include <CLI/App.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace cotter::cli {

struct Invocation {
    bool json = false;
    std::string state;  ///< --state; empty: the usual place
    std::string key_type = "p256";
    std::function<int()> run;  ///< set by the command that was named; gives the exit code

    [[nodiscard]] Result<identity::StateFolder> open_state() const {
        return identity::StateFolder::open(state.empty() ? std::nullopt : std::optional(state));
    }
    /// Of --key-type.
    [[nodiscard]] Result<identity::KeyChoice> key_choice() const;
    /// This side's identity in the state folder, made if there is none; a fresh one is said on standard error.
    [[nodiscard]] Result<identity::Identity> own_identity(const identity::StateFolder& folder) const;
};

/// The exit codes of INTERFACE 3.
inline constexpr int kDone = 0;
inline constexpr int kCouldNot = 1;
inline constexpr int kMalformed = 2;
inline constexpr int kVerdict = 3;
/// As a shell says of a command that SIGINT ended.
inline constexpr int kInterrupted = 130;

void add_renew(CLI::App& app, Invocation& invocation);
void add_rotate(CLI::App& app, Invocation& invocation);
void add_serve(CLI::App& app, Invocation& invocation);
void add_check(CLI::App& app, Invocation& invocation);
void add_status(CLI::App& app, Invocation& invocation);
void add_explain(CLI::App& app, Invocation& invocation);
void add_connect(CLI::App& app, Invocation& invocation);
void add_join(CLI::App& app, Invocation& invocation);
void add_invite(CLI::App& app, Invocation& invocation);
void add_client(CLI::App& app, Invocation& invocation);
void add_ca(CLI::App& app, Invocation& invocation);
void add_id(CLI::App& app, Invocation& invocation);
void add_peers(CLI::App& app, Invocation& invocation);
void add_pin(CLI::App& app, Invocation& invocation);
void add_inspect(CLI::App& app, Invocation& invocation);
void add_convert(CLI::App& app, Invocation& invocation);
void add_verify(CLI::App& app, Invocation& invocation);
void add_survey(CLI::App& app, Invocation& invocation);
void add_watch(CLI::App& app, Invocation& invocation);
void add_notary(CLI::App& app, Invocation& invocation);
void add_policy(CLI::App& app, Invocation& invocation);
void add_bundle(CLI::App& app, Invocation& invocation);
void add_log(CLI::App& app, Invocation& invocation);
void add_completion(CLI::App& app, Invocation& invocation);
void add_version(CLI::App& app, Invocation& invocation);

}  // namespace cotter::cli
