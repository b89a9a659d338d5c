// The max pooling of ../max_pool.h with AVX-512 vectors.
#include "../vector_avx512.h"
#include "../max_pool.h"

namespace angulus::cpu {

extern const Kernel max_pool_forward_f32_avx512_channels = {"max_pool_forward_f32_avx512_channels", AG_ISA, max_pool_accepts<MaxPoolForwardCall>,
                                                         max_pool_forward_run};
extern const Kernel max_pool_backward_f32_avx512_channels = {"max_pool_backward_f32_avx512_channels", AG_ISA, max_pool_accepts<MaxPoolBackwardCall>,
                                                          max_pool_backward_run};

}  // namespace angulus::cpu
