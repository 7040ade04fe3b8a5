// The BIO behind Wire.
#include "tls/wire.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace cotter::tls {
namespace {

// One read of a stream that isn't in a hurry, encrypted; a busy thread's grows to what it needs.
constexpr std::size_t kUsualOutput = 160U << 10U;

}  // namespace

const BIO_METHOD* Wire::method() {
    static const BIO_METHOD* const kMethod = [] {
        BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "cotter wire");
        if (made == nullptr) throw std::bad_alloc();
        BIO_meth_set_read_ex(made, &Wire::read);
        BIO_meth_set_write_ex(made, &Wire::write);
        BIO_meth_set_ctrl(made, &Wire::control);
        return made;
    }();
    return kMethod;
}

Wire::Wire() : bio_(BIO_new(method())) {
    if (!bio_) throw std::bad_alloc();
    output_.reserve(kUsualOutput);
    BIO_set_data(bio_.get(), this);
    BIO_set_init(bio_.get(), 1);
}

int Wire::read(BIO* bio, char* into, std::size_t size, std::size_t* read_bytes) {
    Bytes& input = static_cast<Wire*>(BIO_get_data(bio))->input_;
    BIO_clear_retry_flags(bio);
    if (input.empty()) {
        BIO_set_retry_read(bio);
        return 0;
    }
    const std::size_t count = std::min(size, input.size());
    std::memcpy(into, input.data(), count);
    input = input.subspan(count);
    *read_bytes = count;
    return 1;
}

int Wire::write(BIO* bio, const char* from, std::size_t size, std::size_t* written_bytes) {
    BIO_clear_retry_flags(bio);
    const Bytes bytes = x509::as_bytes(std::string_view(from, size));
    ByteVector& output = static_cast<Wire*>(BIO_get_data(bio))->output_;
    output.insert(output.end(), bytes.begin(), bytes.end());
    *written_bytes = size;
    return 1;
}

long Wire::control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

}  // namespace cotter::tls
