// The loop, its clock and its spare buffers.
#include "stream/reactor.h"

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace cotter::stream {
namespace {

constexpr std::size_t kMostSpareBuffers = 64;
constexpr std::size_t kLargestSpareBuffer = 512U << 10U;

}  // namespace

Reactor::Reactor() {
    tick();
}

void Reactor::run() {
    io_.run();
}

void Reactor::tick() {
    now_ = std::chrono::steady_clock::now();
    // Who is asked may end itself or any other, so nobody's place in the list is kept over a call.
    TickingList unasked;
    unasked.swap(ticking_);
    while (!unasked.empty()) {
        Ticking& ticking = unasked.front();
        unasked.pop_front();
        ticking_.push_back(ticking);
        ticking.on_tick(now_);
    }
    timer_.expires_at(now_ + kTick);
    timer_.async_wait([this](const boost::system::error_code& fault) {
        if (!fault) tick();
    });
}

boost::asio::awaitable<void> Reactor::turn() {
    return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(
        [this](auto go_on) {
            turns_.emplace_back(std::move(go_on));
            if (turns_.size() == 1) arrange_turn();
        },
        boost::asio::use_awaitable);
}

void Reactor::arrange_turn() {
    // Behind what waits in the loop, which then looks at the sockets; and once more, behind what it has found.
    boost::asio::post(io_, [this] { boost::asio::post(io_, [this] { hold_or_give_turn(); }); });
}

void Reactor::hold_or_give_turn() {
    if (!is_stream_served_) return give_turn();
    hold_.expires_after(kHold);
    hold_.async_wait([this](const boost::system::error_code& fault) {
        if (!fault) give_turn();
    });
}

void Reactor::give_turn() {
    is_stream_served_ = false;
    auto go_on = std::move(turns_.front());
    go_on();
    turns_.pop_front();
    if (!turns_.empty()) arrange_turn();
}

std::span<std::byte> Reactor::lot(std::size_t wanted) {
    // Behind all that is ready now.
    if (taken_this_round_ == 0) boost::asio::post(io_, [this] { taken_this_round_ = 0; });
    const std::size_t left = kPerRound - std::min(kPerRound, taken_this_round_);
    const std::size_t size = std::clamp(wanted, kLeastLot, std::clamp(left, kLeastLot, kReceive));
    taken_this_round_ += size;
    return receive_buffer().first(size);
}

ByteVector Reactor::take_buffer() {
    if (spare_buffers_.empty()) return {};
    ByteVector buffer = std::move(spare_buffers_.back());
    spare_buffers_.pop_back();
    return buffer;
}

void Reactor::give_back(ByteVector buffer) {
    if (buffer.capacity() == 0 || buffer.capacity() > kLargestSpareBuffer ||
        spare_buffers_.size() == kMostSpareBuffers) {
        return;
    }
    buffer.clear();
    spare_buffers_.push_back(std::move(buffer));
}

}  // namespace cotter::stream
