// Writing property lists as plutil lays them out.
#include "formats/property_list_writer.h"

#include "formats/xml_reader.h"

namespace cotter::formats {

PropertyListWriter::PropertyListWriter()
    : text_(
          "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
          "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "
          "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"
          "<plist version=\"1.0\">\n") {}

void PropertyListWriter::line(const std::string& markup) {
    text_ += std::string(open_.size(), '\t') + markup + "\n";
}

void PropertyListWriter::key(std::string_view name) {
    if (!name.empty()) line("<key>" + xml_escaped(name) + "</key>");
}

void PropertyListWriter::begin(std::string_view element, std::string_view name) {
    key(name);
    line("<" + std::string(element) + ">");
    open_.emplace_back(element);
}

void PropertyListWriter::end() {
    const std::string element = std::move(open_.back());
    open_.pop_back();
    line("</" + element + ">");
}

void PropertyListWriter::text(std::string_view name, std::string_view value) {
    key(name);
    text(value);
}

void PropertyListWriter::text(std::string_view value) {
    line("<string>" + xml_escaped(value) + "</string>");
}

void PropertyListWriter::boolean(std::string_view name, bool value) {
    key(name);
    line(value ? "<true/>" : "<false/>");
}

std::string PropertyListWriter::finish() && {
    return std::move(text_) + "</plist>\n";
}

}  // namespace cotter::formats
