// cotter convert: the same object in another form.
#include "x509/convert.h"
#include "cli/invocation.h"
#include "cli/passphrase.h"
#include "cli/print.h"
#include "cli/report.h"
#include "files/files.h"
#include "text/escape.h"

#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>
#include <nlohmann/json.hpp>

#include <openssl/crypto.h>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <utility>

namespace cotter::cli {
namespace {

struct ConvertOptions {
    std::string source;
    std::string form;
    std::string out;
    std::string passphrase_file;
    bool replace = false;
};

constexpr std::array<std::pair<std::string_view, x509::Form>, 5> kForms{{{"pem", x509::Form::kPem},
                                                                         {"der", x509::Form::kDer},
                                                                         {"pkcs8", x509::Form::kPkcs8},
                                                                         {"spki", x509::Form::kSpki},
                                                                         {"pkcs1", x509::Form::kPkcs1}}};

x509::Form form_from(std::string_view text) {
    return std::ranges::find(kForms, text, &std::pair<std::string_view, x509::Form>::first)->second;
}

bool is_of_a_key(x509::Form form) {
    switch (form) {
        case x509::Form::kPem:
        case x509::Form::kDer: return false;
        case x509::Form::kPkcs8:
        case x509::Form::kSpki:
        case x509::Form::kPkcs1: return true;
    }
    return false;
}

Result<x509::Converted> convert(const ConvertOptions& options) {
    const x509::Form form = form_from(options.form);
    if (is_of_a_key(form)) {
        const auto blocks = read_unpacked(options.source, options.passphrase_file);
        if (!blocks) return unexpected(blocks.error());
        return x509::converted(*blocks, form, options.source);
    }
    auto content = files::read(options.source);
    if (!content) return unexpected(content.error());
    const auto blocks = x509::pem_blocks(*content, options.source);
    OPENSSL_cleanse(content->data(), content->size());
    if (!blocks) return unexpected(blocks.error());
    return x509::converted(*blocks, form, options.source);
}

int refuse_terminal(const Invocation& invocation, std::string why) {
    return report(invocation, Error{ErrorKind::kFailed,
                                    "terminal",
                                    "writing to the terminal",
                                    std::move(why),
                                    "say --out FILE, or send standard output somewhere else",
                                    {}});
}

/// Whether standard output is a file that others than its owner can read.
bool others_can_read_output() {
    struct stat status{};
    return ::fstat(STDOUT_FILENO, &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & 077U) != 0;
}

int write_to_output(const Invocation& invocation, const x509::Converted& converted) {
    if (::isatty(STDOUT_FILENO) == 1) {
        if (converted.is_private) return refuse_terminal(invocation, "a private key is not shown");
        if (converted.is_binary) return refuse_terminal(invocation, "DER is not text");
    }
    if (converted.is_private && others_can_read_output())
        std::cerr << "cotter: warning: the private key goes to a file that others can read; --out FILE makes one that "
                     "they can't\n";
    const auto* const begin = static_cast<const char*>(static_cast<const void*>(converted.content.data()));
    if (!std::cout.write(begin, static_cast<std::streamsize>(converted.content.size())).flush()) {
        return report(invocation,
                      Error{ErrorKind::kFailed, "file_write", "writing", "standard output takes no more", {}, {}});
    }
    return kDone;
}

int run(const Invocation& invocation, const ConvertOptions& options) {
    const auto converted = convert(options);
    if (!converted) return report(invocation, converted.error());
    if (options.out.empty()) {
        if (!invocation.json) return write_to_output(invocation, *converted);
        return report(invocation, Error{ErrorKind::kMalformedInput,
                                        "bad_call",
                                        "converting",
                                        "--json says where the object went, and standard output can't hold both",
                                        "add --out FILE",
                                        {}});
    }
    const auto replace = options.replace ? files::Replace::kExisting : files::Replace::kNever;
    const auto written = converted->is_private ? files::write_private(options.out, converted->content, replace)
                                               : files::write_public(options.out, converted->content, replace);
    if (!written) {
        Error error = written.error();
        if (error.code == "file_exists") error.next = "give another --out, or say --replace";
        return report(invocation, error);
    }
    if (invocation.json) {
        const nlohmann::ordered_json document{
            {"out", options.out}, {"bytes", converted->content.size()}, {"private", converted->is_private}};
        print_document(document);
    } else {
        std::cerr << "wrote " << text::escape(options.out) << ", " << converted->content.size() << " bytes"
                  << (converted->is_private ? ": a private key, readable by you alone" : "") << "\n";
    }
    return kDone;
}

}  // namespace

void add_convert(CLI::App& app, Invocation& invocation) {
    auto options = std::make_shared<ConvertOptions>();
    CLI::App* const command = app.add_subcommand("convert", "Write a certificate or key in another form");
    command->footer(
        "Examples:\n"
        "  cotter convert --to spki server.crt --out server.pub\n"
        "  cotter convert --to pkcs8 alice.p12 --out alice.key");
    command->add_option("FILE", options->source, "PEM, DER, PKCS#7 or PKCS#12; - is standard input")->required();
    command->add_option("--to", options->form, "pem, der: as it is; the others: its key")
        ->check(CLI::IsMember({"pem", "der", "pkcs8", "spki", "pkcs1"}))
        ->required();
    command->add_option("--out", options->out, "Else standard output; a private key's gets mode 0600")
        ->type_name("FILE");
    command->add_flag("--replace", options->replace, "Replace --out if it exists");
    command->add_option("--passphrase-file", options->passphrase_file, "What opens FILE; else the terminal is asked")
        ->type_name("FILE");
    command->callback(
        [&invocation, options] { invocation.run = [&invocation, options] { return run(invocation, *options); }; });
}

}  // namespace cotter::cli
