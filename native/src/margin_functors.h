// What one head does to one number, shared by all backends. A head is a struct of static functions:
//   normalised                         whether c is a cosine of unit vectors (then it is clipped to [-1, 1]; the clip takes away rounding only,
//                                      so the gradient passes it)
//   cosine(dot, inverse_x, inverse_w, bias)  c_j from <w_j, x>
//   scale(inverse_x, scalars)          S of a row
//   margin(scalars)                    m of a row
//   phi(c, m), dphi(c, m)              target function and its derivative by c
// Logits: z_j = S c_j for j != y, z_y = S phi(c_y).
// Sources: modified softmax: Liu et al., "SphereFace" (CVPR 2017), equation 4 without bias; NormFace: Wang et al. (2017), section 3.3;
// AM-Softmax: Wang et al., "Additive Margin Softmax" (2018), equation 5.
#pragma once

#include "angulus.h"
#include "portable.h"

namespace angulus {

// NaN stays NaN: a bad embedding must show in the loss.
AG_SHARED float clip_cosine(float c) { return c < -1.0f ? -1.0f : (c > 1.0f ? 1.0f : c); }

struct SoftmaxHead {
  static constexpr int32_t kind = AG_HEAD_SOFTMAX;
  static constexpr bool normalised = false;
  AG_SHARED static float cosine(float dot, float, float, float bias) { return dot + bias; }
  AG_SHARED static float scale(float, const ag_step_scalars&) { return 1.0f; }
  AG_SHARED static float margin(const ag_step_scalars&) { return 0.0f; }
  AG_SHARED static float phi(float c, float) { return c; }
  AG_SHARED static float dphi(float, float) { return 1.0f; }
};

// S = |x|: d|x|/dx = x^ joins dx, except where the guard holds the length constant.
struct ModifiedSoftmaxHead {
  static constexpr int32_t kind = AG_HEAD_MODIFIED_SOFTMAX;
  static constexpr bool normalised = true;
  AG_SHARED static float cosine(float dot, float inverse_x, float inverse_w, float) { return clip_cosine(dot * inverse_x * inverse_w); }
  AG_SHARED static float scale(float inverse_x, const ag_step_scalars&) { return 1.0f / inverse_x; }
  AG_SHARED static float margin(const ag_step_scalars&) { return 0.0f; }
  AG_SHARED static float phi(float c, float) { return c; }
  AG_SHARED static float dphi(float, float) { return 1.0f; }
};

struct NormFaceHead {
  static constexpr int32_t kind = AG_HEAD_NORMFACE;
  static constexpr bool normalised = true;
  AG_SHARED static float cosine(float dot, float inverse_x, float inverse_w, float) { return clip_cosine(dot * inverse_x * inverse_w); }
  AG_SHARED static float scale(float, const ag_step_scalars& scalars) { return scalars.scale; }
  AG_SHARED static float margin(const ag_step_scalars&) { return 0.0f; }
  AG_SHARED static float phi(float c, float) { return c; }
  AG_SHARED static float dphi(float, float) { return 1.0f; }
};

struct AmSoftmaxHead {
  static constexpr int32_t kind = AG_HEAD_AM_SOFTMAX;
  static constexpr bool normalised = true;
  AG_SHARED static float cosine(float dot, float inverse_x, float inverse_w, float) { return clip_cosine(dot * inverse_x * inverse_w); }
  AG_SHARED static float scale(float, const ag_step_scalars& scalars) { return scalars.scale; }
  AG_SHARED static float margin(const ag_step_scalars& scalars) { return scalars.margin; }
  AG_SHARED static float phi(float c, float m) { return c - m; }
  AG_SHARED static float dphi(float, float) { return 1.0f; }
};

// f(Head{}) with the head of this kind: the one place where a kind becomes a type. The entry points have checked it.
template <class F>
inline void with_head(int32_t kind, const F& f) {
  switch (kind) {
    case AG_HEAD_SOFTMAX: f(SoftmaxHead{}); break;
    case AG_HEAD_MODIFIED_SOFTMAX: f(ModifiedSoftmaxHead{}); break;
    case AG_HEAD_NORMFACE: f(NormFaceHead{}); break;
    default: f(AmSoftmaxHead{}); break;
  }
}

}  // namespace angulus
