// What a head makes of the classes other than the target, shared by all backends: z_j = S t(c_j) + offset. `same`: t(c) = c, and nothing of this file is asked.
//   filter       t = 0 for c above the threshold: a class that is probably the same person under another label adds exp(0) and no gradient
//   curricular   Huang et al. (CVPR 2020), equation 8: t = c (tau + c) for c above phi_y
//   circle       Sun et al. (CVPR 2020), equation 8: t = max(c + m, 0) (c - m), whose first factor has no gradient
// and where the loss of a row is not the softmax's but a sum of terms of z, over the other classes and of z_y:
//   binary       Wen et al., "SphereFace2" (ICLR 2022), equation 5: t = g(c) + m, terms weight (1 - balance) / S log(1 + e^z), the target's
//                weight balance / S log(1 + e^-z); offset: the bias
//   contrastive  Wang et al., "NormFace" (2017), equation 10: terms max(0, m - |x^ - w^_j|^2), the target's |x^ - w^_y|^2; t = 2 c
//   triplet      the same, equation 11: terms max(0, m + |x^ - w^_y|^2 - |x^ - w^_j|^2), none of the target's; t = 2 c
#pragma once

#include <math.h>

#include "angulus.h"
#include "calls.h"
#include "portable.h"

namespace angulus {

// NaN stays NaN: a bad embedding must show in the loss.
AG_SHARED float clip_cosine(float c) { return c < -1.0f ? -1.0f : (c > 1.0f ? 1.0f : c); }

AG_SHARED bool is_sum(Others others) { return others >= Others::binary; }

AG_SHARED float scale_of(const Head& head) { return head.scale != nullptr ? *head.scale : head.scalars->scale; }

// g(c) of SphereFace2, and its derivative.
AG_SHARED float stretched(float c, float t) { return 2.0f * powf((c + 1.0f) * 0.5f, t) - 1.0f; }
AG_SHARED float stretched_slope(float c, float t) { return t * powf((c + 1.0f) * 0.5f, t - 1.0f); }

// log(1 + e^z), and its derivative.
AG_SHARED float softplus(float z) { return (z > 0.0f ? z : 0.0f) + log1pf(expf(-fabsf(z))); }
AG_SHARED float sigmoid(float z) {
  const float power = expf(-fabsf(z));
  return (z > 0.0f ? 1.0f : power) / (1.0f + power);
}

// What the classes of one row need.
struct OtherRow {
  Others kind;
  bool detached;
  float limit;   // c above it is changed
  float m;       // margin; curricular: tau
  float power;   // t of SphereFace2
  float offset;  // added to S t
  float weight;  // of a term
};

// phi: of the row's target.
AG_SHARED OtherRow other_row(const Head& head, float phi, float scale) {
  OtherRow row = {head.others, (head.flags & AG_HEAD_DETACHED) != 0, head.filter, head.scalars->margin, head.spread, 0.0f, 1.0f};
  if (head.others == Others::curricular) {
    row.limit = phi;
    row.m = head.state[0];
  } else if (head.others == Others::binary) {
    row.offset = head.bias[0];
    row.weight = head.weight * (1.0f - head.balance) / scale;
  } else if (head.others == Others::contrastive) {
    row.offset = row.m - 2.0f;
  } else if (head.others == Others::triplet) {
    row.offset = row.m - phi;
  }
  return row;
}

// t(c) and its derivative.
struct OtherLogit { float t, slope; };
AG_SHARED OtherLogit other_logit(const OtherRow& row, float c) {
  switch (row.kind) {
    case Others::filter: return c > row.limit ? OtherLogit{0.0f, 0.0f} : OtherLogit{c, 1.0f};
    case Others::curricular: return c > row.limit ? OtherLogit{c * (row.m + c), 2.0f * c + row.m} : OtherLogit{c, 1.0f};
    case Others::circle: {
      const float factor = c + row.m < 0.0f ? 0.0f : c + row.m;
      return {factor * (c - row.m), factor};
    }
    case Others::binary: return {stretched(c, row.power) + row.m, row.detached ? 1.0f : stretched_slope(c, row.power)};
    case Others::contrastive:
    case Others::triplet: return {2.0f * c, 2.0f};
    default: return {c, 1.0f};
  }
}

// A term of a loss that is a sum, and its derivative by z.
AG_SHARED float other_term(const OtherRow& row, float z) {
  return row.kind == Others::binary ? row.weight * softplus(z) : (z > 0.0f ? z : z * 0.0f);  // z 0: NaN stays
}
AG_SHARED float other_pull(const OtherRow& row, float z) { return row.kind == Others::binary ? row.weight * sigmoid(z) : (z > 0.0f ? 1.0f : 0.0f); }

// The target's logit as one of the others, to see whether it beats them. What a filter takes out of the others is no rival.
AG_SHARED float rival_logit(const Head& head, float phi, float scale, float c) {
  if (head.others == Others::same || head.others == Others::filter) return scale * c;
  const OtherRow row = other_row(head, phi, scale);
  return scale * other_logit(row, c).t + row.offset;
}

// A row's loss that is a sum, and its derivative by z_y, from the sums of the others' terms and of their derivatives.
struct SumLoss { float loss, pull; };
AG_SHARED SumLoss sum_loss(const Head& head, float phi, float scale, float terms, float pulls) {
  if (head.others == Others::binary) {
    const float weight = head.weight * head.balance / scale, z = scale * phi + head.bias[0];
    return {terms + weight * softplus(-z), -weight * sigmoid(-z)};
  }
  if (head.others == Others::contrastive) return {terms + 2.0f - phi, -1.0f};
  return {terms, -pulls};
}

}  // namespace angulus
