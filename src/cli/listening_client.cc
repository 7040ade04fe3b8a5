// The loop of a client that listens, and what it prints.
#include "cli/listening_client.h"

#include "cli/key_event.h"
#include "service/connect.h"

#include <nlohmann/json.hpp>

#include <iostream>

namespace cotter::cli {

int run_listening_client(const Invocation& invocation, const Attempt& attempt, const service::ClientSettings& settings,
                         const StreamOptions& options) {
    service::Log log(options.format(), options.level());
    const auto say_listening = [&](const service::ListeningAt& at) {
        if (invocation.json) {
            nlohmann::ordered_json line{
                {"event", "listening"}, {"listen", at.address}, {"to", attempt.server}, {"pin", attempt.own_pin}};
            if (!at.metrics.empty()) line["metrics"] = at.metrics;
            std::cout << line.dump() << std::endl;
        } else {
            std::cout << "listening on " << at.address << ", each connection goes to " << attempt.server << std::endl;
            if (!at.metrics.empty()) std::cout << "metrics at http://" << at.metrics << "/metrics" << std::endl;
        }
    };
    // A client that listens goes on: what one connection met is told and no more.
    const auto say_failure = [&](const service::ConnectFailure& failure) {
        static_cast<void>(report(invocation, attempt, failure));
    };
    service::ClientSettings logging = settings;
    logging.on_key_event = [&](const service::KeyEvent& event) { log.write(log_line_of(event)); };
    const auto ran = service::connect_listening(logging, log, say_listening, say_failure);
    return ran ? kDone : report(invocation, ran.error());
}

}  // namespace cotter::cli
