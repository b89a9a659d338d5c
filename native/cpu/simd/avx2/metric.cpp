// The ops of ../metric.h with AVX2 vectors: tiles of 6 rows by 16.
#include "../vector_avx2.h"
#include "../metric.h"

namespace angulus::cpu {

extern const Kernel metric_distances_f32_avx2_6x16 = {"metric_distances_f32_avx2_6x16", AG_ISA, metric_accepts, metric_distances_run};
extern const Kernel metric_backward_f32_avx2_rows = {"metric_backward_f32_avx2_rows", AG_ISA, metric_accepts, metric_backward_run};

}  // namespace angulus::cpu
