// What a CPU kernel is and what it is given. ISA files include this and calls.h, and nothing of the C++ library that has code.
#pragma once

#include "../src/calls.h"

namespace angulus::cpu {

// baseline: the plain kernels, x86-64; sse2: vectors too, x86-64; avx2: x86-64-v3; avx512: x86-64-v4.
enum class Isa : int32_t { baseline = 0, sse2 = 1, avx2 = 2, avx512 = 3 };

// Scratch of a worker, 64-byte aligned, not kept between pieces. Nothing in it may reach a result by way of another piece.
constexpr int64_t kScratchBytes = int64_t{4} << 20;
constexpr int kLineFloats = 16;  // f32 of a cache line

// The device as a kernel sees it. Work is cut into pieces by shape alone; a thread takes whole pieces; partial sums go to a workspace and are
// added in piece order: that is why the number of threads changes no bit.
struct Exec {
  using Body = void (*)(const void* context, int64_t piece, void* scratch);
  // Runs body for piece 0 .. pieces - 1 on the pool and returns when all are done. Not nested.
  void (*parallel)(const Exec& exec, int64_t pieces, Body body, const void* context);
  void* device;  // of the backend: kernels leave it alone
  // First fault stays: {code, op, index, step}.
  void (*fault)(const Exec& exec, int32_t code, int32_t op, int64_t index, int64_t step);
};

// A candidate for an op other than a convolution. `call` is the op's struct of calls.h.
struct Kernel {
  const char* name;  // <op>_<type>_<idea>[_<tile>]
  Isa isa;           // needs at least this
  bool (*accepts)(const void* call);
  void (*run)(const Exec& exec, const void* call);
};

// A candidate for a convolution in one direction. prepared_form 0: reads w as it is.
struct Conv2dKernel {
  const char* name;
  Isa isa;
  int32_t fused;          // AG_EPILOGUE_* that it does itself
  int32_t prepared_form;  // distinct for each form, never reused
  bool (*accepts)(const ag_conv2d_plan& plan);
  int64_t (*prepared_bytes)(const ag_conv2d_plan& plan);
  int64_t (*workspace_bytes)(const ag_conv2d_plan& plan);
  void (*prepare)(const Exec& exec, const Conv2dPrepareCall& call);  // null when prepared_form is 0
  void (*run)(const Exec& exec, const Conv2dCall& call);
};

}  // namespace angulus::cpu
