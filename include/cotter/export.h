// COTTER_EXPORT: what the shared library shows. Everything else is hidden.
#pragma once

/// Before each declaration that the shared library shows.
#define COTTER_EXPORT __attribute__((visibility("default")))
