// What one head does to one row's target, shared by all backends. A head is a struct with
//   kind                     AG_HEAD_*
//   target(row, head)        phi(c) and phi'(c), and what else it has (Target)
// and its line in with_head. Logits: z_y = S phi(c_y); z_j of the others: margin_others.h. Only margin_target knows heads; the kernels of margin_forward and
// margin_backward know spaces (below), so a head that changes the target alone costs them nothing.
// Formulas and sources stand at each head. DETACHED takes phi' as 1, as the code behind the published ArcFace models does.
#pragma once

#include <math.h>

#include "angulus.h"
#include "calls.h"
#include "margin_others.h"
#include "norm_functors.h"
#include "philox.h"
#include "portable.h"

namespace angulus {

// Exact derivatives by c divide by sin t; below this the product with |dc/dx| = sin t / |x| is finite, but 0 times infinity in arithmetic.
constexpr float kLeastSine = 1e-4f;

// What a head is told of a row.
struct TargetRow {
  float c;         // cosine; of SOFTMAX: the logit
  float x, w;      // lengths of x and w_y; of SOFTMAX: 1
  float scale;     // S
  float margin;    // m of the step, of ELASTICFACE the row's own
  float lambda;    // annealing
  float mean, deviation;  // of the lengths, ADAFACE
};

// What it answers; the rest of the rows of `target`.
struct Target {
  float phi, dphi;
  float dlength = 0, dclass_length = 0, turn = 0, penalty = 0, dpenalty = 0;

