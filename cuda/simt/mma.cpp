#include "mma.h"

namespace simt {
namespace {

constexpr int kLanes = 32;

struct MmaLane {
  float* d;
  const uint32_t* a;
  const uint32_t* b;
};

struct LoadLane {
  uint32_t* r;
  unsigned char row[16];
};

// k ascending, each product added in f32.
void multiply(void* const* lanes) {
  float a[16][16], b[16][8];
  for (int lane = 0; lane < kLanes; ++lane) {
    const MmaLane& from = *static_cast<MmaLane*>(lanes[lane]);
    const int g = lane / 4, t = lane % 4;
    for (int half = 0; half < 2; ++half) {
      const int k = 2 * t + half;
      const auto value = [&](uint32_t pair) { return from_bf16(pair >> 16 * half & 0xffff); };
      a[g][k] = value(from.a[0]);
      a[g + 8][k] = value(from.a[1]);
      a[g][k + 8] = value(from.a[2]);
      a[g + 8][k + 8] = value(from.a[3]);
      b[k][g] = value(from.b[0]);
      b[k + 8][g] = value(from.b[1]);
    }
  }
  for (int lane = 0; lane < kLanes; ++lane) {
    float* const d = static_cast<MmaLane*>(lanes[lane])->d;
    for (int i = 0; i < 4; ++i) {
      const int row = lane / 4 + i / 2 * 8, column = lane % 4 * 2 + i % 2;
      for (int k = 0; k < 16; ++k) {
        d[i] += a[row][k] * b[k][column];
      }
    }
  }
}

template <int matrices, bool transposed>
void load(void* const* lanes) {
  uint16_t elements[matrices][8][8];
  for (int i = 0; i < 8 * matrices; ++i) {
    std::memcpy(elements[i / 8][i % 8], static_cast<LoadLane*>(lanes[i])->row, 16);
  }
  for (int lane = 0; lane < kLanes; ++lane) {
    const int g = lane / 4, k = lane % 4 * 2;
    for (int m = 0; m < matrices; ++m) {
      const uint32_t low = transposed ? elements[m][k][g] : elements[m][g][k];
      const uint32_t high = transposed ? elements[m][k + 1][g] : elements[m][g][k + 1];
      static_cast<LoadLane*>(lanes[lane])->r[m] = low | high << 16;
    }
  }
}

}  // namespace

void mma_m16n8k16_bf16(float* d, const uint32_t* a, const uint32_t* b, Site site) {
  MmaLane lane = {d, a, b};
  warp_together(&lane, multiply, site);
}

void ldmatrix(uint32_t* r, int matrices, bool transposed, const void* row, Site site) {
  LoadLane lane = {r, {}};
  if (current_lane() < 8 * matrices) {
    shared_address(row, 16, 16, site);
    std::memcpy(lane.row, row, sizeof lane.row);  // when the lane comes, not when all have come: a load is no barrier
  }
  warp_together(&lane, matrices == 4 ? transposed ? load<4, true> : load<4, false> : transposed ? load<2, true> : load<2, false>, site);
}

}  // namespace simt
