// Gradients of the mean loss, by the formulas of ../ops/margin_backward.cpp.
//   x, dx (N,D); w (classes,D); dw (count,D); dbias (count); dscale (N); target (AG_TARGET_ROWS, N); log_sum_exp, losses (N);
//   cosines (N,count); workspace: MarginBackwardSpace
// A piece is a range of classes with its own part of dx. It takes kMarginClasses at a time, whose vectors are then in L2: their G stands in scratch as
// (class, row), dw is the product of G and x / |x|, and the part of dx grows by the product of the transposed G and w / |w|. The parts are added in order.
// Bound by multiply-adds, 4 D operations for each row and class (6 D without stored cosines), and by memory: w is read and dw written once. N 32,
// D 512, 10,575 classes, one thread with AVX-512: 43 % of the sampled f32 peak; stores past the caches gained nothing.
#pragma once

#include "margin_cosines.h"

namespace {

constexpr int64_t kMarginMostRows = 4096;  // their G for kMarginClasses classes fits the scratch

struct BackwardContext {
  MarginBackwardCall call;
  MarginBackwardSpace space;
};

static bool margin_backward_accepts(const void* arguments) {
  const Head& head = static_cast<const MarginBackwardCall*>(arguments)->head;
  const bool turns = head.kind == AG_HEAD_SPHEREFACE && (head.flags & AG_HEAD_NORMALISED) != 0;
  return head.type == AG_F32 && head.n <= kMarginMostRows && head.others < Others::binary && head.centres == 1 && !turns;
}

AG_INLINE int64_t depth_panels(const Head& head) { return (head.d + kPanel - 1) / kPanel; }

// x / |x| to (panel of D, N, kPanel), zeros beyond D.
static void backward_pack_piece(const void* context, int64_t piece, void*) {
  const BackwardContext& z = *static_cast<const BackwardContext*>(context);
  const Head& head = z.call.head;
  if (piece < depth_panels(head)) {
    float* to = z.space.x_panels + piece * head.n * kPanel;
    const int lanes = int(at_most(kPanel, head.d - piece * kPanel));
    for (int64_t i = 0; i < head.n; ++i, to += kPanel) {
      const float* const x = head.x + i * head.d + piece * kPanel;
      const Vector inverse = splat(z.space.rows.inverse_x[i]);
      for (int v = 0; v < 2; ++v) store(to + v * kLanes, inverse * load_masked(first_lanes(lanes - v * kLanes), x + v * kLanes));
    }
  } else {
    const int64_t half = piece - depth_panels(head);
    pack_columns(head, half / 2, int(half % 2), z.space.x_columns);
  }
}

// c of `count` classes from first on and kLanes rows to G; adds to the classes' sums of G c and G. bends: t(c) is not c.
template <bool bends>
static void take_gradients(const float* c, int64_t first, int64_t count, const MarginRows& rows, int64_t row, float share, const Head& head, float* g,
                           float* along_class, float* bias, float* along_row, float* by_scale) {
  const Integers label = load_integers(rows.label + row);
  const Vector scale = load(rows.scale + row), log_sum_exp = load(rows.log_sum_exp + row), phi = load(rows.phi + row);
  const Vector dz_target = load(rows.dz_target + row), g_target = load(rows.g_target + row), each = splat(share);
  const Bend bend = bend_of(head, phi);
  Vector along = zero(), scaled = zero();
  for (int64_t j = 0; j < count; ++j) {
    const Mask own = equal(label, splat_integer(int32_t(first + j)));
    const Vector cosine = load(c + j * kPanel);
    const Vector t = bends ? bent(bend, cosine) : cosine, slope = bends ? scale * bent_slope(bend, cosine) : scale;
    const Vector dz = choose(own, dz_target, exp_of(scale * t - log_sum_exp) * each);
    const Vector gradient = choose(own, g_target, dz * slope);
    const Vector product = gradient * cosine;
    store(g + j * rows.padded, gradient);
    along = along + product;
    scaled = fma(dz, choose(own, phi, t), scaled);
    along_class[j] += sum_of_lanes(product);
    if (bias != nullptr) bias[j] += sum_of_lanes(gradient);
  }
  store(along_row, along);
  store(by_scale, scaled);
}

AG_INLINE void write_vector(bool full, Mask m, float* to, Vector value, bool accumulate) {
  if (full) {
    store(to, accumulate ? load(to) + value : value);
  } else {
    store_masked(m, to, accumulate ? load_masked(m, to) + value : value);
  }
}

// dw of the classes [first, first + count) of the call: inverse (sum_i G_ij x^_i - w projection).
static void class_gradients(const BackwardContext& z, int64_t first, int64_t count, const float* g, const float* projection) {
  const MarginBackwardCall& call = z.call;
  const Head& head = call.head;
  const int64_t d = head.d;
  const bool accumulate = call.write_w == AG_ACCUMULATE;
  for_row_tiles(count, [&](int64_t at, int classes) {
    const float* const w = head.w + (call.first + first + at) * d;
    const float* const inverse = head.normalised ? head.inverse_w + call.first + first + at : nullptr;
    const bool projected = head.inverse_w != nullptr;
    float* const dw = call.dw + (first + at) * d;
    for (int64_t column = 0; column < d; column += kPanel) {
      const Product product_of = {g + at * z.space.rows.padded, z.space.rows.padded, 0, z.space.x_panels + column * head.n, kPanel, head.n, kPanel};
      const int lanes = int(at_most(kPanel, d - column));
      product<2, false, true>(classes, product_of, [&](int j, int v, Vector sum) {
        const bool full = lanes == kPanel;
        const Mask m = first_lanes(lanes - v * kLanes);
        const int64_t to = j * d + column + v * kLanes;
        __builtin_prefetch(w + to + classes * d);  // of the next tile
        __builtin_prefetch(dw + to + classes * d, 1);
        if (projected) {
          const Vector own = full ? load(w + to) : load_masked(m, w + to);
          sum = fma(splat(-projection[at + j]), own, sum);
          if (inverse != nullptr) sum = splat(inverse[j]) * sum;
        }
        write_vector(full, m, dw + to, sum, accumulate);
      });
    }
  });
}

// Adds sum_j G_ij w^_j of `count` classes to the piece's part of dx; g holds G / |w|.
static void add_row_gradients(const BackwardContext& z, int64_t first, int64_t count, const float* g, float* dx, bool fresh) {
  const Head& head = z.call.head;
  const int64_t d = head.d;
  for (int64_t column = 0; column < d; column += kPanel) {
    const int lanes = int(at_most(kPanel, d - column));
    for_row_tiles(head.n, [&](int64_t row, int rows) {
      const Product product_of = {g + row, 0, z.space.rows.padded, head.w + (z.call.first + first) * d + column, d, count, lanes};
      const auto finish = [&](int i, int v, Vector sum) {
        write_vector(lanes == kPanel, first_lanes(lanes - v * kLanes), dx + (row + i) * d + column + v * kLanes, sum, !fresh);
      };
      if (lanes == kPanel) {
        product<2, true, true>(rows, product_of, finish);
      } else {
        product<2, true, false>(rows, product_of, finish);
      }
    });
  }
}

static void backward_piece(const void* context, int64_t piece, void* scratch) {
  const BackwardContext& z = *static_cast<const BackwardContext*>(context);
  const MarginBackwardCall& call = z.call;
  const Head& head = call.head;
  const int64_t n = head.n, padded = z.space.rows.padded;
  const int64_t begin = piece * z.space.classes, end = at_most(begin + z.space.classes, call.count);
  const float share = 1.0f / float(n);
  float* const c = static_cast<float*>(scratch);          // (classes, kPanel)
  float* const g = c + kMarginClasses * kPanel;           // (classes, padded)
  double* const along = z.space.along + piece * n;
  double* const by_scale = z.space.by_scale + piece * n;
  for (int64_t i = 0; i < n; ++i) along[i] = by_scale[i] = 0;
  for (int64_t first = begin; first < end; first += kMarginClasses) {
    const int64_t count = at_most(kMarginClasses, end - first), one = call.first + first;
    float along_class[kMarginClasses] = {}, bias[kMarginClasses] = {}, projection[kMarginClasses];
    for (int64_t panel = 0; panel < row_panels(head); ++panel) {
      if (call.cosines != nullptr) {
        move_cosines<false>(head, panel, count, call.count, call.cosines + first, c);
      } else {
        compute_cosines(head, z.space.rows, z.space.x_columns, panel, one, count, c);
      }
      for (int v = 0; v < row_vectors(head, panel); ++v) {
        const int64_t row = panel * kPanel + v * kLanes;
        float along_row[kLanes], scaled[kLanes];
        const auto take = head.others == Others::same ? take_gradients<false> : take_gradients<true>;
        take(c + v * kLanes, one, count, z.space.rows, row, share, head, g + row, along_class, call.dbias == nullptr ? nullptr : bias, along_row, scaled);
        for (int64_t i = 0; i < at_most(kLanes, n - row); ++i) {
          along[row + i] += double(along_row[i]);
          by_scale[row + i] += double(scaled[i]);
        }
      }
    }
    margin_class_projections(call, one, count, along_class, projection);
    class_gradients(z, first, count, g, projection);
    if (call.dbias != nullptr) {
      for (int64_t j = 0; j < count; ++j) call.dbias[first + j] = call.write_w == AG_ACCUMULATE ? call.dbias[first + j] + bias[j] : bias[j];
    }
    if (head.normalised) {
      for (int64_t j = 0; j < count; ++j) {
        const Vector inverse = splat(head.inverse_w[one + j]);
        for (int64_t i = 0; i < n; i += kLanes) store(g + j * padded + i, inverse * load(g + j * padded + i));
      }
    }
    add_row_gradients(z, first, count, g, z.space.dx + piece * n * head.d, first == begin);
  }
}

// dx and dL/dS of one row from the pieces' parts, in their order.
static void backward_finish_piece(const void* context, int64_t row, void*) {
  const BackwardContext& z = *static_cast<const BackwardContext*>(context);
  const MarginBackwardCall& call = z.call;
  const Head& head = call.head;
  const int64_t n = head.n, d = head.d;
  const bool accumulate = call.write_x == AG_ACCUMULATE;
  double along = 0, by_scale = 0;
  for (int64_t piece = 0; piece < z.space.pieces; ++piece) {
    along += z.space.along[piece * n + row];
    by_scale += z.space.by_scale[piece * n + row];
  }
  call.dscale[row] = accumulate ? call.dscale[row] + float(by_scale) : float(by_scale);
  const MarginRowProjection own = margin_row_projection(call, row, float(along), float(by_scale));
  const Vector inverse = splat(z.space.rows.inverse_x[row]), projection = splat(-own.projection), length = splat(own.length);
  for (int64_t k = 0; k < d; k += kLanes) {
    const Mask m = first_lanes(int(at_most(kLanes, d - k)));
    Vector sum = zero();
    for (int64_t piece = 0; piece < z.space.pieces; ++piece) sum = sum + load_masked(m, z.space.dx + (piece * n + row) * d + k);
    const Vector x = load_masked(m, head.x + row * d + k);
    write_vector(false, m, call.dx + row * d + k, fma(x, length, inverse * fma(x, projection, sum)), accumulate);
  }
}

static void margin_backward_run(const Exec& exec, const void* arguments) {
  const auto& call = *static_cast<const MarginBackwardCall*>(arguments);
  const Head& head = call.head;
  check_labels(exec, head, AG_OP_MARGIN_BACKWARD);
  const BackwardContext z = {call, margin_backward_space(call.workspace, head.n, head.d, call.count)};
  set_margin_rows(call, z.space.rows);
  exec.parallel(exec, depth_panels(head) + (call.cosines == nullptr ? 2 * row_panels(head) : 0), backward_pack_piece, &z);
  exec.parallel(exec, z.space.pieces, backward_piece, &z);
  exec.parallel(exec, head.n, backward_finish_piece, &z);
}

}  // namespace
