// Marks functions that the CPU, CUDA and the SIMT shim share.
#pragma once

#ifdef __CUDACC__
#define AG_SHARED __host__ __device__ __forceinline__
#else
#define AG_SHARED inline
#endif
