// A folder of a test's own, 0700, gone with everything in it when the test ends. Never linked into the product.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>

namespace cotter::files::testing {

class ScratchFolder {
  public:
    ScratchFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "cotter-test.XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no folder for the test");
        path_ = name;
    }
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;
    ~ScratchFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    [[nodiscard]] std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

    /// Makes or replaces a file of that content and mode, whatever the umask.
    std::filesystem::path write(std::string_view name, std::string_view content, mode_t mode = 0600) const {
        std::filesystem::path file = path_ / name;
        std::ofstream(file, std::ios::binary | std::ios::trunc) << content;
        if (::chmod(file.c_str(), mode) != 0) throw std::runtime_error("no mode for the test's file");
        return file;
    }

  private:
    std::filesystem::path path_;
};

[[nodiscard]] inline std::string content_of(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

/// Permission bits, or 0 where there is no file.
[[nodiscard]] inline mode_t mode_of(const std::filesystem::path& file) {
    struct stat status{};
    return ::lstat(file.c_str(), &status) == 0 ? status.st_mode & 07777U : 0;
}

}  // namespace cotter::files::testing
