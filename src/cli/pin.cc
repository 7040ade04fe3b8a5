// cotter pin: the pins of a file's certificates and keys, or of the chain that a live server presents.
#include "cli/certificate_json.h"
#include "cli/format_output.h"
#include "cli/invocation.h"
#include "cli/passphrase.h"
#include "cli/pin_format.h"
#include "cli/report.h"
#include "cli/starttls_option.h"
#include "service/probe.h"
#include "text/escape.h"
#include "x509/weak_rsa.h"

#include <CLI/Option.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <iostream>

namespace cotter::cli {
namespace {

struct PinOptions {
    std::string source;
    std::string server_name;
    std::string format = "text";
    std::optional<stream::StartTls> start_tls;
    std::string passphrase_file;
    std::string weak_keys;
    PinFormatOptions as;  ///< for the formats of others
};

Result<std::vector<x509::PinnableObject>> look_at(const HostPort& server, const PinOptions& options,
                                                  service::ConnectFailure& failure) {
    service::ClientSettings settings{.server = server};
    settings.start_tls = options.start_tls;
    if (!options.server_name.empty()) {
        auto name = HostName::parse(options.server_name);
        if (!name) return unexpected(name.error());
        settings.server_name = std::move(*name);
    }
    settings.stream.minimum_protocol = trust::Protocol::kTls12;
    const auto seen = service::probe(settings);
    if (!seen) {
        failure = seen.error();
        return unexpected(Error{});
    }
    return std::vector<x509::PinnableObject>(seen->peer.presented.begin(), seen->peer.presented.end());
}

void print_text(const std::vector<x509::PinnableObject>& objects) {
    for (std::size_t i = 0; i < objects.size(); ++i) {
        const auto* certificate = std::get_if<x509::Certificate>(&objects[i]);
        const x509::PublicKey& key = x509::key_of(objects[i]);
        std::cout << i << "  " << (certificate != nullptr ? certificate->subject_text() : "a key") << "  ("
                  << key.description() << ")\n";
        const nlohmann::ordered_json pins = certificate != nullptr ? pins_json(*certificate) : pins_json(key);
        for (const auto& [name, value] : pins.items()) std::cout << "   " << value.get<std::string>() << "\n";
    }
}

/// What whoever uses these pins should know first, whatever the format that they are printed in.
void warn(const std::vector<x509::PinnableObject>& objects, const std::optional<x509::WeakKeyList>& known) {
    for (std::size_t i = 0; i < objects.size(); ++i) {
        const x509::PublicKey& key = x509::key_of(objects[i]);
        const std::string which = "cotter: warning: the key at " + std::to_string(i);
        if (key.reencodes_differently())
            std::cerr << which << " is encoded in an unusual way; pins of it that other tools make will differ\n";
        if (const auto weakness = x509::weakness_on_inspection(key))
            std::cerr << which << " will be refused: " << *weakness << "\n";
        if (known && known->contains(key)) std::cerr << which << " is on the list of keys that others have\n";
    }
}

Result<std::vector<x509::PinnableObject>> read_objects(const PinOptions& options) {
    const auto blocks = read_unpacked(options.source, options.passphrase_file);
    if (!blocks) return unexpected(blocks.error());
    return x509::pinnable_from(*blocks, options.source);
}

void print_json(const PinOptions& options, const std::vector<x509::PinnableObject>& objects) {
    nlohmann::ordered_json document{{"source", options.source}, {"certificates", nlohmann::ordered_json::array()}};
    for (std::size_t i = 0; i < objects.size(); ++i) document["certificates"].push_back(object_json(objects[i], i));
    std::cout << document.dump() << std::endl;
}

void print_cxx(const std::vector<x509::PinnableObject>& objects) {
    std::cout
        << "#pragma once\n\n#include <cotter/pin_literal.h>\n\nnamespace pins {\nusing namespace cotter::literals;\n";
    for (std::size_t i = 0; i < objects.size(); ++i) {
        const auto pin = x509::pin_of(x509::key_of(objects[i]), PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256);
        std::cout << "inline constexpr cotter::PinConstant kPin" << i << " = \"" << pin->to_string() << "\"_pin;\n";
    }
    std::cout << "}  // namespace pins\n";
}

int run(const Invocation& invocation, const PinOptions& options) {
    std::error_code fault;
    const bool is_file =
        !options.start_tls && (options.source == "-" || std::filesystem::exists(options.source, fault));
    const auto server = is_file ? std::nullopt : [&] {
        auto parsed = HostPort::parse(options.source, options.start_tls ? stream::usual_port(*options.start_tls) : 0);
        return parsed ? std::optional(std::move(*parsed)) : std::nullopt;
    }();
    if (!is_file && !server) {
        return report(invocation, Error{ErrorKind::kFailed,
                                        "file_read",
                                        "read " + text::escape(options.source),
                                        options.start_tls ? "it is no HOST[:PORT]"
                                                          : "there is no such file, and it is no HOST:PORT",
                                        "give a file, the HOST:PORT of a live server, or - for standard input",
                                        {}});
    }
    service::ConnectFailure failure{Error{}, {}};
    auto objects = server ? look_at(*server, options, failure) : read_objects(options);
    if (!objects) {
        if (server && !std::holds_alternative<Error>(failure.why))
            return report(invocation, {options.source, {}}, failure);
        const auto* error = server ? std::get_if<Error>(&failure.why) : nullptr;
        return report(invocation, error != nullptr && !error->code.empty() ? *error : objects.error());
    }
    std::optional<x509::WeakKeyList> known;
    if (!options.weak_keys.empty()) {
        auto list = x509::WeakKeyList::read(options.weak_keys);
        if (!list) return report(invocation, list.error());
        known = std::move(*list);
    }
    warn(*objects, known);
    if (const auto format = policy_format(options.format); format && !invocation.json) {
        PinFormatOptions as = options.as;
        as.server = server;
        if (server && as.host.empty()) as.host = options.server_name;
        return print_as(invocation, *format, *objects, as);
    }
    if (invocation.json || options.format == "json") {
        print_json(options, *objects);
    } else if (options.format == "c++") {
        print_cxx(*objects);
    } else if (options.format == "cotter") {
        for (const x509::PinnableObject& object : *objects) {
            std::cout
                << x509::pin_of(x509::key_of(object), PinTarget::kSubjectPublicKeyInfo, PinForm::kSha256)->to_string()
                << "\n";
        }
    } else {
        print_text(*objects);
    }
    return kDone;
}

}  // namespace

void add_pin(CLI::App& app, Invocation& invocation) {
    auto options = std::make_shared<PinOptions>();
    CLI::App* const command = app.add_subcommand("pin", "Print the pins of a file or of a live server");
    command->footer(
        "Examples:\n"
        "  cotter pin 127.0.0.1:7000\n"
        "  cotter pin --starttls smtp mail.example.org:587");
    command->add_option("SOURCE", options->source, "FILE, HOST:PORT, or - for standard input")
        ->required()
        ->type_name("FILE");
    command->add_option("--server-name", options->server_name, "Name to ask the server for instead of HOST")
        ->type_name("NAME");
    add_start_tls(*command, options->start_tls);
    command->add_option("--passphrase-file", options->passphrase_file, "What opens FILE; else the terminal is asked")
        ->type_name("FILE");
    command->add_option("--weak-keys", options->weak_keys, "List of keys to warn of: docs/pins.md")->type_name("FILE");
    command
        ->add_option("--format", options->format,
                     "text, json, c++, cotter (one a line), or one of\n`cotter help formats`")
        ->check(one_of(pin_format_names()))
        ->option_text("FORMAT")
        ->capture_default_str();
    command->add_option("--host", options->as.host, "With --format: whose key it is, where that is said")
        ->type_name("NAME[:PORT]");
    command->add_option("--backup", options->as.backups, "With --format: pin of the next key; may be repeated")
        ->type_name("PIN")
        ->allow_extra_args(false);
    command->callback(
        [&invocation, options] { invocation.run = [&invocation, options] { return run(invocation, *options); }; });
}

}  // namespace cotter::cli
