// Sentences about keys that change.
#include "cli/key_event.h"

#include <iostream>

namespace cotter::cli {
namespace {

using Kind = service::KeyEvent::Kind;

struct Sentences {
    std::string what;
    std::string next;
};

Sentences sentences_of(const service::KeyEvent& event) {
    const std::string server = event.server.to_string();
    const std::string key = event.key ? event.key->to_string() : "";
    switch (event.kind) {
        case Kind::kLearnt:
            return {server +
                        " has announced its next key, and has proved that it holds it; it is remembered beside "
                        "the present one: " +
                        key,
                    "nothing, if its owner is changing the key; else ask him by another way, and refuse it with: "
                    "cotter peers revoke " +
                        key};
        case Kind::kSucceeded:
            return {server + " has the key now that it had announced: " + key + "; the former one is forgotten", ""};
        case Kind::kWithdrawn: return {server + " will not have the key that it had announced; it is forgotten", ""};
        case Kind::kByHand:
            return {
                server + " has announced its next key, which this side will not take, since " + event.why + ": " + key,
                "ask its owner by another way whether that is right, and give --pin " + key +
                    " beside the present one (or the pin in the policy file)"};
        case Kind::kNotForgotten:
            return {"the former key of " + server + " is still remembered beside " + key + ": " + event.why,
                    "make the state folder writable, or take the line out of known_peers"};
        case Kind::kLogged:
            return {"the key of " + server + " is new here, and is in its key log (" + event.why +
                        "); it is remembered, and no other: " + key,
                    ""};
        case Kind::kRefused:
            return {"what " + server + " says of its next key" + (key.empty() ? "" : ", " + key + ",") +
                        " is not believed: " + event.why,
                    "ask its owner by another way; the stream goes on under the present key"};
    }
    return {};
}

}  // namespace

void print_key_event(const service::KeyEvent& event) {
    const Sentences sentences = sentences_of(event);
    std::cerr << "cotter: " << sentences.what << "\n";
    if (!sentences.next.empty()) std::cerr << "  next: " << sentences.next << "\n";
}

service::Event log_line_of(const service::KeyEvent& event) {
    const bool is_warning =
        event.kind == Kind::kByHand || event.kind == Kind::kNotForgotten || event.kind == Kind::kRefused;
    service::Event line(service::text_of(event.kind),
                        is_warning ? service::LogLevel::kWarning : service::LogLevel::kInfo);
    line.with("server", event.server.to_string());
    if (event.key) line.with("pin", event.key->to_string());
    return line.with("reason", event.why).with("next", sentences_of(event).next);
}

}  // namespace cotter::cli
