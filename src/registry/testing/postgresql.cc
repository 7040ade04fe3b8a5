// Starting and ending the test program's own PostgreSQL server, as a user without rights.
#include "registry/testing/postgresql.h"

#include <libpq-fe.h>

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

namespace cotter::registry::testing {
namespace {

constexpr std::chrono::seconds kPatience{60};

[[noreturn]] void die(const std::string& why) {
    static_cast<void>(std::fprintf(stderr, "the private PostgreSQL server: %s\n", why.c_str()));
    std::abort();
}

/// The newest one installed.
std::filesystem::path binaries() {
    std::filesystem::path newest;
    std::error_code none;
    for (const auto& version : std::filesystem::directory_iterator("/usr/lib/postgresql", none)) {
        if (exists(version.path() / "bin" / "postgres", none) && version.path() > newest) newest = version.path();
    }
    if (newest.empty()) die("it is not installed (Debian's package postgresql)");
    return newest / "bin";
}

/// PostgreSQL refuses to run as root.
const passwd* user_without_rights() {
    if (::geteuid() != 0) return nullptr;
    for (const char* name : {"postgres", "nobody"}) {
        if (const passwd* entry = ::getpwnam(name)) return entry;
    }
    die("there is no user postgres or nobody to run it");
}

pid_t start(const std::vector<std::string>& command, const passwd* user) {
    std::vector<char*> arguments;
    arguments.reserve(command.size() + 1);
    for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    const pid_t child = ::fork();
    if (child != 0) return child;
    if (user != nullptr &&
        (::setgroups(0, nullptr) != 0 || ::setgid(user->pw_gid) != 0 || ::setuid(user->pw_uid) != 0)) {
        ::_exit(126);
    }
    // It goes when the test program goes, however that ends.
    ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
    const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nowhere < 0) ::_exit(126);
    ::dup2(nowhere, STDIN_FILENO);
    ::dup2(nowhere, STDOUT_FILENO);
    ::dup2(nowhere, STDERR_FILENO);
    ::setenv("LC_ALL", "C.UTF-8", 1);
    ::execv(arguments.front(), arguments.data());
    ::_exit(127);
}

using ConnectionPtr = std::unique_ptr<PGconn, decltype(&PQfinish)>;
using ResultPtr = std::unique_ptr<PGresult, decltype(&PQclear)>;

}  // namespace

PostgresqlCluster& PostgresqlCluster::shared() {
    static PostgresqlCluster cluster;
    return cluster;
}

PostgresqlCluster::PostgresqlCluster() {
    const auto programs = binaries();
    const passwd* user = user_without_rights();
    if (user != nullptr && ::chown(folder_.path().c_str(), user->pw_uid, user->pw_gid) != 0) die("chown failed");
    const std::string data = folder_.path() / "data";
    const pid_t making = start({programs / "initdb", "--pgdata=" + data, "--username=cotter", "--auth=trust",
                                "--no-sync", "--no-instructions", "--encoding=UTF8", "--locale=C.UTF-8"},
                               user);
    int status = 0;
    if (::waitpid(making, &status, 0) != making || status != 0) die("initdb failed");
    server_ = start(
        {programs / "postgres", "-D", data, "-k", folder_.path(), "-h", "", "-F", "-c", "max_connections=40"}, user);
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (PQping(url("postgres").c_str()) != PQPING_OK) {
        if (::waitpid(server_, &status, WNOHANG) != 0) die("it ended");
        if (std::chrono::steady_clock::now() > end) die("it doesn't answer");
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
}

PostgresqlCluster::~PostgresqlCluster() {
    ::kill(server_, SIGQUIT);
    ::waitpid(server_, nullptr, 0);
}

std::string PostgresqlCluster::url(const std::string& database) const {
    return "postgresql:///" + database + "?user=cotter&host=" + folder_.path().string();
}

std::string PostgresqlCluster::new_database() {
    const std::string name = "registry_" + std::to_string(++databases_);
    const std::string fault = tamper_with_postgresql(url("postgres"), "CREATE DATABASE " + name);
    if (!fault.empty()) die(fault);
    return url(name);
}

std::filesystem::path PostgresqlCluster::written_files() const {
    const std::string fault = tamper_with_postgresql(url("postgres"), "CHECKPOINT");
    if (!fault.empty()) die(fault);
    return folder_.path() / "data";
}

std::string tamper_with_postgresql(const std::string& url, const std::string& sql) {
    const ConnectionPtr connection(PQconnectdb(url.c_str()), PQfinish);
    if (PQstatus(connection.get()) != CONNECTION_OK) return PQerrorMessage(connection.get());
    PQsetNoticeProcessor(connection.get(), [](void*, const char*) {}, nullptr);
    const ResultPtr done(PQexec(connection.get(), sql.c_str()), PQclear);
    return PQresultErrorMessage(done.get());
}

}  // namespace cotter::registry::testing
