// What a kernel file sees in place of the CUDA toolkit's headers when a host compiler compiles it: CUDA's words as plain C++. Every CUDA
// thread of a block is a fiber; blocks run one after another; a thread runs until it meets a barrier or a warp collective. README.md says
// what this shows and what it cannot.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <type_traits>

#include "../backend/error.h"

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)
#define __grid_constant__
// One block runs at a time, so its static shared memory is one variable. The section lets the shim fill all of it with NaN before each
// block; GCC places a template's variables elsewhere, so template kernels use AG_DYNAMIC_SHARED.
#define __shared__ static __attribute__((section("simt_shared")))

struct uint3 {
  unsigned x, y, z;
};
struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};
struct alignas(16) float4 {
  float x, y, z, w;
};
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }

namespace simt {

using Error = ::angulus::cuda::Error;

// Where a thread called a collective.
struct Site {
  const char* file;
  int line;
};

enum class Collective : uint8_t { none, shuffle, shuffle_up, shuffle_down, shuffle_xor, ballot, sync_warp, together };

constexpr unsigned char kPoison = 0xff;  // what memory holds that nobody wrote: four of them are a NaN, and so are two as bf16

// The thread that runs now. Read through threadIdx and its kin only.
struct Builtins {
  uint3 thread, block;
  dim3 block_extent, grid_extent;
};
extern Builtins builtins;

void* dynamic_shared();
void block_barrier(Site site);
// Parks until every lane of `mask` has come; the result of a shuffle, or the ballot.
uint64_t warp_collective(Collective kind, unsigned mask, uint64_t value, int argument, int width, Site site);

// Counts a thread in at a barrier of a part of the block, and parks it if it waits.
void named_barrier(int id, int threads, bool waits, Site site);
// What threads wrote to shared memory is seen by wgmma from here on.
void fence_async_proxy();
int current_lane();
// Parks until all 32 lanes have come with the same body, which then runs once, over the lanes' arguments: their stacks are readable.
void warp_together(void* argument, void (*body)(void* const* lanes), Site site);
// Ends the launch with these words, said of the thread that runs and of the place it stands at. Throws, so that what the fiber holds goes.
[[noreturn]] __attribute__((format(printf, 2, 3))) void fail(Site site, const char* format, ...);
// The 32-bit address of `pointer`, of which `bytes` must lie in the block's shared memory, at a multiple of `alignment`.
uint32_t shared_address(const void* pointer, int64_t bytes, int64_t alignment, Site site);

// Runs, or records while the stream is recording. Launch limits are a card's: 1024 threads, 227 KiB of shared memory (Hopper's), y and
// z of the grid 65535.
void launch(Error& error, void* stream, const char* kernel, dim3 grid, dim3 block, int64_t shared_bytes, std::function<void()> thread);

// The order of threads and blocks is a function of this number and the count of launches.
void set_seed(uint64_t seed);

template <class T>
uint64_t to_bits(T value) {
  static_assert(sizeof(T) <= 8 && std::is_trivially_copyable<T>::value, "a shuffle carries up to 8 bytes");
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  return bits;
}

template <class T>
T from_bits(uint64_t bits) {
  T value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

}  // namespace simt

#define threadIdx (::simt::builtins.thread)
#define blockIdx  (::simt::builtins.block)
#define blockDim  (::simt::builtins.block_extent)
#define gridDim   (::simt::builtins.grid_extent)

// The defaults stand for the caller's place.
#define SIMT_SITE_PARAMETERS const char *file = __builtin_FILE(), int line = __builtin_LINE()
#define SIMT_SITE \
  ::simt::Site { file, line }

inline void __syncthreads(SIMT_SITE_PARAMETERS) { ::simt::block_barrier(SIMT_SITE); }
inline void __syncwarp(unsigned mask = 0xffffffffu, SIMT_SITE_PARAMETERS) {
  ::simt::warp_collective(::simt::Collective::sync_warp, mask, 0, 0, 32, SIMT_SITE);
}
template <class T>
T __shfl_sync(unsigned mask, T value, int lane, int width = 32, SIMT_SITE_PARAMETERS) {
  return ::simt::from_bits<T>(::simt::warp_collective(::simt::Collective::shuffle, mask, ::simt::to_bits(value), lane, width, SIMT_SITE));
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32, SIMT_SITE_PARAMETERS) {
  return ::simt::from_bits<T>(
      ::simt::warp_collective(::simt::Collective::shuffle_up, mask, ::simt::to_bits(value), static_cast<int>(delta), width, SIMT_SITE));
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32, SIMT_SITE_PARAMETERS) {
  return ::simt::from_bits<T>(
      ::simt::warp_collective(::simt::Collective::shuffle_down, mask, ::simt::to_bits(value), static_cast<int>(delta), width, SIMT_SITE));
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = 32, SIMT_SITE_PARAMETERS) {
  return ::simt::from_bits<T>(
      ::simt::warp_collective(::simt::Collective::shuffle_xor, mask, ::simt::to_bits(value), lanes, width, SIMT_SITE));
}
inline unsigned __ballot_sync(unsigned mask, int predicate, SIMT_SITE_PARAMETERS) {
  return static_cast<unsigned>(::simt::warp_collective(::simt::Collective::ballot, mask, predicate != 0, 0, 32, SIMT_SITE));
}

// A thread keeps the processor until it parks, so a plain read and write is atomic here.
inline int atomicCAS(int* address, int expected, int desired) {
  const int old = *address;
  if (old == expected) {
    *address = desired;
  }
  return old;
}
inline void __threadfence() {}

// CUDA's overloads of the standard names for device code.
using std::max;
using std::min;
inline float rsqrtf(float x) { return 1.0f / std::sqrt(x); }
