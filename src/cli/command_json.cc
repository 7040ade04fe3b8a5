// Commands and options as JSON objects.
#include "cli/command_json.h"

#include <nlohmann/json.hpp>

namespace cotter::cli {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const OptionFacts& option) {
    return {{"names", option.names},          {"value", option.value},
            {"words", option.words},          {"default", option.usual},
            {"required", option.is_required}, {"repeats", option.repeats},
            {"group", option.group},          {"description", option.description}};
}

Json to_json(const std::vector<OptionFacts>& options) {
    Json array = Json::array();
    for (const OptionFacts& option : options) array.push_back(to_json(option));
    return array;
}

}  // namespace

Json to_json(const CommandFacts& command) {
    Json below = Json::array();
    for (const CommandFacts& one : command.commands) below.push_back(to_json(one));
    return {{"command", command.name},
            {"description", command.description},
            {"needs_command", command.needs_command},
            {"arguments", to_json(command.arguments)},
            {"options", to_json(command.options)},
            {"commands", below}};
}

}  // namespace cotter::cli
