// The direct convolution of ../direct_run.h with SSE2 vectors: tiles of 6 pixels by 8 output channels.
#include "../vector_sse2.h"
#include "../direct_run.h"

namespace angulus::cpu {

extern const Conv2dKernel conv2d_forward_f32_sse2_direct_6x8 = {
    "conv2d_forward_f32_sse2_direct_6x8",
    AG_ISA,
    AG_EPILOGUE_BIAS | AG_EPILOGUE_PRELU | AG_EPILOGUE_RESIDUAL,
    31,
    direct_accepts,
    direct_prepared_bytes,
    direct_workspace_bytes,
    direct_prepare,
    direct_run,
};

extern const Conv2dKernel conv2d_backward_input_f32_sse2_direct_6x8 = {
    "conv2d_backward_input_f32_sse2_direct_6x8",
    AG_ISA,
    AG_EPILOGUE_RESIDUAL,
    41,
    direct_accepts,
    direct_prepared_bytes,
    direct_workspace_bytes,
    direct_prepare,
    direct_run,
};

}  // namespace angulus::cpu
