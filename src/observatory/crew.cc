// One thread says who is looked at next; some others look.
#include "observatory/crew.h"

#include "service/dane_lookup.h"
#include "service/wall_clock.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <csignal>
#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>

namespace cotter::observatory {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kTick{250};
// Each thread resolves one name at a time, so there are more of them than processors.
constexpr std::size_t kLooksAThread = 8;
constexpr std::size_t kMostThreads = 16;

/// One thread that looks.
class Worker {
  public:
    [[nodiscard]] static Result<std::unique_ptr<Worker>> make(const Assessor& assessor, const CrewSettings& settings) {
        std::unique_ptr<Worker> worker(new Worker(assessor, settings));
        auto looker = Looker::make(worker->reactor_, settings.look);
        if (!looker) return unexpected(looker.error());
        worker->looker_ = std::move(*looker);
        if (assessor.looks_at_dns()) {
            auto resolver = evidence::DaneResolver::make(settings.dns);
            if (!resolver) return unexpected(resolver.error());
            worker->resolver_ = std::move(*resolver);
        }
        worker->thread_ = std::thread([raw = worker.get()] { raw->reactor_.run(); });
        return worker;
    }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;
    ~Worker() {
        reactor_.io().stop();
        if (thread_.joinable()) thread_.join();
    }

    /// `done` is called on this worker's thread.
    void look(Target target, std::function<void(Assessed)> done) {
        asio::post(reactor_.io(), [this, target = std::move(target), done = std::move(done)]() mutable {
            asio::co_spawn(reactor_.io(), run(std::move(target), std::move(done)), asio::detached);
        });
    }

  private:
    Worker(const Assessor& assessor, const CrewSettings& settings) : assessor_(assessor), settings_(settings) {}

    asio::awaitable<void> run(Target target, std::function<void(Assessed)> done) {
        trust::DaneAnswer dane;
        if (resolver_ && assessor_.looks_at_dns(target.server))
            dane = co_await service::look_up_dane(reactor_, resolver_, target.server, settings_.look.connect_timeout);
        const HostPort server = target.server;
        // Named: g++ 12 destroys what an aggregate takes from a co_await twice.
        Look look = co_await looker_->look(std::move(target));
        Assessed assessed{std::move(look), std::nullopt};
        if (assessed.look.appearance)
            assessed.assessment =
                assessor_.assess(server, assessed.look.appearance->peer, dane, service::wall_clock_now());
        done(std::move(assessed));
    }

    const Assessor& assessor_;
    const CrewSettings& settings_;
    std::unique_ptr<Looker> looker_;  ///< outlives the looks, which end with the reactor
    std::shared_ptr<evidence::DaneResolver> resolver_;
    stream::Reactor reactor_;
    std::thread thread_;
};

/// Targets in their order, but for those whose host has its share already.
class Queue {
  public:
    Queue(const std::vector<Target>& targets, std::size_t per_host) : targets_(targets), per_host_(per_host) {}

    [[nodiscard]] const Target* next() {
        if (!ready_.empty()) {
            const Target* const target = ready_.front();
            ready_.pop_front();
            return target;
        }
        while (at_ < targets_.size()) {
            const Target& target = targets_[at_++];
            Host& host = hosts_[target.server.host.to_string()];
            if (host.under_way == per_host_) {
                host.waiting.push_back(&target);
                continue;
            }
            ++host.under_way;
            return &target;
        }
        return nullptr;
    }

    void done(const Target& target) {
        const auto found = hosts_.find(target.server.host.to_string());
        Host& host = found->second;
        if (!host.waiting.empty()) {
            ready_.push_back(host.waiting.front());
            host.waiting.pop_front();
            return;
        }
        if (--host.under_way == 0) hosts_.erase(found);
    }

  private:
    struct Host {
        std::size_t under_way = 0;
        std::deque<const Target*> waiting;
    };
    const std::vector<Target>& targets_;
    std::size_t per_host_;
    std::size_t at_ = 0;
    std::deque<const Target*> ready_;
    std::unordered_map<std::string, Host> hosts_;
};

class Crew {
  public:
    Crew(const std::vector<Target>& targets, const CrewSettings& settings,
         const std::function<Result<void>(Assessed)>& on_look, const std::function<void()>& on_tick)
        : targets_(targets),
          pace_(settings.pace),
          on_look_(on_look),
          on_tick_(on_tick),
          queue_(targets, std::max<std::size_t>(pace_.per_host, 1)) {}

