// What the parts of the self-test share. Each part plants faults of one kind.
#pragma once

#include <string>
#include <vector>

#include "simt.h"
#include "stream.h"

namespace selftest {

using simt::Error;

extern simt::Stream stream;

// Prints "passed NAME" or "FAILED NAME: why".
void check(const char* name, bool good, const std::string& why);

template <class Kernel>
Error run(dim3 grid, dim3 block, int64_t shared_bytes, const Kernel& kernel) {
  Error error;
  simt::launch(error, &stream, "planted", grid, block, shared_bytes, kernel);
  return error;
}

// Whether the launch failed with all these parts in its words.
bool says(const Error& error, const std::vector<std::string>& parts);

void tensor_core_checks();
void async_copy_checks();
void wgmma_checks();
void pipeline_checks();
void tma_checks();
void runtime_checks();
// A kernel that stores past an allocation, for a build with AddressSanitizer, which ends the process.
void store_outside();

}  // namespace selftest
