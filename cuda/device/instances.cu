// Calls every function of device/ that has PTX, so that every build assembles it. Never run.
#include "barrier.cuh"
#include "mma.cuh"
#include "tma.cuh"
#include "wgmma.cuh"

namespace angulus::cuda {

__global__ void ampere(const float* x, float* y) {
  AG_DYNAMIC_SHARED(unsigned char, shared);
  unsigned char* const row = shared + 16 * threadIdx.x;
  copy_async<16>(row, x + 4 * threadIdx.x, static_cast<int>(threadIdx.x));
  copy_async<8>(row, x + 4 * threadIdx.x);
  copy_async<4>(row, x + 4 * threadIdx.x);
  copy_async_commit();
  copy_async_wait<1>();
  copy_async_wait<0>();
  __syncthreads();
  float d[4] = {};
  uint32_t a[4], b[2];
  ldmatrix_x4(a, row);
  ldmatrix_x2(b, row);
  mma_m16n8k16_bf16(d, a, b);
  ldmatrix_x4_trans(a, row);
  ldmatrix_x2_trans(b, row);
  mma_m16n8k16_bf16(d, a, b);
  y[threadIdx.x] = d[0] + d[1] + d[2] + d[3];
}

template <int kColumns, Major kMajorA, Major kMajorB>
__device__ void multiply(float* y, const unsigned char* shared) {
  float d[kColumns / 2];
  wgmma_fence(d);
  wgmma<kColumns, kMajorA, kMajorB>(d, matrix_descriptor(shared, 0, 1024), advance(matrix_descriptor(shared, 0, 1024), 32), false);
  wgmma_commit();
  wgmma_wait<0>(d);
  for (int i = 0; i < kColumns / 2; ++i) {
    y[threadIdx.x * kColumns / 2 + i] = d[i];
  }
}

__global__ void __launch_bounds__(256)
    hopper(const __grid_constant__ TensorMap tiled, const __grid_constant__ TensorMap windows, float* y) {
  AG_DYNAMIC_SHARED(unsigned char, shared);
  __shared__ uint64_t full[2];
  if (threadIdx.x == 0) {
    mbarrier_init(&full[0], 1);
    mbarrier_init(&full[1], 256);
    fence_mbarrier_init();
  }
  __syncthreads();
  if (threadIdx.x < 128) {
    release_registers<40>();
    if (threadIdx.x == 0) {
      mbarrier_arrive_expect(&full[0], 5 * 128);
      tma_load_2d(shared, tiled, &full[0], 0, 1);
      tma_load_3d(shared, tiled, &full[0], 0, 1, 2);
      tma_load_4d(shared, tiled, &full[0], 0, 1, 2, 3);
      tma_load_5d(shared, tiled, &full[0], 0, 1, 2, 3, 4);
      tma_load_im2col(shared, windows, &full[0], 0, 1, 2, 3, 1, 2);
    }
    mbarrier_arrive_after_copies(&full[1]);
    mbarrier_arrive(&full[1]);
    barrier_arrive(1, 256);
    return;
  }
  claim_registers<232>();
  mbarrier_wait(&full[0], 0);
  fence_async_proxy();
  barrier_sync(1, 256);
  multiply<64, Major::k, Major::k>(y, shared);
  multiply<128, Major::mn, Major::k>(y, shared);
  multiply<256, Major::k, Major::mn>(y, shared);
}

}  // namespace angulus::cuda
