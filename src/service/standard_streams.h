// StandardStreams: this process's standard input and output as one socket, so that a relay treats them as any plain
// side. Threads move the bytes: a terminal's or file's descriptor is never made non-blocking behind others' backs.
#pragma once

#include "stream/socket.h"

#include <cotter/error.h>

#include <memory>
#include <thread>

namespace cotter::service {

class StandardStreams {
  public:
    /// Begins to move bytes. Standard input's end becomes the socket's half-close, the socket's end closes standard
    /// output.
    [[nodiscard]] static Result<std::unique_ptr<StandardStreams>> open();
    ~StandardStreams();  ///< finishes, if that has not been done

    /// Stops reading standard input and waits until everything has been written to standard output; the error number
    /// if it could not be. The socket must have been closed.
    [[nodiscard]] int finish();

    StandardStreams(const StandardStreams&) = delete;
    StandardStreams& operator=(const StandardStreams&) = delete;

    /// The socket, once: non-blocking, on this loop.
    [[nodiscard]] stream::Socket take_socket(boost::asio::io_context& io);

  private:
    StandardStreams(int relay_end, int our_end, int wake_read, int wake_write);
    void pump_input() const;
    void pump_output();
    void stop_input() const;

    int relay_end_;
    int our_end_;
    int wake_read_;
    int wake_write_;
    int output_error_ = 0;  ///< of the output's thread, until it has been joined
    std::thread input_;
    std::thread output_;
};

}  // namespace cotter::service
