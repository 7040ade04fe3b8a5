// Reading --starttls.
#include "cli/starttls_option.h"

#include <CLI/Option.hpp>

namespace cotter::cli {

void add_start_tls(CLI::App& command, std::optional<stream::StartTls>& into) {
    command
        .add_option_function<std::string>(
            "--starttls",
            [&into](const std::string& text) {
                into = stream::start_tls_from(text);
                if (!into)
                    throw CLI::ValidationError(
                        "--starttls",
                        "there is no protocol of that name: smtp, imap, pop3, ftp, ldap, xmpp, postgres, mysql");
            },
            "smtp, imap, pop3, ftp, ldap, xmpp, postgres, mysql")
        ->type_name("PROTO");
}

}  // namespace cotter::cli
