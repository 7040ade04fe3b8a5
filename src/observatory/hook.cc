// Running a hook.
#include "observatory/hook.h"

#include "text/escape.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): kill() is POSIX's
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string_view>
#include <system_error>

// NOLINTNEXTLINE(readability-redundant-declaration): POSIX leaves it to the program to declare it
extern char** environ;

namespace cotter::observatory {
namespace {

using Clock = std::chrono::steady_clock;

class Pipe {
  public:
    Pipe() { is_open_ = ::pipe2(ends_.data(), O_CLOEXEC) == 0; }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    ~Pipe() {
        close_reading();
        close_writing();
    }
    [[nodiscard]] bool is_open() const { return is_open_; }
    [[nodiscard]] int reading() const { return ends_[0]; }
    [[nodiscard]] int writing() const { return ends_[1]; }
    void close_reading() { close(ends_[0]); }
    void close_writing() { close(ends_[1]); }

  private:
    static void close(int& end) {
        if (end >= 0) ::close(end);
        end = -1;
    }
    std::array<int, 2> ends_{-1, -1};
    bool is_open_ = false;
};

/// In a process group of its own, so that all of what the shell starts can be ended.
int start(const std::string& command, int input, pid_t& child) {
    posix_spawn_file_actions_t actions{};
    posix_spawnattr_t attributes{};
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
    sigset_t defaults{};
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
    std::string shell = "sh";
    std::string flag = "-c";
    std::string text = command;
    const std::array<char*, 4> arguments{shell.data(), flag.data(), text.data(), nullptr};
    const int fault = ::posix_spawn(&child, "/bin/sh", &actions, &attributes, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return fault;
}

/// Until it is all taken, nobody reads any more, or the time is up.
void feed(int descriptor, std::string_view input, Clock::time_point end) {
    ::fcntl(descriptor, F_SETFL, O_NONBLOCK);
    while (!input.empty() && Clock::now() < end) {
        pollfd ready{descriptor, POLLOUT, 0};
        constexpr int kPatience = 100;
        if (::poll(&ready, 1, kPatience) <= 0) continue;
        const ssize_t written = ::write(descriptor, input.data(), input.size());
        if (written < 0 && errno != EAGAIN && errno != EINTR) return;
        if (written > 0) input.remove_prefix(static_cast<std::size_t>(written));
    }
}

/// Its status, or nothing if it had to be killed.
std::optional<int> wait_until(pid_t child, Clock::time_point end) {
    constexpr std::chrono::milliseconds kLookEvery{20};
    // An old kernel has none; then it is looked at now and then.
    const int descriptor = static_cast<int>(::syscall(SYS_pidfd_open, child, 0));
    int status = 0;
    pid_t ended = 0;
    while ((ended = ::waitpid(child, &status, WNOHANG)) == 0 && Clock::now() < end) {
        auto patience = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
        if (descriptor < 0) patience = std::min(patience, kLookEvery);
        pollfd change{descriptor, POLLIN, 0};
        ::poll(&change, descriptor < 0 ? 0 : 1, static_cast<int>(std::max<long>(patience.count(), 1)));
    }
    if (descriptor >= 0) ::close(descriptor);
    if (ended != 0) return status;
    ::kill(-child, SIGKILL);
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return std::nullopt;
}

}  // namespace

Result<void> run_hook(const std::string& command, const std::string& input, std::chrono::seconds most) {
    const std::string what = "running " + text::escape(command, 128);
    Pipe pipe;
    if (!pipe.is_open()) return failed("hook_failed", what, std::generic_category().message(errno));
    pid_t child = 0;
    if (const int fault = start(command, pipe.reading(), child); fault != 0)
        return failed("hook_failed", what, std::generic_category().message(fault));
    pipe.close_reading();
    const auto end = Clock::now() + most;
    feed(pipe.writing(), input, end);
    pipe.close_writing();
    const auto status = wait_until(child, end);
    if (!status)
        return failed("hook_failed", what, "it ran longer than " + std::to_string(most.count()) + " s and was killed");
    if (WIFEXITED(*status) && WEXITSTATUS(*status) == 0) return {};
    return failed("hook_failed", what,
                  WIFEXITED(*status) ? "it ended with exit code " + std::to_string(WEXITSTATUS(*status))
                                     : "it was ended by signal " + std::to_string(WTERMSIG(*status)));
}

}  // namespace cotter::observatory
