// Runs a convolution over slots: a piece packs its input, or finds it packed, and goes through its panels of output channels and, for each, through the tiles of
// its pixels. A Tile multiplies, a Finish makes outputs of sums.
#pragma once

#include "slot_pack.h"
#include "slot_tile.h"

namespace {

struct SlotContext {
  SlotShape shape;
  const char* in;
  const char* weights;   // [panel][block][tap], kStepBytes each
  uint8_t outside;       // each byte of the padding
  const void* call;      // for Finish
  char* packed;          // of all units; null: each piece packs its own input
};

AG_INLINE char* aligned(void* memory) { return reinterpret_cast<char*>((reinterpret_cast<uintptr_t>(memory) + kSlotBytes - 1) / kSlotBytes * kSlotBytes); }
AG_INLINE int64_t panel_bytes(const SlotShape& z) { return z.blocks * z.taps * kStepBytes; }

static void slot_pack_piece(const void* context, int64_t unit, void*) {
  const SlotContext& z = *static_cast<const SlotContext*>(context);
  pack_unit(z.shape, z.in, unit, z.outside, z.packed + unit * slot_packed_bytes(z.shape));
}

// A tile whose sums are stored, and its pixels that are still to be finished: of each row the first Q. finish(sums, at) takes a pixel's sums (32) to element
// `at` of y and on, and to the panel's first output channel there.
template <class Finish>
struct Pending {
  const SlotShape& shape;
  const Finish& finish;
  const char* sums = nullptr;
  int64_t left = 0;  // pixels
  int64_t q = 0;     // column of the next
  int64_t at = 0;    // element of y

  // y: output pixels before the image's first of this unit.
  inline __attribute__((always_inline)) void begin(const char* from, int64_t y, int64_t pixel, int64_t count) {
    sums = from, left = count, q = pixel % shape.pitch, at = (y + pixel / shape.pitch * shape.q + at_most(q, shape.q)) * shape.k;
  }
  inline __attribute__((always_inline)) void next(int64_t count) {
    for (count = at_most(count, left); count > 0; --count, --left, sums += kWeightRow) {
      if (q < shape.q) {
        finish(sums, at);
        at += shape.k;
      }
      if (++q == shape.pitch) q = 0;
    }
  }
};

// A panel's steps ask for the next panel, or, where the weights are small and stay in L2, each panel for its part of the next unit's input. One tile alone has
// no time for it.
AG_INLINE Ask slot_ask(const SlotContext& z, int64_t unit, int64_t panel, int64_t steps) {
  const SlotShape& f = z.shape;
  const bool large = panel_bytes(f) * f.panels > kLargeWeights;
  if (steps <= f.blocks * f.taps || (!large && z.packed)) return {z.in, 0};
  const int64_t row_bytes = f.w * f.pixel_bytes;
  const int64_t unit_bytes = (f.images > 1 ? f.images * f.h : f.rows * f.stride_h) * row_bytes;
  const int64_t first = (unit / f.row_pieces * f.images * f.h + unit % f.row_pieces * f.rows * f.stride_h) * row_bytes;
  const int64_t part = large ? panel_bytes(f) : ceil_div(unit_bytes, f.panels);
  return {large ? z.weights + (panel + 1) * part : z.in + first + unit_bytes + panel * part, ceil_div(part, steps * kSlotBytes)};
}

// The tiles of a panel; each is finished while the next is multiplied.
template <class Tile, class Finish>
AG_INLINE void slot_panel(const SlotContext& z, const SlotSweep& sweep, const char* packed, int64_t unit, int64_t panel, char* sums) {
  const SlotShape& f = z.shape;
  const int64_t first_image = unit / f.row_pieces * f.images, p0 = unit % f.row_pieces * f.rows;
  const int64_t images = at_most(f.images, f.n - first_image);
  const int64_t pixels = slot_pixels(f, at_most(f.rows, f.p - p0));
  const int64_t steps = f.blocks * f.taps, finished = Tile::finished(steps);
  const char* const weights = z.weights + panel * panel_bytes(f);
  Ask ask = slot_ask(z, unit, panel, steps * images * ceil_div(pixels, Tile::kPixels));
  const Finish finish(z.call, panel * kSlotPanel, at_most(kSlotPanel, f.k - panel * kSlotPanel));
  Pending<Finish> pending{f, finish};
  char* to = sums;
  for (int64_t image = 0; image < images; ++image) {
    const int64_t y = ((first_image + image) * f.p + p0) * f.q;
    const char* in = packed + image * f.image_slots * kSlotBytes;
    for (int64_t pixel = 0; pixel < pixels; pixel += Tile::kPixels, in += Tile::kPixels * kSlotBytes) {
      const int64_t count = at_most(Tile::kPixels, pixels - pixel);
      Tile::run(sweep, in, count, weights, ask, to, [&] { pending.next(finished); });
      pending.begin(to, y, pixel, count);
      to = to == sums ? sums + kSumsBytes : sums;
    }
  }
  pending.next(Tile::kPixels);
}

template <class Tile, class Finish>
static void slot_piece(const void* context, int64_t piece, void* scratch) {
  const SlotContext& z = *static_cast<const SlotContext*>(context);
  const SlotShape& f = z.shape;
  const int64_t unit = piece / f.panel_pieces, first = piece % f.panel_pieces * f.panels_per_piece;
  char* const sums = static_cast<char*>(scratch);
  char* packed = sums + 2 * kSumsBytes;
  if (z.packed) {
    packed = z.packed + unit * slot_packed_bytes(f);
  } else {
    pack_unit(f, z.in, unit, z.outside, packed);
  }
  SlotSweep sweep;
  sweep.blocks = f.blocks, sweep.taps = f.taps, sweep.block_bytes = f.block_slots * kSlotBytes;
  slot_tap_offsets(f, sweep.offset);
  [[maybe_unused]] const typename Tile::Session session;
  for (int64_t panel = first; panel < at_most(first + f.panels_per_piece, f.panels); ++panel) slot_panel<Tile, Finish>(z, sweep, packed, unit, panel, sums);
}

// workspace: slot_workspace_bytes, or null: each piece packs its own input.
template <class Tile, class Finish>
static void slot_run(const Exec& exec, SlotContext z, void* workspace) {
  const int64_t units = slot_units(z.shape);
  z.packed = workspace && slot_packs_first(z.shape) ? aligned(workspace) : nullptr;
  if (z.packed) exec.parallel(exec, units, slot_pack_piece, &z);
  exec.parallel(exec, units * z.shape.panel_pieces, slot_piece<Tile, Finish>, &z);
}

}  // namespace
