// y[n,p,q,k] = sum over r, s, c of x[n, p stride_h + r - pad_top, q stride_w + s - pad_left, c] w[k,r,s,c]; outside of x is 0.
//   x (N,H,W,C), y (N,P,Q,K), f32 or bf16; w (K,R,S,C), f32, rounded to bf16 where x is. In bf16 the epilogue is done here, before
// the only rounding.
// A piece is one output row and kFilters filters. Within a filter row the window and the filter are both dense, so a product is R inner products of up to S*C
// numbers. Bound by arithmetic: 2 R S C operations per output; every other kernel of this op is compared with this one.
#include "dot.h"
#include "elements.h"
#include "parallel.h"

namespace angulus::cpu {

namespace {

constexpr int64_t kFilters = 64;

template <class T>
void run(const Exec& exec, const Conv2dCall& call) {
  const ag_conv2d_shape& s = call.plan.shape;
  const T* const x = static_cast<const T*>(call.x);
  const float* const w = static_cast<const float*>(call.w);
  T* const y = static_cast<T*>(call.y);
  const int64_t groups = ceil_div(s.k, kFilters);
  for_pieces(exec, int64_t{s.n} * call.p * groups, [&](int64_t piece, void*) {
    const int64_t row = piece / groups;
    const int64_t first_k = piece % groups * kFilters;
    const int64_t last_k = std::min<int64_t>(first_k + kFilters, s.k);
    const int64_t n = row / call.p;
    const int64_t top = row % call.p * s.stride_h - s.pad_top;  // row of x under filter row 0
    for (int64_t q = 0; q < call.q; ++q) {
      const int64_t left = q * s.stride_w - s.pad_left;
      const int64_t first = std::max<int64_t>(0, -left);  // filter columns inside x: [first, last)
      const int64_t last = std::min<int64_t>(s.s, s.w - left);
      T* const out = y + (row * call.q + q) * s.k;
      for (int64_t k = first_k; k < last_k; ++k) {
        float sum = 0;
        for (int64_t r = 0; r < s.r; ++r) {
          const int64_t h = top + r;
          if (h < 0 || h >= s.h || last <= first) continue;
          const T* const window = x + ((n * s.h + h) * s.w + left + first) * s.c;
          const float* const filter = w + ((k * s.r + r) * s.s + first) * s.c;
          sum += sum_of_products((last - first) * s.c, [=](int64_t i) { return number(window[i]) * factor<T>(filter[i]); });
        }
        if (call.bias != nullptr) sum += call.bias[k];
        if (call.slope != nullptr && !(sum > 0)) sum *= call.slope[k];
        if (call.residual != nullptr) sum += number(static_cast<const T*>(call.residual)[(row * call.q + q) * s.k + k]);
        put(out + k, sum);
      }
    }
  });
}

int64_t none(const ag_conv2d_plan&) { return 0; }

template <int32_t type>
bool accepts(const ag_conv2d_plan& plan) { return plan.shape.type == type; }

}  // namespace

extern const Conv2dKernel conv2d_forward_f32_plain = {
    "conv2d_forward_f32_plain", Isa::baseline, 0, 0, accepts<AG_F32>, none, none, nullptr, run<float>};
extern const Conv2dKernel conv2d_forward_bf16_plain = {
    "conv2d_forward_bf16_plain", Isa::baseline, AG_EPILOGUE_BIAS | AG_EPILOGUE_PRELU | AG_EPILOGUE_RESIDUAL, 0, accepts<AG_BF16>, none, none, nullptr, run<Bf16>};

}  // namespace angulus::cpu
