// wgmma, TMA, mbarrier and named barriers: right kernels, warp-specialised ones among them, and the same with one mistake.
#include "../device/barrier.cuh"
#include "../device/tma.cuh"
#include "../device/wgmma.cuh"
#include "selftest.h"

namespace selftest {
namespace {

using namespace angulus::cuda;

uint16_t bf16(int value) {  // exact for small numbers
  const float wide = static_cast<float>(value);
  uint32_t bits;
  std::memcpy(&bits, &wide, sizeof bits);
  return static_cast<uint16_t>(bits >> 16);
}

int left(int row, int k) { return (7 * row + 3 * k) % 11 - 5; }
int right(int k, int column) { return (5 * k + 2 * column) % 13 - 6; }

float expected_product(int row, int column, int depth) {
  int sum = 0;
  for (int k = 0; k < depth; ++k) {
    sum += left(row, k) * right(k, column);
  }
  return static_cast<float>(sum);
}

// Stores a thread's accumulators of the warpgroup's 64 rows from `row` on.
template <int kColumns>
void store(float* y, int row, const float (&d)[kColumns / 2]) {
  const int t = static_cast<int>(threadIdx.x) % 128;
  for (int i = 0; i < kColumns / 2; ++i) {
    const int r = t / 32 * 16 + t % 32 / 4 + i / 2 % 2 * 8;
    y[(row + r) * kColumns + i / 4 * 8 + t % 4 * 2 + i % 2] = d[i];
  }
}

int wrong_products(const std::vector<float>& y, int columns, int depth) {
  int wrong = 0;
  for (size_t i = 0; i < y.size(); ++i) {
    const int row = static_cast<int>(i) / columns, column = static_cast<int>(i) % columns;
    wrong += y[i] == expected_product(row, column, depth) ? 0 : 1;
  }
  return wrong;
}

enum class Fault { none, stride, no_wait, no_proxy_fence, no_register_fence, operand_written, accumulator_written, one_warp_less };

constexpr int kDepth = 64;

// An operand of 64 k in one of the layouts of wgmma.cuh, dense.
struct Layout {
  int lines;
  Major major;
  Swizzle swizzle;

