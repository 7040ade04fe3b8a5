// Putting a dialect's words into a statement.
#include "registry/dialect.h"

#include <stdexcept>

namespace cotter::registry {
namespace {

std::string_view word_of(const Dialect& dialect, std::string_view name) {
    if (name == "integer") return dialect.integer;
    if (name == "text") return dialect.text;
    if (name == "octets") return dialect.octets;
    if (name == "counter") return dialect.counter;
    if (name == "strict") return dialect.strict;
    if (name == "name_letters") return dialect.name_letters;
    if (name == "log_guard") return dialect.log_guard;
    throw std::logic_error("a migration has the word {" + std::string(name) + "}, which no dialect knows");
}

}  // namespace

std::string in_dialect(std::string_view sql, const Dialect& dialect) {
    std::string translated;
    while (!sql.empty()) {
        const std::size_t open = sql.find('{');
        translated += sql.substr(0, open);
        if (open == std::string_view::npos) break;
        const std::size_t close = sql.find('}', open);
        translated += word_of(dialect, sql.substr(open + 1, close - open - 1));
        sql.remove_prefix(close + 1);
    }
    return translated;
}

}  // namespace cotter::registry
