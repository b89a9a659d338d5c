// What this machine is: instruction sets, processor name, memory.
#pragma once

#include <string>

#include "kernel.h"

namespace angulus::cpu {

const char* isa_name(Isa isa);
// The best that processor and system support.
Isa machine_isa();
// The level that a device gets: variant is "", "avx512", "avx2", "sse2" or "baseline"; AG_MAX_ISA caps it. On failure a status and the cause.
ag_status choose_isa(const char* variant, Isa* isa, std::string* cause);

// What the processor has beyond the level and kernels of it ask for: " with VNNI, BF16, AMX", some of these, or nothing.
std::string extensions(Isa isa);

std::string processor_name();

struct Memory {
  int64_t total;  // bytes that this process may use at all: of the machine, or of its cgroup
  int64_t free;   // of them free now
};
Memory memory();

}  // namespace angulus::cpu
