// Gradients of the mean loss. With p_j = exp(z_j - log_sum_exp), p_y - 1 = expm1(-loss) and dz_j = (p_j - [j = y]) / N:
//   G_ij = dL/dc_ij = dz_ij S_i (times phi' for j = y),   dL/dS_i = sum_j dz_ij c_ij (phi for j = y),   db_j = sum_i G_ij,
//   dx_i = x'_i (g_i - x^_i <g_i, x^_i>) with g_i = sum_j G_ij w^_j, and dw_j alike with x^ in place of w^; x' = 1 / |x|. Both inner
//   products equal a sum of G c, so no row of length D has to be kept. In a clamped branch of the guard there is no projection. SOFTMAX has
//   neither lengths nor projections. Where S = |x| (MODIFIED_SOFTMAX), dx also gets dL/dS x^.
//   x, dx (N,D); w (classes,D); dw (count,D); dbias (count); dscale (N); target (AG_TARGET_ROWS, N); log_sum_exp, losses (N);
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
template <class H>
void gradients_of_tile(const MarginBackwardCall& call, const Span& span, int64_t index, const MarginGradients& work) {
  const Head& head = call.head;
  const int64_t n = head.n;
  const int64_t first = span.first + index * kTile;
  const int64_t last = std::min(first + kTile, span.last);
  const float share = 1.0f / static_cast<float>(n);
  double columns[kTile] = {};
  double biases[kTile] = {};
  CosineTile tile;
  for (int64_t row = 0; row < n; row += kTile) {
    const int64_t row_end = std::min<int64_t>(row + kTile, n);
    if (call.cosines == nullptr) tile.compute<H>(head, row, row_end, call.first + first, call.first + last);
    for (int64_t i = row; i < row_end; ++i) {
      float* const g = work.gradient(i) + (first - span.first);
      double along = 0;
      double by_scale = 0;
      if (!label_is_good(head, i)) {
        std::fill(g, g + (last - first), 0.0f);
      } else {
        const float* const c = call.cosines == nullptr ? tile.c[i - row] : call.cosines + i * call.count + first;
        const float scale = call.target[AG_TARGET_SCALE * n + i];
        const float log_sum_exp = call.log_sum_exp[i];
        float dz[kTile];
        for (int64_t j = 0; j < last - first; ++j) {
          dz[j] = exp_f32(scale * c[j] - log_sum_exp) * share;
          g[j] = dz[j] * scale;
        }
        for (int64_t j = 0; j < last - first; ++j) {
          if (call.first + first + j == head.labels[i]) {
            const float phi = call.target[AG_TARGET_PHI * n + i];
            dz[j] = expm1_f32(-call.losses[i]) * share;
            g[j] = dz[j] * scale * call.target[AG_TARGET_DPHI * n + i];
            by_scale += static_cast<double>(dz[j] * phi);
          } else {
            by_scale += static_cast<double>(dz[j] * c[j]);
          }
          const double product = static_cast<double>(g[j] * c[j]);
          along += product;
          columns[j] += product;
          biases[j] += static_cast<double>(g[j]);
        }
      }
      work.along_row(index)[i] = along;
      work.by_scale(index)[i] = by_scale;
    }
  }
  for (int64_t j = 0; j < last - first; ++j) {
    work.along_column()[first - span.first + j] = static_cast<float>(columns[j]);
    work.bias()[first - span.first + j] = static_cast<float>(biases[j]);
  }
}

inline void store(float* y, float value, bool accumulate) { *y = accumulate ? *y + value : value; }

