// The loop, its clock and its spare buffers.
#include "stream/reactor.h"

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
    // Whoever is asked may unlink itself or any other, so no place in the list is kept meanwhile.
    decltype(ticking_) unasked;
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
