// The roof for benchmarks: what this machine can do at most, measured.
#pragma once

#include "kernel.h"

namespace angulus::cpu {

ag_peak measure_peak(const Exec& exec, Isa isa);

}  // namespace angulus::cpu
