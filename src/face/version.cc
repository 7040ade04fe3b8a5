// The version that the library was built as.
#include <cotter/version.h>

#define COTTER_TEXT_OF(number) #number
#define COTTER_DOTTED(major, minor, patch) COTTER_TEXT_OF(major) "." COTTER_TEXT_OF(minor) "." COTTER_TEXT_OF(patch)

namespace cotter {

const char* version() noexcept {
    return COTTER_DOTTED(COTTER_VERSION_MAJOR, COTTER_VERSION_MINOR, COTTER_VERSION_PATCH);
}

}  // namespace cotter
