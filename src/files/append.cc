// One write at the end.
#include "files/append.h"

#include "text/escape.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace cotter::files {
namespace {

unexpected<Error> cannot_append(const std::filesystem::path& path, std::string why, std::string next) {
    return failed("file_append", "add a line to " + text::escape(path.string()), std::move(why), std::move(next));
}

}  // namespace

Result<void> append_line(const std::filesystem::path& path, std::string_view line) {
    const int descriptor =
        ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, 0600);
    if (descriptor < 0) {
        return cannot_append(path, std::generic_category().message(errno), "check the path, its folder and its rights");
    }
    struct stat status{};
    if (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
        ::close(descriptor);
        return cannot_append(path, "it is not a regular file", "name another file");
    }
    const std::string whole = std::string(line) + "\n";
    const ssize_t written = ::write(descriptor, whole.data(), whole.size());
    const int error = errno;
    ::close(descriptor);
    if (written == static_cast<ssize_t>(whole.size())) return {};
    return cannot_append(path, written < 0 ? std::generic_category().message(error) : "the disk took only a part",
                         "make room on that disk");
}

}  // namespace cotter::files
