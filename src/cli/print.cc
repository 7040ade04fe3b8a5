// One line for a document, and the plural of a noun.
#include "cli/print.h"

#include <nlohmann/json.hpp>

#include <iostream>

namespace cotter::cli {

void print_document(const nlohmann::ordered_json& document) {
    std::cout << document.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << std::endl;
}

std::string count_text(std::uint64_t count, std::string_view noun) {
    return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

}  // namespace cotter::cli
