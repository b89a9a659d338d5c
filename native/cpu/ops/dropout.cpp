// y[i] = u[i] < keep ? x[i] / keep : 0, with u[i] of philox.h: element i = row * columns + column, counter from scalars.random_counter.
//   x, y (rows, columns) f32; scalars: ag_step_scalars.
// A piece is kElements elements: whole blocks of four numbers. Bound by arithmetic: ten rounds of Philox for four elements.
#include "parallel.h"
#include "philox.h"

namespace angulus::cpu {

namespace {

static_assert(kElements % 4 == 0, "a piece begins with a block of the generator");

void run(const Exec& exec, const void* arguments) {
  const auto& call = as<DropoutCall>(arguments);
  const float* const x = static_cast<const float*>(call.x);
  float* const y = static_cast<float*>(call.y);
  for_elements(exec, int64_t{call.shape.rows} * call.shape.columns, [&](int64_t first, int64_t last) {
    const uint64_t counter = call.scalars->random_counter;
    for (int64_t i = first; i < last; i += 4) {
      const PhiloxBlock block = philox_words(call.seed, call.purpose, counter, static_cast<uint64_t>(i) / 4);
      for (int64_t j = i; j < std::min(i + 4, last); ++j) y[j] = philox_uniform(block.word[j - i]) < call.keep ? x[j] / call.keep : 0.0f;
    }
  });
}

}  // namespace

extern const Kernel dropout_f32_plain = {"dropout_f32_plain", Isa::baseline, is_f32<DropoutCall>, run};

}  // namespace angulus::cpu
