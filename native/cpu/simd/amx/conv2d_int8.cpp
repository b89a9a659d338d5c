// The int8 convolution on the matrix unit: tiles of 32 pixels by 32 output channels, for inputs whose channels fill their slots. Exact sums, so the bits are
// those of the other kernels.
#define AG_TILE_PRODUCT _tile_dpbusd

#include "../slots_avx512.h"
#include "../../int8_weights.h"
#include "../../matrix_unit.h"
#include "../amx_tile.h"
#include "../int8_finish.h"
#include "../slot_run.h"

namespace angulus::cpu {

namespace {

static_assert(kInt8Panel == kSlotPanel && kInt8Block * 4 == kSlotBytes, "tiles read the weights in the order of int8_weights.h");

class FinishInt8 {
 public:
  FinishInt8(const void* context, int64_t k, int64_t channels)
      : call_(*static_cast<const Int8Conv2dCall*>(context)),
        k_(k),
        parts_{part(k, int(channels)), part(k + kLanes, int(channels) - kLanes)} {}

  inline __attribute__((always_inline)) void operator()(const char* sums, int64_t at) const {
    const int32_t* const sum = reinterpret_cast<const int32_t*>(sums);
    store_int8(call_, load_integers(sum), parts_[0], at + k_);
    store_int8(call_, load_integers(sum + kLanes), parts_[1], at + k_ + kLanes);
  }

 private:
  Int8Channels part(int64_t k, int count) const { return {call_, int8_sums(call_.shape, call_.prepared), k, count}; }

  const Int8Conv2dCall& call_;
  int64_t k_;
  Int8Channels parts_[2];
};

bool accepts(const void* arguments) {
  const ag_conv2d_shape& shape = static_cast<const Int8Conv2dCall*>(arguments)->shape;
  return shape.c % kSlotBytes == 0 && has_matrix_unit() && slot_fits(shape, 1);
}

void run(const Exec& exec, const void* arguments) {
  const Int8Conv2dCall& call = *static_cast<const Int8Conv2dCall*>(arguments);
  SlotContext z = {};
  z.shape = slot_shape(call.shape, 1);
  z.in = reinterpret_cast<const char*>(call.x);
  z.weights = static_cast<const char*>(call.prepared);
  z.outside = uint8_t(call.x_zero);
  z.call = &call;
  slot_run<AmxTile, FinishInt8>(exec, z, nullptr);
}

}  // namespace

extern const Kernel int8_conv2d_avx512_amx_32x32 = {"int8_conv2d_avx512_amx_32x32", AG_ISA, accepts, run};

}  // namespace angulus::cpu
