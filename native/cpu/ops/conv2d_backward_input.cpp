// dx[n,h,w,c] = sum over r, s, k of dy[n,p,q,k] w[k,r,s,c], where p stride_h + r - pad_top = h and q stride_w + s - pad_left = w.
//   dy (N,P,Q,K), w (K,R,S,C), dx (N,H,W,C), f32.
// A piece is one row of dx. Each dx pixel gathers from the outputs that saw it: for every such output and every k, C multiply-adds along a
// dense filter row. Bound by arithmetic: 2 R S K / (stride_h stride_w) operations per element of dx.
#include <cstring>

#include "dot.h"
#include "parallel.h"

namespace angulus::cpu {

namespace {

void run(const Exec& exec, const Conv2dCall& call) {
  const ag_conv2d_shape& s = call.plan.shape;
  const float* const dy = static_cast<const float*>(call.y);
  const float* const w = static_cast<const float*>(call.w);
  float* const dx = static_cast<float*>(call.x);
  const int64_t filter = int64_t{s.r} * s.s * s.c;  // numbers from one k to the next
  for_pieces(exec, int64_t{s.n} * s.h, [&](int64_t row, void*) {
    const int64_t n = row / s.h;
    const int64_t h = row % s.h;
    for (int64_t column = 0; column < s.w; ++column) {
      float* const out = dx + (row * s.w + column) * s.c;
      std::memset(out, 0, static_cast<size_t>(s.c) * sizeof(float));
      for (int64_t r = 0; r < s.r; ++r) {
        const int64_t above = h + s.pad_top - r;  // p stride_h
        if (above < 0 || above % s.stride_h != 0 || above / s.stride_h >= call.p) continue;
        for (int64_t t = 0; t < s.s; ++t) {
          const int64_t before = column + s.pad_left - t;  // q stride_w
          if (before < 0 || before % s.stride_w != 0 || before / s.stride_w >= call.q) continue;
          const float* const gradient = dy + ((n * call.p + above / s.stride_h) * call.q + before / s.stride_w) * s.k;
          const float* const weights = w + (r * s.s + t) * s.c;
          for (int64_t k = 0; k < s.k; ++k) add_scaled(gradient[k], weights + k * filter, out, s.c);
        }
      }
    }
  });
}

}  // namespace

extern const Conv2dKernel conv2d_backward_input_f32_plain = {
    "conv2d_backward_input_f32_plain", Isa::baseline, 0, 0, [](const ag_conv2d_plan& plan) { return plan.shape.type == AG_F32; },
    [](const ag_conv2d_plan&) { return int64_t{0}; }, [](const ag_conv2d_plan&) { return int64_t{0}; }, nullptr, run};

}  // namespace angulus::cpu
