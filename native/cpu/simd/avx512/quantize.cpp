// quantize of ../../ops/int8.cpp, 16 numbers at a time. Bound by memory: 4 bytes read and 1 written per element.
#include "../vector_avx512.h"
#include "../../kernel.h"

namespace angulus::cpu {

namespace {

constexpr int64_t kElements = 1 << 15;

void quantize_piece(const void* context, int64_t piece, void*) {
  const QuantizeCall& call = *static_cast<const QuantizeCall*>(context);
  const int64_t first = piece * kElements, last = first + kElements < call.count ? first + kElements : call.count;
  const Vector factor = splat(call.factor), high = splat(float(255 - call.zero)), low = splat(float(-call.zero));
  for (int64_t i = first; i < last; i += kLanes) {
    const Mask m = first_lanes(int(last - i));
    const Vector v = larger(smaller(load_masked(m, call.x + i) * factor, high), low);
    const Integers whole = _mm512_add_epi32(_mm512_maskz_cvtps_epi32(kAll, v), splat_integer(call.zero));
    _mm_mask_storeu_epi8(call.y + i, m, _mm512_maskz_cvtepi32_epi8(kAll, whole));
  }
}

}  // namespace

extern const Kernel quantize_avx512 = {
    "quantize_avx512",
    AG_ISA,
    [](const void*) { return true; },
    [](const Exec& exec, const void* arguments) {
      const int64_t count = static_cast<const QuantizeCall*>(arguments)->count;
      exec.parallel(exec, (count + kElements - 1) / kElements, quantize_piece, arguments);
    },
};

}  // namespace angulus::cpu
