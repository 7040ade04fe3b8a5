// Transactions of any store: kept or undone as a whole, done once more where two met, one within another as its part.
#include "registry/store.h"

#include <stdexcept>

namespace cotter::registry {
namespace {

constexpr int kMostAttempts = 10;

}  // namespace

StoreFault::StoreFault(std::string code, std::string why, std::string next, Again again)
    : code_(std::move(code)), why_(std::move(why)), next_(std::move(next)), again_(again) {}

Error StoreFault::error(std::string what) const {
    return {ErrorKind::kFailed, code_, std::move(what), why_, next_, {}};
}

Result<void> Store::run_transaction(const std::string& what, Access access, const std::function<bool()>& work) {
    if (open_) {
        run_as_part(access, work);
        return {};
    }
    for (int attempt = 1;; ++attempt) {
        try {
            run_alone(access, work);
            return {};
        } catch (const StoreFault& fault) {
            if (fault.again() == StoreFault::Again::kMaySucceed && attempt < kMostAttempts) continue;
            return unexpected(fault.error(what));
        }
    }
}

Result<bool> Store::may_have_changed(const std::string& what) {
    try {
        return look_for_changes();
    } catch (const StoreFault& fault) {
        return unexpected(fault.error(what));
    }
}

void Store::run_alone(Access access, const std::function<bool()>& work) {
    begin(access);
    open_ = access;
    try {
        const bool keep = work();
        open_.reset();
        keep ? commit() : roll_back();
    } catch (...) {
        open_.reset();
        roll_back();
        throw;
    }
}

// A fault in a part is one of the whole: it goes on to the outermost transaction.
void Store::run_as_part(Access access, const std::function<bool()>& work) {
    if (access == Access::kRead) {
        work();
        return;
    }
    if (open_ == Access::kRead) throw std::logic_error("a write within a read");
    prepare("SAVEPOINT part")->run();
    if (!work()) prepare("ROLLBACK TO SAVEPOINT part")->run();
    prepare("RELEASE SAVEPOINT part")->run();
}

}  // namespace cotter::registry
