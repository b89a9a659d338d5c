// The ops of ../metric.h with AVX-512 vectors: tiles of 14 rows by 32.
#include "../vector_avx512.h"
#include "../metric.h"

namespace angulus::cpu {

extern const Kernel metric_distances_f32_avx512_14x32 = {"metric_distances_f32_avx512_14x32", AG_ISA, metric_accepts, metric_distances_run};
extern const Kernel metric_backward_f32_avx512_rows = {"metric_backward_f32_avx512_rows", AG_ISA, metric_accepts, metric_backward_run};

}  // namespace angulus::cpu
