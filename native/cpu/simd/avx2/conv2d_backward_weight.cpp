// The weight gradient of ../gradient_run.h with AVX2 vectors: tiles of 6 output by 16 input channels.
#include "../vector_avx2.h"
#include "../gradient_run.h"

namespace angulus::cpu {

extern const Conv2dKernel conv2d_backward_weight_f32_avx2_direct_6x16 = {
    "conv2d_backward_weight_f32_avx2_direct_6x16",
    AG_ISA,
    0,
    0,
    gradient_accepts,
    gradient_prepared_bytes,
    gradient_workspace_bytes,
    nullptr,
    gradient_run,
};

}  // namespace angulus::cpu
