// The bf16 convolution of ../bf16_run.h with vdpbf16ps: tiles of 14 pixels by 32 output channels. Not every processor of the level avx512 has the
// instruction, so the kernel asks for it.
#include "../bf16_avx512.h"
#include "../bf16_tile.h"
#include "../bf16_run.h"

namespace angulus::cpu {

extern const Conv2dKernel conv2d_forward_bf16_avx512_14x32 = {
    "conv2d_forward_bf16_avx512_14x32",
    AG_ISA,
    kBf16Fused,
    kBf16Form,
    [](const ag_conv2d_plan& plan) { return __builtin_cpu_supports("avx512bf16") != 0 && bf16_accepts(plan); },
    bf16_prepared_bytes,
    bf16_workspace_bytes,
    bf16_prepare,
    bf16_run<Bf16Tile>,
};

}  // namespace angulus::cpu
