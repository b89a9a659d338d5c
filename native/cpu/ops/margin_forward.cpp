// For each row, over the classes j of [first, first + count) other than y: the largest z_j = S t(c_j) and its class, the sum of exp(z_j - largest) or of the
// terms of a loss that is a sum (margin_others.h), the sum of c_j. c is stored when `cosines` is given.
//   x (N,D), w (classes,K,D), labels (N), target (AG_TARGET_ROWS, N), cosines (N,count), partial (AG_PARTIAL_ROWS, N), best (N).
//   workspace: MarginPartial (blocks, N).
// A piece is a block of classes and kTile rows; it goes through the block in tiles, keeping a running maximum and rescaling the sum when the
// maximum grows (Milakov and Gimelshein 2018). Blocks are merged in their order. Bound by arithmetic: 2 D operations per row and class.
#include "exp.h"
#include "margin.h"

namespace angulus::cpu {

namespace {

constexpr float kNone = -INFINITY;

// Takes `width` values c of the classes from first_class on; the class `label` is left out.
template <class Space>
void take(const float* c, int64_t width, float scale, const OtherRow& row, int64_t first_class, int64_t label, MarginPartial* partial) {
  float z[kTile];
  float cosine[kTile];
  int64_t others = 0;
  for (int64_t j = 0; j < width; ++j) {
    if (first_class + j == label) continue;
    cosine[others] = c[j];
    z[others++] = Space::bent ? scale * other_logit(row, c[j]).t + row.offset : scale * c[j];
  }
  if (others == 0) return;
  const auto class_of = [&](int64_t index) { return first_class + index + (label >= first_class && label <= first_class + index ? 1 : 0); };
  float largest = partial->largest;
  for (int64_t j = 0; j < others; ++j) {
    if (z[j] > largest) {
      largest = z[j];
      partial->best = static_cast<int32_t>(class_of(j));
    }
  }
  const bool sums = Space::bent && is_sum(row.kind);
  if (largest > partial->largest) {
    if (!sums) partial->sum *= static_cast<double>(exp_f32(partial->largest - largest));
    partial->largest = largest;
  }
  float power[kTile];
  for (int64_t j = 0; j < others; ++j) power[j] = sums ? other_term(row, z[j]) : exp_f32(z[j] - largest);
  for (int64_t j = 0; j < others; ++j) {
    partial->sum += static_cast<double>(power[j]);
    partial->cosines += static_cast<double>(cosine[j]);
    if (sums) partial->pulls += static_cast<double>(other_pull(row, z[j]));
  }
}

void run(const Exec& exec, const void* arguments) {
  const auto& call = as<MarginForwardCall>(arguments);
  const Head& head = call.head;
  const int64_t n = head.n;
  check_labels(exec, head, AG_OP_MARGIN_FORWARD);
  const MarginBlocks blocks = margin_blocks(call.count);
  auto* const partials = static_cast<MarginPartial*>(call.workspace);
  const int64_t row_tiles = ceil_div(n, kTile);
  with_space(head, [&](auto space) {
    using Space = decltype(space);
    for_pieces(exec, blocks.count * row_tiles, [&](int64_t piece, void*) {
      const int64_t block = piece / row_tiles;
      const int64_t row = piece % row_tiles * kTile;
      const int64_t row_end = std::min<int64_t>(row + kTile, n);
      const int64_t end = std::min<int64_t>((block + 1) * blocks.classes, call.count);
      for (int64_t i = row; i < row_end; ++i) partials[block * n + i] = MarginPartial{0, 0, 0, kNone, -1};
      CosineTile tile;
      for (int64_t first = block * blocks.classes; first < end; first += kTile) {
        const int64_t last = std::min(first + kTile, end);
        tile.compute<Space>(head, row, row_end, call.first + first, call.first + last);
        for (int64_t i = row; i < row_end; ++i) {
          const float* const c = tile.c[i - row];
          if (call.cosines != nullptr) std::copy(c, c + (last - first), call.cosines + i * call.count + first);
          const float scale = call.target[AG_TARGET_SCALE * n + i];
          const OtherRow others = other_row(head, call.target[AG_TARGET_PHI * n + i], scale);
          take<Space>(c, last - first, scale, others, call.first + first, head.labels[i], &partials[block * n + i]);
        }
      }
    });
  });
  finish_margin_forward(exec, call);
}

}  // namespace

extern const Kernel margin_forward_f32_plain = {"margin_forward_f32_plain", Isa::baseline, head_is_f32<MarginForwardCall>, run};

}  // namespace angulus::cpu