// Stage 2: kGroup classes from span.first + group * kGroup on.
template <class H>
void class_gradients(const MarginBackwardCall& call, const Span& span, int64_t group, const MarginGradients& work) {
  const Head& head = call.head;
  const bool accumulate = call.write_w == AG_ACCUMULATE;
  const int64_t first = span.first + group * kGroup;
  const int64_t classes = std::min(kGroup, span.last - first);
  for (int64_t at = 0; at < head.d; at += kDepth) {
    const int64_t depth = std::min<int64_t>(kDepth, head.d - at);
    float sum[kGroup][kDepth] = {};
    for (int64_t i = 0; i < head.n; ++i) {
      const float* const g = work.gradient(i) + (first - span.first);
      const float inverse = H::normalised ? head.inverse_x[i] : 1.0f;
      for (int64_t j = 0; j < classes; ++j) add_scaled(g[j] * inverse, head.x + i * head.d + at, sum[j], depth);
    }
    for (int64_t j = 0; j < classes; ++j) {
      const float* const w = head.w + (call.first + first + j) * head.d + at;
      float* const dw = call.dw + (first + j) * head.d + at;
      const float inverse = H::normalised ? head.inverse_w[call.first + first + j] : 1.0f;
      const bool projected = H::normalised && !length_is_clamped(inverse, head.guard);
      const float along = projected ? work.along_column()[first - span.first + j] * inverse : 0.0f;
      for (int64_t k = 0; k < depth; ++k) store(dw + k, inverse * (sum[j][k] - w[k] * along), accumulate);
    }
  }
  if (call.dbias != nullptr) {
    for (int64_t j = 0; j < classes; ++j) store(call.dbias + first + j, work.bias()[first - span.first + j], accumulate);
  }
}

// Stage 3: kGroup rows.
template <class H>
void row_gradients(const MarginBackwardCall& call, const Span& span, int64_t group, const MarginGradients& work) {
  const Head& head = call.head;
  const bool accumulate = call.write_x == AG_ACCUMULATE || span.first > 0;
  const int64_t first = group * kGroup;
  const int64_t rows = std::min<int64_t>(kGroup, head.n - first);
  float along[kGroup];
  float by_scale[kGroup];
  for (int64_t i = 0; i < rows; ++i) {
    double sums[2] = {};
    for (int64_t tile = 0; tile < ceil_div(span.last - span.first, kTile); ++tile) {
      sums[0] += work.along_row(tile)[first + i];
      sums[1] += work.by_scale(tile)[first + i];
    }
    along[i] = static_cast<float>(sums[0]);
    by_scale[i] = static_cast<float>(sums[1]);
    store(call.dscale + first + i, by_scale[i], accumulate);
  }
  for (int64_t at = 0; at < head.d; at += kDepth) {
    const int64_t depth = std::min<int64_t>(kDepth, head.d - at);
    float sum[kGroup][kDepth] = {};
    for (int64_t j = span.first; j < span.last; ++j) {
      const float* const w = head.w + (call.first + j) * head.d + at;
      const float inverse = H::normalised ? head.inverse_w[call.first + j] : 1.0f;
      for (int64_t i = 0; i < rows; ++i) add_scaled(work.gradient(first + i)[j - span.first] * inverse, w, sum[i], depth);
    }
    for (int64_t i = 0; i < rows; ++i) {
      const float* const x = head.x + (first + i) * head.d + at;
      float* const dx = call.dx + (first + i) * head.d + at;
      const float inverse = H::normalised ? head.inverse_x[first + i] : 1.0f;
      const bool free_length = H::normalised && !length_is_clamped(inverse, head.guard);
      const float projection = free_length ? along[i] * inverse : 0.0f;
      const float length = free_length && H::kind == AG_HEAD_MODIFIED_SOFTMAX ? by_scale[i] * inverse : 0.0f;
      for (int64_t k = 0; k < depth; ++k) store(dx + k, inverse * (sum[i][k] - x[k] * projection) + x[k] * length, accumulate);
    }
  }
}

void run(const Exec& exec, const void* arguments) {
  const auto& call = as<MarginBackwardCall>(arguments);
  check_labels(exec, call.head, AG_OP_MARGIN_BACKWARD);
  const MarginGradients work(call.workspace, call.head.n, call.count);
  with_head(call.head.kind, [&](auto kind) {
    using H = decltype(kind);
    for (int64_t first = 0; first < call.count; first += MarginGradients::kSpan) {
      const Span span{first, std::min<int64_t>(first + MarginGradients::kSpan, call.count)};
      const int64_t classes = span.last - span.first;
      for_pieces(exec, ceil_div(classes, kTile), [&](int64_t tile, void*) { gradients_of_tile<H>(call, span, tile, work); });
      for_pieces(exec, ceil_div(classes, kGroup), [&](int64_t group, void*) { class_gradients<H>(call, span, group, work); });
      for_pieces(exec, ceil_div(call.head.n, kGroup), [&](int64_t group, void*) { row_gradients<H>(call, span, group, work); });
    }
  });
}

}  // namespace

extern const Kernel margin_backward_f32_plain = {"margin_backward_f32_plain", Isa::baseline, head_is_f32<MarginBackwardCall>, run};

}  // namespace angulus::cpu
