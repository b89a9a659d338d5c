// The head's products of ../margin_forward.h and ../margin_backward.h with AVX2 vectors: tiles of 6 classes or rows by 16.
#include "../vector_avx2.h"
#include "../margin_backward.h"
#include "../margin_forward.h"

namespace angulus::cpu {

extern const Kernel margin_forward_f32_avx2_6x16 = {"margin_forward_f32_avx2_6x16", AG_ISA, margin_forward_accepts, margin_forward_run};
extern const Kernel margin_backward_f32_avx2_6x16 = {"margin_backward_f32_avx2_6x16", AG_ISA, margin_backward_accepts, margin_backward_run};

}  // namespace angulus::cpu
