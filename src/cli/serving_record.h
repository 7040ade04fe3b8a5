// ServingRecord: what `serve` last said of itself, kept in the state folder so that `invite` can put it into a code.
#pragma once

#include "identity/state_folder.h"

#include <cotter/error.h>
#include <cotter/host_name.h>
#include <cotter/pin.h>

#include <string>

namespace cotter::cli {

struct ServingRecord {
    std::string listen;
    Pin pin;
};

[[nodiscard]] Result<void> write_record(const identity::StateFolder& state, const ServingRecord& record);
/// An Error if `serve` has never run with this state folder.
[[nodiscard]] Result<ServingRecord> read_record(const identity::StateFolder& state);

/// The address that clients should use: the one listened on, or, if that is every address, this machine's name.
[[nodiscard]] Result<HostPort> address_for_clients(const ServingRecord& record);

}  // namespace cotter::cli
