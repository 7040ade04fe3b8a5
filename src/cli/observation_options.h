// The options of commands that look at many servers: what looks are held against, how long each may take, and where
// what was seen is kept.
#pragma once

#include "cli/client_options.h"
#include "cli/invocation.h"
#include "observatory/archive.h"
#include "observatory/crew.h"

#include <CLI/App.hpp>

#include <memory>
#include <string>

namespace cotter::cli {

struct ObservationOptions {
    std::string archive;
    std::string policy;
    std::string roots;
    std::string resolver;
    std::string dnssec_anchor;
    std::string connect_timeout = "5s";
    std::string handshake_timeout = "5s";
    std::size_t parallel = observatory::Pace{}.parallel;
    double rate = observatory::Pace{}.rate;

    void add_archive_to(CLI::App& command);
    void add_to(CLI::App& command);

    [[nodiscard]] Result<std::unique_ptr<observatory::Archive>> open_archive(const identity::StateFolder& state) const;
    [[nodiscard]] std::filesystem::path archive_path(const identity::StateFolder& state) const;
    [[nodiscard]] Result<observatory::CrewSettings> crew() const;
    /// Trust anchors, policy and memory; what can't be read is an Error.
    [[nodiscard]] Result<observatory::Assessor> assessor(const identity::StateFolder& state) const;
};

}  // namespace cotter::cli
