// The weight gradient of ../gradient_run.h with AVX-512 vectors: tiles of 14 output by 32 input channels.
#include "../vector_avx512.h"
#include "../gradient_run.h"

namespace angulus::cpu {

extern const Conv2dKernel conv2d_backward_weight_f32_avx512_direct_14x32 = {
    "conv2d_backward_weight_f32_avx512_direct_14x32",
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