    Result<CrewEnd> run(const Assessor& assessor, const CrewSettings& settings) {
        const std::size_t parallel =
            std::clamp<std::size_t>(pace_.parallel, 1, std::max<std::size_t>(targets_.size(), 1));
        std::vector<std::unique_ptr<Worker>> workers;
        const std::size_t threads = std::clamp<std::size_t>(parallel / kLooksAThread, 1, kMostThreads);
        for (std::size_t i = 0; i < threads; ++i) {
            auto worker = Worker::make(assessor, settings);
            if (!worker) return unexpected(worker.error());
            workers.push_back(std::move(*worker));
        }
        workers_ = &workers;
        most_ = parallel;
        signals_.async_wait([this](const boost::system::error_code& fault, int) {
            if (!fault) end_ = CrewEnd::kInterrupted, io_.stop();
        });
        tick();
        begin_looks();
        io_.run();
        workers.clear();  // before what their last looks would be handed to
        if (error_) return unexpected(std::move(*error_));
        return end_;
    }

  private:
    void begin_looks() {
        while (under_way_ < most_) {
            const auto now = Clock::now();
            if (pace_.rate > 0 && now < next_begin_) {
                pause_until(next_begin_);
                return;
            }
            const Target* const target = queue_.next();
            if (target == nullptr) return;
            if (pace_.rate > 0) {
                const auto gap =
                    std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(1 / pace_.rate));
                next_begin_ = std::max(next_begin_, now - kTick) + gap;
            }
            ++under_way_;
            (*workers_)[turn_++ % workers_->size()]->look(*target, [this](Assessed assessed) {
                asio::post(io_, [this, assessed = std::move(assessed)]() mutable { take(std::move(assessed)); });
            });
        }
    }

    void pause_until(Clock::time_point time) {
        if (is_pausing_) return;
        is_pausing_ = true;
        pause_.expires_at(time);
        pause_.async_wait([this](const boost::system::error_code&) {
            is_pausing_ = false;
            begin_looks();
        });
    }

    void take(Assessed assessed) {
        --under_way_;
        ++taken_;
        queue_.done(assessed.look.target);
        if (auto taken = on_look_(std::move(assessed)); !taken) {
            error_ = std::move(taken.error());
            return io_.stop();
        }
        if (taken_ == targets_.size()) return io_.stop();
        begin_looks();
    }

    void tick() {
        on_tick_();
        ticking_.expires_after(kTick);
        ticking_.async_wait([this](const boost::system::error_code& fault) {
            if (!fault) tick();
        });
    }

    const std::vector<Target>& targets_;
    Pace pace_;
    const std::function<Result<void>(Assessed)>& on_look_;
    const std::function<void()>& on_tick_;
    Queue queue_;
    asio::io_context io_;
    asio::steady_timer pause_{io_};
    asio::steady_timer ticking_{io_};
    asio::signal_set signals_{io_, SIGINT, SIGTERM};
    std::vector<std::unique_ptr<Worker>>* workers_ = nullptr;
    std::size_t most_ = 1;
    std::size_t under_way_ = 0;
    std::size_t taken_ = 0;
    std::size_t turn_ = 0;
    Clock::time_point next_begin_ = Clock::now();
    bool is_pausing_ = false;
    CrewEnd end_ = CrewEnd::kDone;
    std::optional<Error> error_;
};

}  // namespace

Result<CrewEnd> look_at_all(const std::vector<Target>& targets, const Assessor& assessor, const CrewSettings& settings,
                            const std::function<Result<void>(Assessed)>& on_look,
                            const std::function<void()>& on_tick) {
    if (targets.empty()) return CrewEnd::kDone;
    Crew crew(targets, settings, on_look, on_tick);
    return crew.run(assessor, settings);
}

}  // namespace cotter::observatory
