#include "matrix_unit.h"

#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace angulus::cpu {

namespace {

constexpr long kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM
constexpr long kTileData = 18;               // XFEATURE_XTILEDATA

bool processor_has_it() {
  constexpr unsigned kBf16 = 1u << 22, kTile = 1u << 24, kInt8 = 1u << 25;  // leaf 7, EDX
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return false;
  return (d & (kBf16 | kTile | kInt8)) == (kBf16 | kTile | kInt8) && __builtin_cpu_supports("avx512bf16") != 0;
}

}  // namespace

bool has_matrix_unit() {
  static const bool kHas = processor_has_it() && syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
  return kHas;
}

}  // namespace angulus::cpu
