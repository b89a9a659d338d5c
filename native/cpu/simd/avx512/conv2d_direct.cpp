// The direct convolution of ../direct_run.h with AVX-512 vectors: tiles of 14 pixels by 32 output channels.
#include "../vector_avx512.h"
#include "../direct_run.h"

namespace angulus::cpu {

extern const Conv2dKernel conv2d_forward_f32_avx512_direct_14x32 = {
    "conv2d_forward_f32_avx512_direct_14x32",
    AG_ISA,
    AG_EPILOGUE_BIAS | AG_EPILOGUE_PRELU | AG_EPILOGUE_RESIDUAL,
    11,
    direct_accepts,
    direct_prepared_bytes,
    direct_workspace_bytes,
    direct_prepare,
    direct_run,
};

extern const Conv2dKernel conv2d_backward_input_f32_avx512_direct_14x32 = {
    "conv2d_backward_input_f32_avx512_direct_14x32",
    AG_ISA,
    AG_EPILOGUE_RESIDUAL,
    21,
    direct_accepts,
    direct_prepared_bytes,
    direct_workspace_bytes,
    direct_prepare,
    direct_run,
};

}  // namespace angulus::cpu
