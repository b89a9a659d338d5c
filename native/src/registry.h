// The backends: "cpu" is linked in, "cuda" and "simt" are plug-ins beside libangulus.so.
#pragma once

#include <string>

#include "backend.h"

namespace angulus {

// The backend for a device name such as "cpu:avx2" or "cuda:0"; variant: what stands after the ':'. Throws with the cause when there is none.
const ag_backend& find_backend(const char* device_name, std::string* variant);

// One line for each backend, ready or not and why not.
std::string describe_backends();

}  // namespace angulus

// The CPU backend (native/cpu/backend.cpp).
extern "C" const ag_backend* ag_cpu_backend(void);
