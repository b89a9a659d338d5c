// The bf16 convolution of ../bf16_run.h with AVX2: tiles of 5 pixels by 32 output channels, in two halves.
#include "../bf16_avx2.h"
#include "../bf16_tile.h"
#include "../bf16_run.h"

namespace angulus::cpu {

extern const Conv2dKernel conv2d_forward_bf16_avx2_5x32 = {
    "conv2d_forward_bf16_avx2_5x32", AG_ISA, kBf16Fused, kBf16Form, bf16_accepts, bf16_prepared_bytes, bf16_workspace_bytes, bf16_prepare, bf16_run<Bf16Tile>,
};

}  // namespace angulus::cpu
