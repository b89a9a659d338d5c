// The last failure of a device: a status and its words. Plain data, so that launchers, the runtime and the shim may all fill it.
#pragma once

#include <cstdarg>
#include <cstdio>

#include "angulus.h"

namespace angulus::cuda {

struct Error {
  ag_status status = AG_OK;
  char words[768] = "";

  void clear() {
    status = AG_OK;
    words[0] = 0;
  }

  __attribute__((format(printf, 3, 4))) ag_status set(ag_status code, const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    status = code;
    return code;
  }
};

}  // namespace angulus::cuda
