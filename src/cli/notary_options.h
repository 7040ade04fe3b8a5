// Notaries that a client asks: --notary, --quorum, --notary-relay.
#pragma once

#include "cli/invocation.h"
#include "observatory/notary_inquiry.h"
#include "service/client_settings.h"
#include "trust/policy.h"

#include <CLI/App.hpp>

#include <cotter/error.h>

#include <string>
#include <vector>

namespace cotter::cli {

struct NotaryOptions {
    std::vector<std::string> notaries;
    std::size_t quorum = 0;  ///< 0: all of them
    std::string relay;

    void add_to(CLI::App& command);
    [[nodiscard]] bool is_given() const { return !notaries.empty() || quorum != 0 || !relay.empty(); }

    /// Whom to ask, and as whom.
    [[nodiscard]] Result<observatory::InquirySettings> inquiry(const Invocation& invocation,
                                                               const identity::StateFolder& state) const;

    enum class When : std::uint8_t {
        kFirstContact,  ///< only if nothing is remembered of the server, under accept-new and ask
        kAlways,
    };
    /// Asks them, where notaries were named, and puts what they say into the settings. An Error where the trust that
    /// was chosen never asks a notary.
    [[nodiscard]] Result<void> hear(const Invocation& invocation, const identity::StateFolder& state,
                                    const trust::ServerPolicy& policy, When when,
                                    service::ClientSettings& settings) const;
};

}  // namespace cotter::cli
