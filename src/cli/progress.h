// Progress: a line on standard error that says how far a long work has come; only where that is a terminal.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace cotter::cli {

class Progress {
  public:
    /// `total` > 0 things, `done` of them before now. Shows nothing where `is_wanted` is false.
    Progress(std::size_t total, std::size_t done, bool is_wanted);
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    ~Progress() { clear(); }

    void advance() { ++done_; }
    /// Writes the line anew.
    void show();
    /// Takes it away, so that something else can be said.
    void clear();

    /// "  412/1000 [########------------]  97/s, 6 s left": `elapsed` since the first of those that were not done
    /// before.
    [[nodiscard]] static std::string line(std::size_t total, std::size_t before, std::size_t done,
                                          std::chrono::milliseconds elapsed);

  private:
    std::size_t total_;
    std::size_t before_;
    std::size_t done_;
    bool is_shown_;
    std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

}  // namespace cotter::cli
