// For each row, over the classes j of [first, first + count) other than y: the largest z_j = S t(c_j) and its class, the sum of exp(z_j - largest), the sum of
// c_j; c is stored where `cosines` is given.
//   x (N,D), w (classes,D), labels (N), target (AG_TARGET_ROWS, N), cosines (N,count), partial (AG_PARTIAL_ROWS, N), best (N), f32
//   workspace: MarginForwardSpace
// A piece is a block of classes (margin_blocks) and a panel of rows. It takes kMarginClasses at a time: the product, then two walks over the c that stand in
// scratch, one for the maximum and one for the exponentials; sums of one walk are f32, those walks are merged in double, the blocks in their order.
// Bound by multiply-adds, 2 D operations for each row and class, and by reading w once for each panel of rows. N 32, D 512, 10,575 classes, one thread
// with AVX-512: 64 % of the sampled f32 peak.
#pragma once

#include "margin_cosines.h"

namespace {

struct ForwardContext {
  MarginForwardCall call;
  MarginForwardSpace space;
};

static void forward_pack_piece(const void* context, int64_t piece, void*) {
  const ForwardContext& z = *static_cast<const ForwardContext*>(context);
  pack_columns(z.call.head, piece / 2, int(piece % 2), z.space.x_columns);
}

// What `count` classes from first on give for kLanes rows. bends: t(c) is not c.
template <bool bends>
static void take_classes(const float* c, int64_t first, int64_t count, Integers label, Vector scale, const Bend& bend, MarginPartial* partials, int64_t rows) {
  const auto logit_of = [&](Vector cosine) { return scale * (bends ? bent(bend, cosine) : cosine); };
  const Vector none = splat(-__builtin_inff());
  Vector largest = none, cosines = zero();
  Integers best = splat_integer(-1);
  for (int64_t j = 0; j < count; ++j) {
    const Integers index = splat_integer(int32_t(first + j));
    const Mask own = equal(label, index);
    const Vector cosine = load(c + j * kPanel);
    const Vector logit = choose(own, none, logit_of(cosine));
    best = choose(above(logit, largest), index, best);
    largest = larger(logit, largest);
    cosines = cosines + choose(own, zero(), cosine);
  }
  Vector sum = zero();
  for (int64_t j = 0; j < count; ++j) {
    const Mask own = equal(label, splat_integer(int32_t(first + j)));
    sum = sum + choose(own, zero(), exp_of(logit_of(load(c + j * kPanel)) - largest));
  }
  float sums[kLanes], totals[kLanes], maxima[kLanes];
  int32_t classes[kLanes];
  store(sums, sum);
  store(totals, cosines);
  store(maxima, largest);
  store_integers(classes, best);
  for (int64_t i = 0; i < rows; ++i) merge_margin(partials + i, {double(sums[i]), double(totals[i]), 0, maxima[i], classes[i]}, true);
}

static void forward_piece(const void* context, int64_t piece, void* scratch) {
  const ForwardContext& z = *static_cast<const ForwardContext*>(context);
  const MarginForwardCall& call = z.call;
  const Head& head = call.head;
  const MarginBlocks blocks = margin_blocks(call.count);
  const int64_t panels = row_panels(head), panel = piece % panels, block = piece / panels, row = panel * kPanel;
  const int64_t end = at_most((block + 1) * blocks.classes, call.count);
  float* const c = static_cast<float*>(scratch);
  MarginPartial* const partials = z.space.partials + block * head.n + row;
  for (int64_t i = 0; i < at_most(kPanel, head.n - row); ++i) partials[i] = {0, 0, 0, -__builtin_inff(), -1};
  for (int64_t first = block * blocks.classes; first < end; first += kMarginClasses) {
    const int64_t count = at_most(kMarginClasses, end - first);
    compute_cosines(head, z.space.rows, z.space.x_columns, panel, call.first + first, count, c);
    if (call.cosines != nullptr) move_cosines<true>(head, panel, count, call.count, call.cosines + first, c);
    for (int v = 0; v < row_vectors(head, panel); ++v) {
      const int64_t at = row + v * kLanes;
      const auto take = head.others == Others::same ? take_classes<false> : take_classes<true>;
      take(c + v * kLanes, call.first + first, count, load_integers(z.space.rows.label + at), load(z.space.rows.scale + at),
           bend_of(head, load(z.space.rows.phi + at)), partials + v * kLanes, at_most(kLanes, head.n - at));
    }
  }
}

// Losses that are sums and several centres of a class are the plain kernel's.
static bool margin_forward_accepts(const void* arguments) {
  const Head& head = static_cast<const MarginForwardCall*>(arguments)->head;
  return head.type == AG_F32 && head.others < Others::binary && head.centres == 1;
}

static void margin_forward_run(const Exec& exec, const void* arguments) {
  const auto& call = *static_cast<const MarginForwardCall*>(arguments);
  const Head& head = call.head;
  check_labels(exec, head, AG_OP_MARGIN_FORWARD);
  const ForwardContext z = {call, margin_forward_space(call.workspace, head.n, head.d, call.count)};
  set_margin_rows(head, call.target, z.space.rows);
  exec.parallel(exec, 2 * row_panels(head), forward_pack_piece, &z);
  exec.parallel(exec, margin_blocks(call.count).count * row_panels(head), forward_piece, &z);
  finish_margin_forward(exec, call);
}

}  // namespace
