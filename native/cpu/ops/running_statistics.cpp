// running = decay running + (1 - decay) statistics, for mean and variance; an unbiased variance is the biased one times rows / (rows - 1).
//   statistics, running (2, columns) f32.
// One piece: a few thousand numbers at most.
#include "parallel.h"

namespace angulus::cpu {

namespace {

void run(const Exec& exec, const void* arguments) {
  const auto& call = as<RunningStatisticsCall>(arguments);
  const int64_t columns = call.shape.columns;
  const float rows = static_cast<float>(call.shape.rows);
  const float correction = call.unbiased == 1 && call.shape.rows > 1 ? rows / (rows - 1.0f) : 1.0f;
  const float rest = 1.0f - call.decay;
  for_pieces(exec, 1, [&](int64_t, void*) {
    for (int64_t j = 0; j < columns; ++j) {
      call.running[j] = call.decay * call.running[j] + rest * call.statistics[j];
      call.running[columns + j] = call.decay * call.running[columns + j] + rest * (correction * call.statistics[columns + j]);
    }
  });
}

}  // namespace

extern const Kernel running_statistics_f32_plain = {"running_statistics_f32_plain", Isa::baseline, always, run};

}  // namespace angulus::cpu