  int span() const { return 16 << static_cast<int>(swizzle); }
  int leading() const { return major == Major::mn && swizzle == Swizzle::none ? 128 : (major == Major::mn ? kDepth : lines) * span(); }
  int stride() const { return major == Major::mn && swizzle == Swizzle::none ? kDepth * 16 : 8 * span(); }
  int64_t at(int line, int k) const {
    const int along = major == Major::k ? k : line, across = major == Major::k ? line : k, per = span() / 2;
    const int64_t address = int64_t{along / per} * (major == Major::k ? lines : kDepth) * span() + across * span() + along % per * 2;
    return simt::swizzled(address, swizzle == Swizzle::none ? 0 : span());
  }
  int next(int step) const {  // bytes to k = 16 step
    return major == Major::mn ? step * 16 * span() : 16 * step / (span() / 2) * lines * span() + 16 * step % (span() / 2) * 2;
  }
};

// The threads write it themselves; `to` is a multiple of 1024.
void fill_operand(unsigned char* to, const Layout& layout, int (*element)(int line, int k)) {
  for (int i = static_cast<int>(threadIdx.x); i < layout.lines * kDepth; i += 128) {
    const int line = i / kDepth, k = i % kDepth;
    const uint16_t value = bf16(element(line, k));
    std::memcpy(to + layout.at(line, k), &value, 2);
  }
}

template <int kColumns, Major kMajorA, Major kMajorB, Swizzle kSwizzle>
void product(float* y, Fault fault) {
  constexpr Layout kA = {64, kMajorA, kSwizzle}, kB = {kColumns, kMajorB, kSwizzle};
  unsigned char* const a = static_cast<unsigned char*>(simt::dynamic_shared());
  unsigned char* const b = a + 64 * kDepth * 2;
  fill_operand(a, kA, left);
  fill_operand(b, kB, [](int line, int k) { return right(k, line); });
  if (fault != Fault::no_proxy_fence) {
    fence_async_proxy();
  }
  __syncthreads();
  float d[kColumns / 2] = {};
  const uint64_t from_a = matrix_descriptor(a, kA.leading(), fault == Fault::stride ? kA.stride() / 2 : kA.stride(), kSwizzle);
  const uint64_t from_b = matrix_descriptor(b, kB.leading(), kB.stride(), kSwizzle);
  if (fault != Fault::no_register_fence) {
    wgmma_fence(d);
  }
  if (fault != Fault::one_warp_less || threadIdx.x < 96) {
    for (int step = 0; step < kDepth / 16; ++step) {
      wgmma<kColumns, kMajorA, kMajorB>(d, advance(from_a, kA.next(step)), advance(from_b, kB.next(step)), step > 0);
    }
  }
  wgmma_commit();
  if (fault == Fault::operand_written) {
    a[threadIdx.x] = 0;
  } else if (fault == Fault::accumulator_written) {
    d[3] = 1.0f;
  }
  if (fault != Fault::no_wait) {
    wgmma_wait<0>(d);
  }
  store<kColumns>(y, 0, d);
}

// Wrong results; -1: the launch failed, with words in error.
template <int kColumns, Major kMajorA, Major kMajorB, Swizzle kSwizzle = Swizzle::bytes_128>
int wrong_of_product(Fault fault, Error& error) {
  std::vector<float> y(64 * kColumns);
  float* const to = y.data();
  error = run(1, 128, (64 + kColumns) * kDepth * 2, [=] { product<kColumns, kMajorA, kMajorB, kSwizzle>(to, fault); });
  return error.status == AG_OK ? wrong_products(y, kColumns, kDepth) : -1;
}

void products() {
  Error error;
  const auto right_at = [&](const char* name, int wrong) { check(name, wrong == 0, std::to_string(wrong) + " wrong, " + error.words); };
  right_at("wgmma m64n64k16, k-major", wrong_of_product<64, Major::k, Major::k>(Fault::none, error));
  right_at("wgmma m64n128k16, k-major", wrong_of_product<128, Major::k, Major::k>(Fault::none, error));
  right_at("wgmma m64n256k16, k-major", wrong_of_product<256, Major::k, Major::k>(Fault::none, error));
  right_at("wgmma m64n128k16, mn-major", wrong_of_product<128, Major::mn, Major::mn>(Fault::none, error));
  right_at("wgmma m64n64k16, k- and mn-major", wrong_of_product<64, Major::k, Major::mn>(Fault::none, error));
  right_at("wgmma with 64-byte swizzle, k-major", wrong_of_product<64, Major::k, Major::k, Swizzle::bytes_64>(Fault::none, error));
  right_at("wgmma with 32-byte swizzle, k- and mn-major", wrong_of_product<64, Major::k, Major::mn, Swizzle::bytes_32>(Fault::none, error));
  right_at("wgmma without swizzle, k-major", wrong_of_product<64, Major::k, Major::k, Swizzle::none>(Fault::none, error));
  right_at("wgmma without swizzle, mn-major", wrong_of_product<64, Major::mn, Major::mn, Swizzle::none>(Fault::none, error));

  const int strides = wrong_of_product<128, Major::k, Major::k>(Fault::stride, error);
  check("a wrong wgmma descriptor shows", strides != 0, "all right");
  const struct {
    Fault fault;
    const char *name, *words;
  } cases[] = {{Fault::no_wait, "a missing wgmma wait is reported", "no wgmma.wait_group covers it"},
               {Fault::no_proxy_fence, "a missing fence.proxy.async is reported", "fence.proxy.async"},
               {Fault::no_register_fence, "a missing wgmma.fence is reported", "wgmma.fence"},
               {Fault::operand_written, "an operand written before the wait is reported", "shared memory that this wgmma reads was written"},
               {Fault::accumulator_written, "an accumulator written before the wait is reported", "accumulators of this wgmma were written"},
               {Fault::one_warp_less, "a warp that leaves out a wgmma is reported", "different wgmma"}};
  for (const auto& each : cases) {
    wrong_of_product<128, Major::k, Major::k>(each.fault, error);
    check(each.name, says(error, {each.words}), error.words);
  }
  const Error outside = run(1, 128, 1024, [] {
    float d[32] = {};
    wgmma_fence(d);
    const uint64_t descriptor = matrix_descriptor(simt::dynamic_shared(), 0, 1024);
    wgmma<64>(d, descriptor, descriptor, false);
  });
  check("a descriptor that leads outside is reported", says(outside, {"selftest_hopper.cpp", "leads to address"}), outside.words);
  const Error half = run(1, 64, 16384, [] {
    float d[32] = {};
    wgmma_fence(d);
    const uint64_t descriptor = matrix_descriptor(simt::dynamic_shared(), 0, 1024);
    wgmma<64>(d, descriptor, descriptor, false);
  });
  check("wgmma by two warps is reported", says(half, {"wants four warps"}), half.words);
}

enum class PipelineFault { none, no_full_wait, no_empty_wait, wrong_bytes, wrong_parity, no_arrival, no_tail_barrier };

constexpr int kStages = 2;
constexpr int kRows = 128, kColumns = 64, kSteps = 5;
constexpr int kLeftBytes = kRows * 64 * 2, kRightBytes = kColumns * 64 * 2, kStageBytes = kLeftBytes + kRightBytes;
constexpr int kPipelineBytes = kStages * kStageBytes + 1024;
constexpr int kPipelineThreads = 3 * 128;

// y (128 x 64) = a (128 x 320) b^T (64 x 320). Warpgroup 0: one thread loads; warpgroups 1 and 2: 64 rows each, then a sum over the columns
// through shared memory, for which they meet at a barrier of their own.
void pipeline(const TensorMap& a, const TensorMap& b, float* y, float* sums, PipelineFault fault) {
  unsigned char* const stages = static_cast<unsigned char*>(simt::dynamic_shared());
  uint64_t* const full = reinterpret_cast<uint64_t*>(stages + kStages * kStageBytes);
  uint64_t* const empty = full + kStages;
  float* const shared_sums = reinterpret_cast<float*>(empty + kStages);  // 128
  const int t = static_cast<int>(threadIdx.x);
  if (t == 0) {
    for (int s = 0; s < kStages; ++s) {
      mbarrier_init(&full[s], 1);
      mbarrier_init(&empty[s], 2);
    }
    fence_mbarrier_init();
  }
  __syncthreads();
  if (t < 128) {
    release_registers<40>();
    if (t == 0) {
      for (int step = 0; step < kSteps; ++step) {
        const int s = step % kStages, round = step / kStages;
        if (fault != PipelineFault::no_empty_wait) {
          mbarrier_wait(&empty[s], (round + 1) % 2);
        }
        mbarrier_arrive_expect(&full[s], fault == PipelineFault::wrong_bytes ? kStageBytes + 16 : kStageBytes);
        tma_load_2d(stages + s * kStageBytes, a, &full[s], 64 * step, 0);
        tma_load_2d(stages + s * kStageBytes + kLeftBytes, b, &full[s], 64 * step, 0);
      }
    }
    return;
  }
  claim_registers<232>();
  const int group = t / 128 - 1;
  float d[kColumns / 2];
  for (int step = 0; step < kSteps; ++step) {
    const int s = step % kStages, round = step / kStages;
    if (fault != PipelineFault::no_full_wait) {
      mbarrier_wait(&full[s], fault == PipelineFault::wrong_parity ? (round + 1) % 2 : round % 2);
    }
    const uint64_t from_a = matrix_descriptor(stages + s * kStageBytes + group * 64 * 128, 0, 1024);
    const uint64_t from_b = matrix_descriptor(stages + s * kStageBytes + kLeftBytes, 0, 1024);
    wgmma_fence(d);
    for (int k = 0; k < 4; ++k) {
      wgmma<kColumns>(d, advance(from_a, 32 * k), advance(from_b, 32 * k), step + k > 0);
    }
    wgmma_commit();
    wgmma_wait<0>(d);
    if (fault != PipelineFault::no_empty_wait) {
      barrier_sync(2 + group, 128);  // all four warps have read the stage
    }
    if (t % 128 == 0 && fault != PipelineFault::no_arrival) {
      mbarrier_arrive(&empty[s]);
    }
  }
  store<kColumns>(y, 64 * group, d);
  for (int row = 0; row < 2; ++row) {
    float sum = 0.0f;
    for (int j = 0; j < kColumns / 8; ++j) {
      sum += d[4 * j + 2 * row] + d[4 * j + 2 * row + 1];
    }
    sum += __shfl_xor_sync(0xffffffffu, sum, 1);
    sum += __shfl_xor_sync(0xffffffffu, sum, 2);
    if (t % 4 == 0) {
      shared_sums[64 * group + t % 128 / 32 * 16 + t % 32 / 4 + 8 * row] = sum;
    }
  }
  if (fault != PipelineFault::no_tail_barrier) {
    barrier_sync(1, 256);
  }
  if (t >= 256) {
    sums[t - 256] = shared_sums[t - 256];
  }
}

int wrong_of_pipeline(PipelineFault fault, Error& error) {
  std::vector<uint16_t> a(kRows * 64 * kSteps + 8), b(kColumns * 64 * kSteps + 8);
  uint16_t* const from_a = reinterpret_cast<uint16_t*>((reinterpret_cast<uintptr_t>(a.data()) + 15) / 16 * 16);
  uint16_t* const from_b = reinterpret_cast<uint16_t*>((reinterpret_cast<uintptr_t>(b.data()) + 15) / 16 * 16);
  const int depth = 64 * kSteps;
  for (int i = 0; i < kRows * depth; ++i) {
    from_a[i] = bf16(left(i / depth, i % depth));
  }
  for (int i = 0; i < kColumns * depth; ++i) {
    from_b[i] = bf16(right(i % depth, i / depth));
  }
  TensorMap map_a, map_b;
  error.clear();
  encode_tiled(error, &map_a, {from_a, AG_BF16, 2, {depth, kRows}, {0, depth * 2}}, {{64, kRows}, Swizzle::bytes_128});
  encode_tiled(error, &map_b, {from_b, AG_BF16, 2, {depth, kColumns}, {0, depth * 2}}, {{64, kColumns}, Swizzle::bytes_128});
  if (error.status != AG_OK) {
    return -1;
  }
  std::vector<float> y(kRows * kColumns), sums(kRows);
  float* const to = y.data();
  float* const to_sums = sums.data();
  error = run(1, kPipelineThreads, kPipelineBytes, [=] { pipeline(map_a, map_b, to, to_sums, fault); });
  if (error.status != AG_OK) {
    return -1;
  }
  int wrong = wrong_products(y, kColumns, depth);
  for (int row = 0; row < kRows; ++row) {
    float sum = 0.0f;
    for (int column = 0; column < kColumns; ++column) {
      sum += expected_product(row, column, depth);
    }
    wrong += sums[static_cast<size_t>(row)] == sum ? 0 : 1;
  }
  return wrong;
}

void pipelines() {
  Error error;
  int wrong = 0;
  for (uint64_t seed = 0; seed < 3; ++seed) {
    simt::set_seed(seed);
    wrong += wrong_of_pipeline(PipelineFault::none, error) == 0 ? 0 : 1;
  }
  check("a pipeline of a loading warp and two warpgroups is right", wrong == 0, std::to_string(wrong) + " orders wrong, " + error.words);
  const struct {
    PipelineFault fault;
    const char *name, *words;  // null: wrong numbers or a report
  } cases[] = {{PipelineFault::no_full_wait, "a missing mbarrier wait shows", nullptr},
               {PipelineFault::wrong_parity, "an mbarrier wait for the wrong phase shows", nullptr},
               {PipelineFault::no_empty_wait, "a stage loaded over before it was read shows", nullptr},
               {PipelineFault::no_tail_barrier, "a missing named barrier shows", nullptr},
               {PipelineFault::wrong_bytes, "an mbarrier that expects too many bytes is a deadlock with its lines", "16 bytes"},
               {PipelineFault::no_arrival, "an mbarrier that lacks arrivals is a deadlock with its lines", "lacks 2 of 2 arrivals"}};
  for (const auto& each : cases) {
    wrong = wrong_of_pipeline(each.fault, error);
    check(each.name, each.words == nullptr ? wrong != 0 : says(error, {"deadlock", "selftest_hopper.cpp:", each.words}), error.words);
  }

  const Error counts = run(1, 96, 0, [] { barrier_sync(1, threadIdx.x < 32 ? 64 : 96); });
  check("a named barrier with two counts is reported", says(counts, {"while others called it for"}), counts.words);
  const Error absent = run(1, 64, 0, [] {
    if (threadIdx.x < 32) {
      barrier_sync(3, 64);
    }
  });
  check("a named barrier that lacks threads is a deadlock with its line", says(absent, {"deadlock", "selftest_hopper.cpp:", "32 of 64"}),
        absent.words);
  const Error raw = run(1, 32, 64, [] { mbarrier_wait(static_cast<uint64_t*>(simt::dynamic_shared()), 0); });
  check("an mbarrier that was never initialised is reported", says(raw, {"never initialised"}), raw.words);
}

// cp.async that announces itself at an mbarrier: 32 threads copy, 32 others wait.
void announced_copies() {
  std::vector<float> x(128 + 4), y(128);
  float* const from = reinterpret_cast<float*>((reinterpret_cast<uintptr_t>(x.data()) + 15) / 16 * 16);
  for (int i = 0; i < 128; ++i) {
    from[i] = static_cast<float>(i);
  }
  float* const to = y.data();
  for (const bool waits : {true, false}) {
    const Error error = run(1, 64, 1024, [=] {
      float* const shared = static_cast<float*>(simt::dynamic_shared());
      uint64_t* const full = reinterpret_cast<uint64_t*>(shared + 128);
      const int t = static_cast<int>(threadIdx.x);
      if (t == 0) {
        mbarrier_init(full, 32);
      }
      __syncthreads();
      if (t < 32) {
        copy_async<16>(shared + 4 * t, from + 4 * t);
        mbarrier_arrive_after_copies(full);
        mbarrier_wait(full, 0);
        return;
      }
      if (waits) {
        mbarrier_wait(full, 0);
      }
      for (int i = 0; i < 4; ++i) {
        to[4 * (t - 32) + i] = shared[4 * (63 - t) + i];
      }
    });
    int wrong = error.status == AG_OK ? 0 : 128;
    for (int i = 0; i < 128; ++i) {
      wrong += y[static_cast<size_t>(i)] == static_cast<float>(4 * (31 - i / 4) + i % 4) ? 0 : 1;
    }
    check(waits ? "cp.async announces itself at an mbarrier" : "a missing wait for announced copies shows", (wrong == 0) == waits,
          std::to_string(wrong) + " wrong, " + error.words);
  }
}

// A box of each rank from a place that sticks out on both sides, against loops. Extents and boxes innermost first.
void boxes() {
  for (int rank = 2; rank <= 5; ++rank) {
    const int64_t extents[5] = {24, 5, 4, 3, 2};
    const int32_t box[5] = {16, 3, 3, 2, 2};
    const int from[5] = {rank % 2 == 0 ? 16 : -8, -1, 2, 2, 1};
    std::vector<float> storage(24 * 5 * 4 * 3 * 2 + 4);
    float* const x = reinterpret_cast<float*>((reinterpret_cast<uintptr_t>(storage.data()) + 15) / 16 * 16);
    TensorShape shape = {x, AG_F32, rank, {}, {}};
    TiledBox tile = {{}, Swizzle::none};
    int64_t count = 1, elements = 1;
    for (int i = 0; i < rank; ++i) {
      shape.extents[i] = extents[i];
      shape.strides[i] = count * 4;
      tile.extents[i] = box[i];
      count *= extents[i];
      elements *= box[i];
    }
    for (int64_t i = 0; i < count; ++i) {
      x[i] = static_cast<float>(i + 1);
    }
    TensorMap map;
    Error refused;
    encode_tiled(refused, &map, shape, tile);
    std::vector<float> y(static_cast<size_t>(elements));
    float* const to = y.data();
    const int bytes = static_cast<int>(elements) * 4;
    const Error error = run(1, 32, bytes + 128, [=] {
      float* const shared = static_cast<float*>(simt::dynamic_shared());
      uint64_t* const full = reinterpret_cast<uint64_t*>(reinterpret_cast<char*>(shared) + bytes);
      if (threadIdx.x == 0) {
        mbarrier_init(full, 1);
        mbarrier_arrive_expect(full, bytes);
        const int* const at = from;
        switch (rank) {
          case 2:
            tma_load_2d(shared, map, full, at[0], at[1]);
            break;
          case 3:
            tma_load_3d(shared, map, full, at[0], at[1], at[2]);
            break;
          case 4:
            tma_load_4d(shared, map, full, at[0], at[1], at[2], at[3]);
            break;
          default:
            tma_load_5d(shared, map, full, at[0], at[1], at[2], at[3], at[4]);
        }
      }
      __syncthreads();
      mbarrier_wait(full, 0);
      for (int i = static_cast<int>(threadIdx.x); i < bytes / 4; i += 32) {
        to[i] = shared[i];
      }
    });
    int wrong = error.status == AG_OK && refused.status == AG_OK ? 0 : static_cast<int>(elements);
    for (int64_t i = 0; i < elements; ++i) {
      int64_t rest = i, at = 0, step = 1;
      bool inside = true;
      for (int j = 0; j < rank; ++j) {
        const int64_t coordinate = from[j] + rest % box[j];
        inside = inside && coordinate >= 0 && coordinate < extents[j];
        at += coordinate * step;
        rest /= box[j];
        step *= extents[j];
      }
      wrong += y[static_cast<size_t>(i)] == (inside ? static_cast<float>(at + 1) : 0.0f) ? 0 : 1;
    }
    check(("TMA brings a box of " + std::to_string(rank) + " dimensions, zeros outside").c_str(), wrong == 0,
          std::to_string(wrong) + " wrong, " + refused.words + error.words);
  }
}

// The pixels of every tap of a 3 x 3 filter with pad 1, brought by im2col, against loops.
void windows(int stride) {
  constexpr int kN = 2, kH = 5, kW = 7, kC = 8, kPixels = 24;
  const int p = (kH - 1) / stride + 1, q = (kW - 1) / stride + 1;
  std::vector<float> storage(kN * kH * kW * kC + 4);
  float* const x = reinterpret_cast<float*>((reinterpret_cast<uintptr_t>(storage.data()) + 15) / 16 * 16);
  for (int i = 0; i < kN * kH * kW * kC; ++i) {
    x[i] = static_cast<float>(i + 1);
  }
  TensorMap map;
  Error refused;
  encode_im2col(refused, &map, {x, AG_F32, 4, {kC, kW, kH, kN}, {0, kC * 4, kW * kC * 4, kH * kW * kC * 4}},
                {{-1, -1}, {-1, -1}, kC, kPixels, {stride, stride}, Swizzle::bytes_32});
  const int first = 4;  // output pixel, in the middle of a row
  std::vector<float> y(9 * kPixels * kC);
  float* const to = y.data();
  const Error error = run(1, 32, 9 * kPixels * kC * 4 + 128, [=] {
    unsigned char* const shared = static_cast<unsigned char*>(simt::dynamic_shared());
    uint64_t* const full = reinterpret_cast<uint64_t*>(shared + 9 * kPixels * kC * 4);
    if (threadIdx.x == 0) {
      mbarrier_init(full, 1);
      mbarrier_arrive_expect(full, 9 * kPixels * kC * 4);
      for (int tap = 0; tap < 9; ++tap) {
        tma_load_im2col(shared + tap * kPixels * kC * 4, map, full, 0, first % q * stride - 1, first / q % p * stride - 1, first / q / p, tap % 3,
                        tap / 3);
      }
    }
    __syncthreads();
    mbarrier_wait(full, 0);
    for (int i = static_cast<int>(threadIdx.x); i < 9 * kPixels * kC; i += 32) {
      std::memcpy(&to[i], shared + simt::swizzled(4 * i, 32), 4);
    }
  });
  int wrong = error.status == AG_OK && refused.status == AG_OK ? 0 : 1;
  for (int tap = 0; tap < 9; ++tap) {
    for (int pixel = 0; pixel < kPixels; ++pixel) {
      const int place = first + pixel;
      const int w = place % q * stride - 1 + tap % 3, h = place / q % p * stride - 1 + tap / 3, n = place / q / p;
      const bool inside = w >= 0 && w < kW && h >= 0 && h < kH && n < kN;
      for (int c = 0; c < kC; ++c) {
        const float expected = inside ? x[((n * kH + h) * kW + w) * kC + c] : 0.0f;
        wrong += y[static_cast<size_t>((tap * kPixels + pixel) * kC + c)] == expected ? 0 : 1;
      }
    }
  }
  check(stride == 1 ? "TMA brings windows (im2col), zeros outside" : "TMA brings windows with stride 2", wrong == 0,
        std::to_string(wrong) + " wrong, " + refused.words + error.words);
}

void refusals() {
  alignas(16) static float x[64];
  TensorMap map;
  Error stride, run_bytes;
  encode_tiled(stride, &map, {x, AG_F32, 2, {10, 4}, {0, 40}}, {{4, 4}, Swizzle::none});
  check("a tensor map with a stride off 16 bytes is refused", says(stride, {"multiple of 16", "40"}), stride.words);
  encode_tiled(run_bytes, &map, {x, AG_F32, 2, {8, 4}, {0, 32}}, {{3, 4}, Swizzle::none});
  check("a box off 16 bytes is refused", says(run_bytes, {"12"}), run_bytes.words);
}

}  // namespace

void hopper_checks() {
  products();
  pipelines();
  announced_copies();
  boxes();
  windows(1);
  windows(2);
  refusals();
}

}  // namespace selftest
