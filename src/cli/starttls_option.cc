// Reading --starttls.
#include "cli/starttls_option.h"

#include "cli/command_tree.h"

#include <CLI/Option.hpp>

namespace cotter::cli {

void add_start_tls(CLI::App& command, std::optional<stream::StartTls>& into) {
    const std::vector<std::string> names = stream::start_tls_names();
    std::string list;
    for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
    command
        .add_option_function<std::string>(
            "--starttls",
            [&into, list](const std::string& text) {
                into = stream::start_tls_from(text);
                if (!into) throw CLI::ValidationError("--starttls", "there is no protocol of that name: " + list);
            },
            list)
        ->check(listed_words(names))
        ->option_text("PROTO");
}

}  // namespace cotter::cli