  AG_SHARED Target(float value, float derivative) : phi(value), dphi(derivative) {}
};

// sin t, precise near 0 and pi.
AG_SHARED float sine_of(float c) {
  const float square = (1.0f - c) * (1.0f + c);
  return sqrtf(square < 0.0f ? 0.0f : square);
}

AG_SHARED float guarded_sine(float sine) { return sine < kLeastSine ? kLeastSine : sine; }

AG_SHARED bool has(const Head& head, int32_t flag) { return (head.flags & flag) != 0; }

// cos(t + m) and its derivative by c, without the arc cosine.
AG_SHARED Target shifted(float c, float m) {
  const float sine = sine_of(c), cosine_m = cosf(m), sine_m = sinf(m);
  return {c * cosine_m - sine * sine_m, cosine_m + c * sine_m / guarded_sine(sine)};
}

// psi_m(t) = (-1)^k cos(m t) - 2 k on [k pi / m, (k + 1) pi / m], m = 1..4, by Chebyshev polynomials: no division by sin t.
AG_SHARED Target chebyshev(float c, int m) {
  const float root = 0.70710678f, square = c * c;
  int k = 0;
  float cosine = c, derivative = 1.0f;
  if (m == 2) {
    k = c < 0.0f;
    cosine = 2.0f * square - 1.0f;
    derivative = 4.0f * c;
  } else if (m == 3) {
    k = (c <= 0.5f) + (c <= -0.5f);
    cosine = c * (4.0f * square - 3.0f);
    derivative = 12.0f * square - 3.0f;
  } else if (m == 4) {
    k = (c <= root) + (c <= 0.0f) + (c <= -root);
    cosine = 8.0f * square * (square - 1.0f) + 1.0f;
    derivative = 16.0f * c * (2.0f * square - 1.0f);
  }
  const float sign = k % 2 == 0 ? 1.0f : -1.0f;
  return {sign * cosine - 2.0f * static_cast<float>(k), sign * derivative};
}

// Softmax; modified softmax: Liu et al., "SphereFace" (CVPR 2017), equation 4 without bias; NormFace: Wang et al. (2017), section 3.3. phi = c.
struct PlainHead {
  AG_SHARED static Target target(const TargetRow& row, const Head&) { return {row.c, 1.0f}; }
};

// Wang et al., "Additive Margin Softmax" (2018), equation 5; Wang et al., "CosFace" (CVPR 2018), equation 4: phi = c - m.
struct AmSoftmaxHead {
  static constexpr int32_t kind = AG_HEAD_AM_SOFTMAX;
  AG_SHARED static Target target(const TargetRow& row, const Head&) { return {row.c - row.margin, 1.0f}; }
};

// Liu et al., "Large-Margin Softmax" (ICML 2016), equations 5 to 8: z_y = (lambda <w_y, x> + |w_y| |x| psi_m(t)) / (1 + lambda). S = 1; c is <w_y, x>, the
// cosine is c / (|w_y| |x|).
struct LSoftmaxHead {
  static constexpr int32_t kind = AG_HEAD_L_SOFTMAX;
  AG_SHARED static Target target(const TargetRow& row, const Head& head) {
    const float lengths = row.x * row.w, share = 1.0f / (1.0f + row.lambda), cosine = clip_cosine(row.c / lengths);
    const Target psi = chebyshev(cosine, static_cast<int>(head.m1));
    Target target((row.lambda * row.c + lengths * psi.phi) * share, (row.lambda + psi.dphi) * share);
    const float radial = (psi.phi - cosine * psi.dphi) * share;
    target.dlength = row.w * radial;
    target.dclass_length = row.x * radial;
    return target;
  }
};

// Liu et al., "SphereFace" (CVPR 2017), equation 7, annealed: phi = (lambda c + psi_m(t)) / (1 + lambda), S = |x|. NORMALISED: as the authors' layer, where
// the pair of coefficients of w^_y and x in the margin's part of dx is brought to length 1 and dw knows no margin.
struct SphereFaceHead {
  static constexpr int32_t kind = AG_HEAD_SPHEREFACE;
  AG_SHARED static Target target(const TargetRow& row, const Head& head) {
    const float share = 1.0f / (1.0f + row.lambda);
    const Target psi = chebyshev(row.c, static_cast<int>(head.m1));
    Target target((row.lambda * row.c + psi.phi) * share, (row.lambda + psi.dphi) * share);
    if (has(head, AG_HEAD_NORMALISED)) {
      const float along_x = (psi.phi - row.c * psi.dphi) / row.x;
      const float length = sqrtf(psi.dphi * psi.dphi + along_x * along_x);
      const float inverse = length > 0.0f ? share / length : 0.0f;
      target.dphi = 1.0f;
      target.turn = row.lambda * share + psi.dphi * inverse - 1.0f;
      target.dlength = along_x * inverse * row.x + row.c - target.phi;
    }
    return target;
  }
};

// Liu et al., "SphereFace Revived" (TPAMI 2022): phi = psi_m(t) for a real m, S = s.
struct SphereFaceRHead {
  static constexpr int32_t kind = AG_HEAD_SPHEREFACE_R;
  AG_SHARED static Target target(const TargetRow& row, const Head& head) {
    constexpr float pi = 3.14159265f;
    const float sine = sine_of(row.c), angle = atan2f(sine, row.c) * head.m1;
    const float k = floorf(angle / pi), sign = k - 2.0f * floorf(k * 0.5f) == 0.0f ? 1.0f : -1.0f;
    const float ratio = sine < kLeastSine && row.c > 0.0f ? head.m1 : sinf(angle) / guarded_sine(sine);
    return {sign * cosf(angle) - 2.0f * k, has(head, AG_HEAD_DETACHED) ? 1.0f : sign * head.m1 * ratio};
  }
};

// phi = cos(t + m), and past t = pi - m: the same; MONOTONE: c - m sin m, which falls on but jumps; EASY: c wherever c <= 0, as in MagFace.
AG_SHARED Target arc(float c, float m, int32_t flags) {
  const bool extended = (flags & AG_HEAD_MONOTONE) != 0 && c < -cosf(m);
  const bool easy = (flags & AG_HEAD_EASY) != 0 && !(c > 0.0f);
  Target target = shifted(c, m);
  if (extended) target = {c - m * sinf(m), 1.0f};
  if (easy) target = {c, 1.0f};
  if ((flags & AG_HEAD_DETACHED) != 0) target.dphi = 1.0f;
  return target;
}

// Deng et al., "ArcFace" (CVPR 2019), equation 3; with centres: Deng et al., "Sub-center ArcFace" (ECCV 2020), equation 2.
struct ArcFaceHead {
  static constexpr int32_t kind = AG_HEAD_ARCFACE;
  AG_SHARED static Target target(const TargetRow& row, const Head& head) { return arc(row.c, row.margin, head.flags); }
};

// Deng et al., "ArcFace" (CVPR 2019), equation 4: phi = cos(m1 t + m) - m3.
struct CombinedHead {
  static constexpr int32_t kind = AG_HEAD_COMBINED;
  AG_SHARED static Target target(const TargetRow& row, const Head& head) {
    const float sine = sine_of(row.c), angle = head.m1 * atan2f(sine, row.c) + row.margin;
    const float ratio = row.margin == 0.0f && sine < kLeastSine && row.c > 0.0f ? head.m1 : sinf(angle) / guarded_sine(sine);
    return {cosf(angle) - head.m3, has(head, AG_HEAD_DETACHED) ? 1.0f : head.m1 * ratio};
  }
};

// Meng et al., "MagFace" (CVPR 2021), equations 2 to 4: ArcFace with m(a), from m at a = low to m3 at high, a = |x| clamped to
// [low, high], and the penalty weight (a / high^2 + 1 / a). Easy
// margin, as published. Beyond the clamp the length has no gradient.
struct MagFaceHead {
  static constexpr int32_t kind = AG_HEAD_MAGFACE;
  AG_SHARED static Target target(const TargetRow& row, const Head& head) {
    const float slope = (head.m3 - row.margin) / (head.high - head.low);
    const float a = row.x < head.low ? head.low : row.x > head.high ? head.high : row.x;
    const bool inside = a == row.x;
    const float m = row.margin + slope * (a - head.low);
    Target target = arc(row.c, m, head.flags | AG_HEAD_EASY);
    if (inside && row.c > 0.0f && !has(head, AG_HEAD_DETACHED)) {
      target.dlength = -row.scale * slope * (sine_of(row.c) * cosf(m) + row.c * sinf(m));  // -S sin(t + m) m'(a)
    }
    target.penalty = head.weight * (a / (head.high * head.high) + 1.0f / a);
    target.dpenalty = inside ? head.weight * (1.0f / (head.high * head.high) - 1.0f / (a * a)) : 0.0f;
    return target;
  }
};

// Lengths as AdaFace takes them into its statistics.
AG_SHARED float adaface_length(float length) { return length < 1e-3f ? 1e-3f : length > 100.0f ? 100.0f : length; }

// Kim et al., "AdaFace" (CVPR 2022), equations 12 and 13: q = clip(h (|x| - mean) / (deviation + 1e-3), -1, 1), without gradient;
// phi = cos(clip(t - m q, e, pi - e)) - (m + m q), e = 1e-3, c within 1 - e. Nothing moves where a clip holds.
struct AdaFaceHead {
  static constexpr int32_t kind = AG_HEAD_ADAFACE;
  AG_SHARED static Target target(const TargetRow& row, const Head& head) {
    constexpr float pi = 3.14159265f, e = 1e-3f;
    const float raw = head.spread * (adaface_length(row.x) - row.mean) / (row.deviation + e);
    const float q = raw < -1.0f ? -1.0f : raw > 1.0f ? 1.0f : raw;
    const float c = row.c < e - 1.0f ? e - 1.0f : row.c > 1.0f - e ? 1.0f - e : row.c;
    const float sine = sine_of(c), angle = atan2f(sine, c) - row.margin * q;
    const float within = angle < e ? e : angle > pi - e ? pi - e : angle;
    const float slope = within == angle && c == row.c ? sinf(angle) / sine : 0.0f;
    return {cosf(within) - (row.margin + row.margin * q), has(head, AG_HEAD_DETACHED) ? 1.0f : slope};
  }
};

// Boutros et al., "ElasticFace" (CVPRW 2022), equations 4 and 6: ArcFace, or with COSINE AM-Softmax, with a margin from N(m, spread) for each row.
struct ElasticFaceHead {
  static constexpr int32_t kind = AG_HEAD_ELASTICFACE;
  AG_SHARED static Target target(const TargetRow& row, const Head& head) {
    return has(head, AG_HEAD_COSINE) ? Target(row.c - row.margin, 1.0f) : arc(row.c, row.margin, head.flags);
  }
};

// Huang et al., "CurricularFace" (CVPR 2020), equations 7 to 10: the target is ArcFace's, extended past pi.
struct CurricularFaceHead {
  static constexpr int32_t kind = AG_HEAD_CURRICULARFACE;
  AG_SHARED static Target target(const TargetRow& row, const Head& head) { return arc(row.c, row.margin, head.flags | AG_HEAD_MONOTONE); }
};

// Sun et al., "Circle Loss" (CVPR 2020), equations 6 and 8, for classes: phi = max(1 + m - c, 0) (c - (1 - m)), whose first factor has no gradient.
struct CircleHead {
  static constexpr int32_t kind = AG_HEAD_CIRCLE;
  AG_SHARED static Target target(const TargetRow& row, const Head&) {
    const float raw = 1.0f + row.margin - row.c, factor = raw < 0.0f ? 0.0f : raw;
    return {factor * (row.c - (1.0f - row.margin)), factor};
  }
};

// Wen et al., "SphereFace2" (ICLR 2022), equation 5 with g(c) = 2 ((c + 1) / 2)^t - 1: phi = g(c) - m.
struct SphereFace2Head {
  static constexpr int32_t kind = AG_HEAD_SPHEREFACE2;
  AG_SHARED static Target target(const TargetRow& row, const Head& head) {
    const float slope = has(head, AG_HEAD_DETACHED) ? 1.0f : stretched_slope(row.c, head.spread);
    return {stretched(row.c, head.spread) - row.margin, slope};
  }
};

// Wang et al., "NormFace" (2017), equations 10 and 11: |x^ - w^|^2 = 2 - 2 c, so phi = 2 c.
struct AgentHead {
  AG_SHARED static Target target(const TargetRow& row, const Head&) { return {2.0f * row.c, 2.0f}; }
};

// f(Head{}) with the head of this kind: the one place where a kind becomes a type. The entry points have checked it.
template <class F>
inline void with_head(int32_t kind, const F& f) {
  switch (kind) {
    case AG_HEAD_AM_SOFTMAX: f(AmSoftmaxHead{}); break;
    case AG_HEAD_L_SOFTMAX: f(LSoftmaxHead{}); break;
    case AG_HEAD_SPHEREFACE: f(SphereFaceHead{}); break;
    case AG_HEAD_SPHEREFACE_R: f(SphereFaceRHead{}); break;
    case AG_HEAD_ARCFACE: f(ArcFaceHead{}); break;
    case AG_HEAD_COMBINED: f(CombinedHead{}); break;
    case AG_HEAD_MAGFACE: f(MagFaceHead{}); break;
    case AG_HEAD_ADAFACE: f(AdaFaceHead{}); break;
    case AG_HEAD_ELASTICFACE: f(ElasticFaceHead{}); break;
    case AG_HEAD_CURRICULARFACE: f(CurricularFaceHead{}); break;
    case AG_HEAD_CIRCLE: f(CircleHead{}); break;
    case AG_HEAD_SPHEREFACE2: f(SphereFace2Head{}); break;
    case AG_HEAD_C_CONTRASTIVE:
    case AG_HEAD_C_TRIPLET: f(AgentHead{}); break;
    default: f(PlainHead{}); break;
  }
}

// S of a row.
AG_SHARED float row_scale(const Head& head, float inverse_x) {
  if (!head.normalised || head.others >= Others::contrastive) return 1.0f;
  return head.scale_is_length ? 1.0f / inverse_x : scale_of(head);
}

// What ElasticFace draws for a row, and everybody else's m: Philox words 0 and 1 of block `draw` as a normal number by Box and Muller.
AG_SHARED float drawn_margin(const Head& head, int64_t draw) {
  if (head.kind != AG_HEAD_ELASTICFACE) return head.scalars->margin;
  constexpr int32_t kPurpose = 0x6d617267;
  const PhiloxBlock block = philox_words(head.seed, kPurpose, head.scalars->random_counter, static_cast<uint64_t>(draw));
  const float length = sqrtf(-2.0f * logf(1.0f - philox_uniform(block.word[0])));
  return head.scalars->margin + head.spread * length * cosf(6.28318531f * philox_uniform(block.word[1]));
}

// All rows of `target` of one row. A row with a bad label gets zeros, but S and m.
template <class H>
AG_SHARED void write_target(const Head& head, float* target, int64_t row, bool good, float c, float inverse_w, float margin) {
  const int64_t n = head.n;
  const float inverse_x = head.inverse_x != nullptr ? head.inverse_x[row] : 1.0f;
  const float scale = row_scale(head, inverse_x);
  const bool averaged = head.kind == AG_HEAD_ADAFACE;
  const float mean = averaged ? head.state[0] : 0.0f, deviation = averaged ? head.state[1] : 0.0f;
  const TargetRow of_row = {c, 1.0f / inverse_x, 1.0f / inverse_w, scale, margin, head.scalars->lambda, mean, deviation};
  const Target answer = good ? H::target(of_row, head) : Target(0.0f, 0.0f);
  target[AG_TARGET_COSINE * n + row] = good ? c : 0.0f;
  target[AG_TARGET_PHI * n + row] = answer.phi;
  target[AG_TARGET_DPHI * n + row] = answer.dphi;
  target[AG_TARGET_SCALE * n + row] = scale;
  target[AG_TARGET_MARGIN * n + row] = margin;
  target[AG_TARGET_DLENGTH * n + row] = answer.dlength;
  target[AG_TARGET_DCLASS_LENGTH * n + row] = answer.dclass_length;
  target[AG_TARGET_TURN * n + row] = answer.turn;
  target[AG_TARGET_PENALTY * n + row] = answer.penalty;
  target[AG_TARGET_DPENALTY * n + row] = answer.dpenalty;
}

// Whether dx has more of w^_y than dw has of x^: AG_TARGET_TURN.
inline bool head_turns(const Head& head) { return head.kind == AG_HEAD_SPHEREFACE && has(head, AG_HEAD_NORMALISED); }

// How the class kernels see a head: whether c is a cosine, and whether the others' logits are S c (margin_others.h).
struct RawSpace { static constexpr bool normalised = false, bent = false; };
struct UnitSpace { static constexpr bool normalised = true, bent = false; };
struct BentSpace { static constexpr bool normalised = true, bent = true; };

template <class F>
inline void with_space(const Head& head, const F& f) {
  if (!head.normalised) {
    f(RawSpace{});
  } else if (head.others == Others::same) {
    f(UnitSpace{});
  } else {
    f(BentSpace{});
  }
}

// c from <w_j, x>.
template <class Space>
AG_SHARED float cosine_in(float dot, float inverse_x, float inverse_w, float bias) {
  return Space::normalised ? clip_cosine(dot * inverse_x * inverse_w) : dot + bias;
}

}  // namespace angulus
