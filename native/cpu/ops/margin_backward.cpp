// Gradients of the mean loss. With p_j = exp(z_j - log_sum_exp), p_y - 1 = expm1(-loss) and dz_j = (p_j - [j = y]) / N, or the derivatives of a loss that
// is a sum (margin_others.h):
//   G_ij = dL/dc_ij = dz_ij S_i t'(c_ij) (phi' for j = y),   dL/dS_i = sum_j dz_ij t(c_ij) (phi for j = y),   db_j = sum_i dz_ij,
//   dx_i = x'_i (g_i - x^_i <g_i, x^_i>) with g_i = sum_j G_ij w^_j, and dw_j alike with x^ in place of w^; x' = 1 / |x|. Both inner
//   products equal a sum of G c, so no row of length D has to be kept. In a clamped branch of the guard there is no projection. SOFTMAX and L_SOFTMAX have no
//   projections. What comes through |x|, dL/d|x| x^, joins dx: dL/dS where S = |x|, and the target's dlength and dpenalty. L_SOFTMAX has dL/d|w_y| w^_y, too.
//   Of a class's centres only the one that gave c has a gradient.
//   x, dx (N,D); w (classes,K,D); dw (count,K,D); dbias (count); dscale (N); target (AG_TARGET_ROWS, N); log_sum_exp, losses (N);
//   cosines (N,count).
//   workspace: MarginGradients: G of kSpan classes at a time.
// Three stages for each span of kSpan classes: G by tiles of classes, dw by groups of classes, dx by groups of rows. Spans follow one another
// in order. Bound by arithmetic: 4 D operations per row and class, 6 D without stored cosines.
#include "exp.h"
#include "margin.h"
#include "norm_functors.h"
#include "workspace.h"

