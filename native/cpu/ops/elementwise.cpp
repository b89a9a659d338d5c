// fill: y[i] = pattern. copy: y = x. convert: y = x in another type. add: y = a + b.
//   y, x (bytes); x, y (count); a, b, y (count).
// A piece is kElements consecutive elements. Bound by memory: 4 bytes written, 4 + 4, 6, 8 + 4 per element.
#include <cstring>

#include "bf16.h"
#include "parallel.h"

namespace angulus::cpu {

namespace {

void run_fill(const Exec& exec, const void* arguments) {
  const auto& call = as<FillCall>(arguments);
  uint32_t* const y = static_cast<uint32_t*>(call.y);
  const uint32_t pattern = call.pattern;
  for_elements(exec, call.bytes / 4, [&](int64_t first, int64_t last) { std::fill(y + first, y + last, pattern); });
}

void run_copy(const Exec& exec, const void* arguments) {
  const auto& call = as<CopyCall>(arguments);
  char* const y = static_cast<char*>(call.y);
  const char* const x = static_cast<const char*>(call.x);
  for_pieces(exec, ceil_div(call.bytes, kElements * 4), [&](int64_t piece, void*) {
    const int64_t first = piece * kElements * 4;
    std::memcpy(y + first, x + first, static_cast<size_t>(std::min(kElements * 4, call.bytes - first)));
  });
}

void run_convert(const Exec& exec, const void* arguments) {
  const auto& call = as<ConvertCall>(arguments);
  if (call.to == AG_BF16) {
    const float* const x = static_cast<const float*>(call.x);
    Bf16* const y = static_cast<Bf16*>(call.y);
    for_elements(exec, call.count, [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; ++i) y[i] = to_bf16(x[i]);
    });
  } else {
    const Bf16* const x = static_cast<const Bf16*>(call.x);
    float* const y = static_cast<float*>(call.y);
    for_elements(exec, call.count, [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; ++i) y[i] = to_float(x[i]);
    });
  }
}

void run_add(const Exec& exec, const void* arguments) {
  const auto& call = as<AddCall>(arguments);
  const float* const a = static_cast<const float*>(call.a);
  const float* const b = static_cast<const float*>(call.b);
  float* const y = static_cast<float*>(call.y);
  for_elements(exec, call.count, [&](int64_t first, int64_t last) {
#pragma GCC ivdep
    for (int64_t i = first; i < last; ++i) y[i] = a[i] + b[i];
  });
}

}  // namespace

extern const Kernel fill_plain = {"fill_plain", Isa::baseline, always, run_fill};
extern const Kernel copy_plain = {"copy_plain", Isa::baseline, always, run_copy};
extern const Kernel convert_plain = {"convert_plain", Isa::baseline, always, run_convert};
extern const Kernel add_f32_plain = {"add_f32_plain", Isa::baseline,
                                     [](const void* call) { return as<AddCall>(call).type == AG_F32; }, run_add};

}  // namespace angulus::cpu
