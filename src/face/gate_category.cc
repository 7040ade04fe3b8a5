// The gate's refusals as a std::error_code.
#include <cotter/asio_handshake.h>

namespace cotter {
namespace {

class GateCategory final : public std::error_category {
  public:
    [[nodiscard]] const char* name() const noexcept override { return "cotter"; }
    [[nodiscard]] std::string message(int /*value*/) const override { return "the peer is refused"; }
};

}  // namespace

const std::error_category& gate_category() noexcept {
    static const GateCategory kCategory;
    return kCategory;
}

}  // namespace cotter