namespace angulus::cpu {

namespace {

constexpr int64_t kGroup = 8;    // classes or rows that share a walk over the others
constexpr int64_t kDepth = 512;  // of D at a time

struct Span { int64_t first, last; };  // classes, from call.first

// Stage 1, one tile of classes: G, its sums along rows and columns, and dL/dS.
template <class Space>
void gradients_of_tile(const MarginBackwardCall& call, const Span& span, int64_t index, const MarginGradients& work) {
  const Head& head = call.head;
  const int64_t n = head.n;
  const int64_t first = span.first + index * kTile;
  const int64_t last = std::min(first + kTile, span.last);
  const float share = 1.0f / static_cast<float>(n);
  const bool stored = call.cosines != nullptr && head.centres == 1;
  double columns[kTile][MarginGradients::kMostCentres] = {};
  double biases[kTile] = {};
  CosineTile tile;
  for (int64_t row = 0; row < n; row += kTile) {
    const int64_t row_end = std::min<int64_t>(row + kTile, n);
    if (!stored) tile.compute<Space>(head, row, row_end, call.first + first, call.first + last);
    for (int64_t i = row; i < row_end; ++i) {
      float* const g = work.gradient(i) + (first - span.first);
      double along = 0;
      double by_scale = 0;
      if (!label_is_good(head, i)) {
        std::fill(g, g + (last - first), 0.0f);
      } else {
        const float* const c = stored ? call.cosines + i * call.count + first : tile.c[i - row];
        const uint8_t* const centre = tile.centre[i - row];
        if (head.centres > 1) std::copy(centre, centre + (last - first), work.centre(i) + (first - span.first));
        const float scale = call.target[AG_TARGET_SCALE * n + i];
        const float log_sum_exp = call.log_sum_exp[i];
        float dz[kTile];
        float bent[kTile];  // t(c)
        if (Space::bent) {
          const OtherRow others = other_row(head, call.target[AG_TARGET_PHI * n + i], scale);
          for (int64_t j = 0; j < last - first; ++j) {
            const OtherLogit logit = other_logit(others, c[j]);
            const float z = scale * logit.t + others.offset;
            bent[j] = logit.t;
            dz[j] = (is_sum(head.others) ? other_pull(others, z) : exp_f32(z - log_sum_exp)) * share;
            g[j] = dz[j] * scale * logit.slope;
          }
        } else {
          for (int64_t j = 0; j < last - first; ++j) {
            bent[j] = c[j];
            dz[j] = exp_f32(scale * c[j] - log_sum_exp) * share;
            g[j] = dz[j] * scale;
          }
        }
        for (int64_t j = 0; j < last - first; ++j) {
          if (call.first + first + j == head.labels[i]) {
            const float phi = call.target[AG_TARGET_PHI * n + i];
            dz[j] = margin_target_dz(call, i);
            g[j] = dz[j] * scale * call.target[AG_TARGET_DPHI * n + i];
            by_scale += static_cast<double>(dz[j] * phi);
          } else {
            by_scale += static_cast<double>(dz[j] * bent[j]);
          }
          const double product = static_cast<double>(g[j] * c[j]);
          along += product;
          columns[j][head.centres > 1 ? centre[j] : 0] += product;
          biases[j] += static_cast<double>(dz[j]);
        }
      }
      work.along_row(index)[i] = along;
      work.by_scale(index)[i] = by_scale;
    }
  }
  for (int64_t j = 0; j < last - first; ++j) {
    for (int64_t k = 0; k < head.centres; ++k) {
      work.along_column()[(first - span.first + j) * head.centres + k] = static_cast<float>(columns[j][k]);
    }
    work.bias()[first - span.first + j] = static_cast<float>(biases[j]);
  }
}

inline void store(float* y, float value, bool accumulate) { *y = accumulate ? *y + value : value; }

// Stage 2: kGroup vectors of w, the centres of each class one after the other, from those of span.first on.
template <class Space>
void class_gradients(const MarginBackwardCall& call, const Span& span, int64_t group, const MarginGradients& work) {
  const Head& head = call.head;
  const bool accumulate = call.write_w == AG_ACCUMULATE;
  const int64_t first = group * kGroup;  // from the span's first vector
  const int64_t vectors = std::min(kGroup, (span.last - span.first) * head.centres - first);
  const int64_t from_w = (call.first + span.first) * head.centres + first;
  float projections[kGroup];
  margin_class_projections(call, from_w, vectors, work.along_column() + first, projections);
  for (int64_t at = 0; at < head.d; at += kDepth) {
    const int64_t depth = std::min<int64_t>(kDepth, head.d - at);
    float sum[kGroup][kDepth] = {};
    for (int64_t i = 0; i < head.n; ++i) {
      const float inverse = Space::normalised ? head.inverse_x[i] : 1.0f;
      for (int64_t j = 0; j < vectors; ++j) {
        const int64_t index = (first + j) / head.centres;
        if (head.centres > 1 && label_is_good(head, i) && work.centre(i)[index] != (first + j) % head.centres) continue;
        add_scaled(work.gradient(i)[index] * inverse, head.x + i * head.d + at, sum[j], depth);
      }
    }
    for (int64_t j = 0; j < vectors; ++j) {
      const float* const w = head.w + (from_w + j) * head.d + at;
      float* const dw = call.dw + (span.first * head.centres + first + j) * head.d + at;
      const float inverse = Space::normalised ? head.inverse_w[from_w + j] : 1.0f;
      for (int64_t k = 0; k < depth; ++k) store(dw + k, inverse * (sum[j][k] - w[k] * projections[j]), accumulate);
    }
  }
}

// Stage 3: kGroup rows.
template <class Space>
void row_gradients(const MarginBackwardCall& call, const Span& span, int64_t group, const MarginGradients& work) {
  const Head& head = call.head;
  const bool accumulate = call.write_x == AG_ACCUMULATE || span.first > 0;
  const int64_t first = group * kGroup;
  const int64_t rows = std::min<int64_t>(kGroup, head.n - first);
  MarginRowProjection own[kGroup];
  float turn[kGroup];
  for (int64_t i = 0; i < rows; ++i) {
    double along = 0, by_scale = 0;
    for (int64_t tile = 0; tile < ceil_div(span.last - span.first, kTile); ++tile) {
      along += work.along_row(tile)[first + i];
      by_scale += work.by_scale(tile)[first + i];
    }
    MarginBackwardCall of_span = call;
    of_span.first = static_cast<int32_t>(call.first + span.first);
    of_span.count = static_cast<int32_t>(span.last - span.first);
    own[i] = margin_row_projection(of_span, first + i, static_cast<float>(along), static_cast<float>(by_scale));
    turn[i] = label_is_good(head, first + i) ? margin_target_dz(call, first + i) * call.target[AG_TARGET_SCALE * head.n + first + i] *
                                                   call.target[AG_TARGET_TURN * head.n + first + i]
                                             : 0.0f;
    store(call.dscale + first + i, static_cast<float>(by_scale), accumulate);
  }
  for (int64_t at = 0; at < head.d; at += kDepth) {
    const int64_t depth = std::min<int64_t>(kDepth, head.d - at);
    float sum[kGroup][kDepth] = {};
    for (int64_t j = span.first; j < span.last; ++j) {
      for (int64_t i = 0; i < rows; ++i) {
        const bool centred = head.centres > 1 && label_is_good(head, first + i);
        const int64_t vector = (call.first + j) * head.centres + (centred ? work.centre(first + i)[j - span.first] : 0);
        const float inverse = Space::normalised ? head.inverse_w[vector] : 1.0f;
        const float turned = call.first + j == head.labels[first + i] ? turn[i] : 0.0f;
        add_scaled((work.gradient(first + i)[j - span.first] + turned) * inverse, head.w + vector * head.d + at, sum[i], depth);
      }
    }
    for (int64_t i = 0; i < rows; ++i) {
      const float* const x = head.x + (first + i) * head.d + at;
      float* const dx = call.dx + (first + i) * head.d + at;
      const float inverse = Space::normalised ? head.inverse_x[first + i] : 1.0f;
      for (int64_t k = 0; k < depth; ++k) store(dx + k, inverse * (sum[i][k] - x[k] * own[i].projection) + x[k] * own[i].length, accumulate);
    }
  }
}

void run(const Exec& exec, const void* arguments) {
  const auto& call = as<MarginBackwardCall>(arguments);
  check_labels(exec, call.head, AG_OP_MARGIN_BACKWARD);
  const MarginGradients work(call.workspace, call.head.n, call.count);
  with_space(call.head, [&](auto space) {
    using Space = decltype(space);
    for (int64_t first = 0; first < call.count; first += MarginGradients::kSpan) {
      const Span span{first, std::min<int64_t>(first + MarginGradients::kSpan, call.count)};
      const int64_t classes = span.last - span.first;
      for_pieces(exec, ceil_div(classes, kTile), [&](int64_t tile, void*) { gradients_of_tile<Space>(call, span, tile, work); });
      for_pieces(exec, ceil_div(classes * call.head.centres, kGroup), [&](int64_t group, void*) { class_gradients<Space>(call, span, group, work); });
      for (int64_t j = 0; call.dbias != nullptr && j < classes; ++j) store(call.dbias + first + j, work.bias()[j], call.write_w == AG_ACCUMULATE);
      for_pieces(exec, ceil_div(call.head.n, kGroup), [&](int64_t group, void*) { row_gradients<Space>(call, span, group, work); });
    }
  });
}

}  // namespace

extern const Kernel margin_backward_f32_plain = {"margin_backward_f32_plain", Isa::baseline, head_is_f32<MarginBackwardCall>, run};

}  // namespace angulus::cpu
