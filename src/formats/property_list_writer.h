// PropertyListWriter: an XML property list, written from the outside in; every text is escaped on its way.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cotter::formats {

class PropertyListWriter {
  public:
    PropertyListWriter();

    // With a key inside of a dictionary, without one inside of an array or as the list's own value.
    void begin_dictionary(std::string_view key = {}) { begin("dict", key); }
    void begin_array(std::string_view key = {}) { begin("array", key); }
    void end();  ///< of the innermost dictionary or array

    void text(std::string_view key, std::string_view value);
    void text(std::string_view value);  ///< an element of an array
    void boolean(std::string_view key, bool value);

    /// The whole text; every dictionary and array has ended.
    [[nodiscard]] std::string finish() &&;

  private:
    void begin(std::string_view element, std::string_view key);
    void line(const std::string& markup);
    void key(std::string_view name);

    std::string text_;
    std::vector<std::string> open_;
};

}  // namespace cotter::formats
