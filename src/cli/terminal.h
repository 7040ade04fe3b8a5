// Terminal: the one at which a person sits, wherever standard input and output go: they may be the stream.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cotter::cli {

class Terminal {
  public:
    /// The controlling terminal; nothing where this process has none.
    [[nodiscard]] static std::optional<Terminal> open();
    Terminal(Terminal&& other) noexcept;
    Terminal& operator=(Terminal&&) = delete;
    ~Terminal();

    void print(std::string_view text) const;

    /// Prints, and reads one line, without its end. What was typed before it was asked is no answer to it and is thrown
    /// away. Nothing: the end of input, or more than any answer has.
    [[nodiscard]] std::optional<std::string> ask(std::string_view question) const;

  private:
    explicit Terminal(int descriptor) : descriptor_(descriptor) {}
    int descriptor_;
};

}  // namespace cotter::cli
