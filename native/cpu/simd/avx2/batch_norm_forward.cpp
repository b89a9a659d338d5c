// The forward of batch norm of ../batch_norm_forward.h with AVX2 vectors.
#include "../vector_avx2.h"
#include "../batch_norm_forward.h"

namespace angulus::cpu {

extern const Kernel batch_norm_forward_f32_avx2_rows = {"batch_norm_forward_f32_avx2_rows", AG_ISA, batch_norm_forward_accepts, batch_norm_forward_run};

}  // namespace angulus::cpu
