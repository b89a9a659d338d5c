// The runtime of a card: the toolkit's runtime, linked statically, so that the plug-in loads on a machine without a driver and says so.
#include <cuda_runtime.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "../device/launch.cuh"
#include "runtime.h"

namespace angulus::cuda {

struct Runtime {
  int ordinal = 0;
  cudaDeviceProp properties = {};
  cudaStream_t streams[2] = {};
};

namespace runtime {
namespace {

constexpr int kOldestMajor = 8;  // compute capability 8.0
constexpr int kDriver = 13000;   // CUDA 13.0, which comes with driver 580

ag_status fail(cudaError_t code, const char* call, Error& error) {
  const ag_status status = code == cudaErrorMemoryAllocation           ? AG_OUT_OF_MEMORY
                           : code == cudaErrorStreamCaptureUnsupported ? AG_INVALID_STATE
                                                                       : AG_INTERNAL;
  (void)cudaGetLastError();  // else the next call would report it again
  return error.set(status, "%s: %s (%s)", call, cudaGetErrorString(code), cudaGetErrorName(code));
}

#define AG_CUDA(call)                   \
  do {                                  \
    const cudaError_t code_ = (call);   \
    if (code_ != cudaSuccess) {         \
      return fail(code_, #call, error); \
    }                                   \
  } while (false)

// The driver's own version, "580.65.06", from "NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.65.06  ..."; its version of CUDA where Linux does not
// tell.
void driver_version(int cuda, char* text, std::size_t bytes) {
  std::snprintf(text, bytes, "for CUDA %d.%d", cuda / 1000, cuda % 1000 / 10);
  std::FILE* const file = std::fopen("/proc/driver/nvidia/version", "r");
  if (file == nullptr) {
    return;
  }
  char word[64];
  int major = 0, minor = 0;
  while (std::fscanf(file, "%63s", word) == 1) {
    if (std::sscanf(word, "%3d.%4d", &major, &minor) == 2) {
      std::snprintf(text, bytes, "%.24s, for CUDA %d.%d", word, cuda / 1000, cuda % 1000 / 10);
      break;
    }
  }
  std::fclose(file);
}

// Why no card can be used, or null. count: cards. words: the cause, or the driver's version.
const char* obstacle(int* count, char* words, std::size_t bytes) {
  *count = 0;
  int driver = 0;
  if (cudaDriverGetVersion(&driver) != cudaSuccess || driver == 0) {
    return "no NVIDIA driver was found (libcuda.so.1); CUDA 13 needs 580 or later";
  }
  char version[64];
  driver_version(driver, version, sizeof version);
  if (driver < kDriver) {
    std::snprintf(words, bytes, "the NVIDIA driver is too old (%s); CUDA 13 needs 580 or later", version);
    return words;
  }
  const cudaError_t code = cudaGetDeviceCount(count);
  if (code != cudaSuccess || *count == 0) {
    (void)cudaGetLastError();
    std::snprintf(words, bytes, "the driver (%s) shows no card: %s", version, code == cudaSuccess ? "it counts none" : cudaGetErrorString(code));
    return words;
  }
  std::snprintf(words, bytes, "driver %s", version);
  return nullptr;
}

// Whether the plug-in has code for the current card is what asking for this kernel tells.
__global__ void probe() {}

// Why this card cannot be used, or null. It is the current one.
const char* unfit(const cudaDeviceProp& card, char* words, std::size_t bytes) {
  if (card.major < kOldestMajor) {
    std::snprintf(words, bytes, "%.80s has compute capability %d.%d; 8.0 or later is needed", card.name, card.major, card.minor);
    return words;
  }
  cudaFuncAttributes attributes;
  if (cudaFuncGetAttributes(&attributes, probe) != cudaSuccess) {
    (void)cudaGetLastError();
    std::snprintf(words, bytes, "libangulus_cuda.so has no code for %.80s (compute capability %d.%d): build it with tools/build-cuda %d%d", card.name,
                  card.major, card.minor, card.major, card.minor);
    return words;
  }
  return nullptr;
}

void use(const Runtime* runtime) { (void)cudaSetDevice(runtime->ordinal); }  // the calling thread may not be the one that opened

}  // namespace

const char* const name = "cuda";

void describe(char* text, int64_t bytes) {
  const std::size_t size = static_cast<std::size_t>(bytes);
  int count = 0;
  char words[256];
  const char* why = obstacle(&count, words, sizeof words);
  if (why != nullptr) {
    std::snprintf(text, size, "not available: %s", why);
    return;
  }
  cudaDeviceProp card;
  if (cudaSetDevice(0) != cudaSuccess || cudaGetDeviceProperties(&card, 0) != cudaSuccess) {
    std::snprintf(text, size, "not available: %s does not describe its card", words);
    return;
  }
  char cause[256];
  if (unfit(card, cause, sizeof cause) != nullptr) {
    std::snprintf(text, size, "not available: %s", cause);
    return;
  }
  std::snprintf(text, size, "ready (%s; %d card%s, the first: %s, compute capability %d.%d, %.1f GiB)", words, count, count == 1 ? "" : "s", card.name,
                card.major, card.minor, static_cast<double>(card.totalGlobalMem) / (1 << 30));
}

Runtime* open(const char* variant, Error& error) {
  int count = 0;
  char words[256];
  const char* why = obstacle(&count, words, sizeof words);
  if (why != nullptr) {
    error.set(AG_UNAVAILABLE, "%s", why);
    return nullptr;
  }
  char* end = nullptr;
  const long ordinal = variant[0] == 0 ? 0 : std::strtol(variant, &end, 10);
  if ((end != nullptr && *end != 0) || ordinal < 0 || ordinal >= count) {
    error.set(AG_UNAVAILABLE, "this machine has %d card%s, %s%d", count, count == 1 ? "" : "s", count == 1 ? "cuda:" : "cuda:0 to cuda:", count - 1);
    return nullptr;
  }
  std::unique_ptr<Runtime> runtime(new Runtime);
  runtime->ordinal = static_cast<int>(ordinal);
  const auto check = [&](cudaError_t code, const char* call) { return code == cudaSuccess || (fail(code, call, error), false); };
  if (!check(cudaSetDevice(runtime->ordinal), "cudaSetDevice") ||
      !check(cudaGetDeviceProperties(&runtime->properties, runtime->ordinal), "cudaGetDeviceProperties")) {
    return nullptr;
  }
  if (unfit(runtime->properties, words, sizeof words) != nullptr) {
    error.set(AG_UNAVAILABLE, "%s", words);
    return nullptr;
  }
  for (cudaStream_t& stream : runtime->streams) {
    if (!check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "cudaStreamCreateWithFlags")) {
      close(runtime.release());
      return nullptr;
    }
  }
  return runtime.release();
}

void close(Runtime* runtime) {
  use(runtime);
  for (cudaStream_t stream : runtime->streams) {
    if (stream != nullptr) {
      (void)cudaStreamSynchronize(stream);
      (void)cudaStreamDestroy(stream);
    }
  }
  delete runtime;
}

void query(Runtime* runtime, ag_device_info* info) {
  use(runtime);
  std::size_t free_bytes = 0, total_bytes = 0;
  (void)cudaMemGetInfo(&free_bytes, &total_bytes);
  std::snprintf(info->name, sizeof info->name, "cuda:%d", runtime->ordinal);
  std::snprintf(info->description, sizeof info->description, "%.180s", runtime->properties.name);
  std::snprintf(info->isa, sizeof info->isa, "sm_%d%d", runtime->properties.major, runtime->properties.minor);
  info->memory_bytes = static_cast<int64_t>(total_bytes);
  info->free_bytes = static_cast<int64_t>(free_bytes);
  info->threads = runtime->properties.multiProcessorCount;
}

int32_t multiprocessors(Runtime* runtime) { return runtime->properties.multiProcessorCount; }
bool is_hopper([[maybe_unused]] Runtime* runtime) {
#ifdef ANGULUS_SM90A
  return runtime->properties.major == 9 && runtime->properties.minor == 0;
#else
  return false;
#endif
}
void* stream(Runtime* runtime, int32_t stream) {
  use(runtime);
  return runtime->streams[stream];
}

ag_status allocate(Runtime* runtime, int64_t bytes, void** address, Error& error) {
  use(runtime);
  const cudaError_t code = cudaMalloc(address, static_cast<std::size_t>(bytes));
  if (code == cudaErrorMemoryAllocation) {
    std::size_t free_bytes = 0, total_bytes = 0;
    (void)cudaGetLastError();
    (void)cudaMemGetInfo(&free_bytes, &total_bytes);
    return error.set(AG_OUT_OF_MEMORY, "cuda:%d: %lld bytes asked, %zu of %zu free", runtime->ordinal, static_cast<long long>(bytes),
                     free_bytes, total_bytes);
  }
  return code == cudaSuccess ? AG_OK : fail(code, "cudaMalloc", error);
}

void release(Runtime* runtime, void* address) {
  use(runtime);
  (void)cudaDeviceSynchronize();
  (void)cudaFree(address);
}

ag_status allocate_host(Runtime* runtime, int64_t bytes, void** pointer, Error& error) {
  use(runtime);
  AG_CUDA(cudaHostAlloc(pointer, static_cast<std::size_t>(bytes), cudaHostAllocPortable));
  return AG_OK;
}

void release_host(Runtime* runtime, void* pointer) {
  use(runtime);
  (void)cudaDeviceSynchronize();
  (void)cudaFreeHost(pointer);
}

ag_status copy_in(Runtime* runtime, int32_t stream, void* destination, const void* source, int64_t bytes, Error& error) {
  use(runtime);
  AG_CUDA(cudaMemcpyAsync(destination, source, static_cast<std::size_t>(bytes), cudaMemcpyHostToDevice, runtime->streams[stream]));
  return AG_OK;
}

ag_status copy_out(Runtime* runtime, void* destination, const void* source, int64_t bytes, Error& error) {
  if (synchronize(runtime, error) != AG_OK) {
    return error.status;
  }
  AG_CUDA(
      cudaMemcpyAsync(destination, source, static_cast<std::size_t>(bytes), cudaMemcpyDeviceToHost, runtime->streams[AG_STREAM_COMPUTE]));
  AG_CUDA(cudaStreamSynchronize(runtime->streams[AG_STREAM_COMPUTE]));
  return AG_OK;
}

ag_status synchronize(Runtime* runtime, Error& error) {
  use(runtime);
  AG_CUDA(cudaStreamSynchronize(runtime->streams[AG_STREAM_COPY]));
  AG_CUDA(cudaStreamSynchronize(runtime->streams[AG_STREAM_COMPUTE]));
  return AG_OK;
}

ag_status event_create(Runtime* runtime, void** event, Error& error) {
  use(runtime);
  cudaEvent_t created = nullptr;
  AG_CUDA(cudaEventCreate(&created));
  *event = created;
  return AG_OK;
}

void event_destroy(Runtime* runtime, void* event) {
  use(runtime);
  (void)cudaEventDestroy(static_cast<cudaEvent_t>(event));
}

ag_status event_record(Runtime* runtime, void* event, int32_t stream, Error& error) {
  use(runtime);
  AG_CUDA(cudaEventRecord(static_cast<cudaEvent_t>(event), runtime->streams[stream]));
  return AG_OK;
}

ag_status event_wait(Runtime* runtime, void* event, int32_t stream, Error& error) {
  use(runtime);
  AG_CUDA(cudaStreamWaitEvent(runtime->streams[stream], static_cast<cudaEvent_t>(event), 0));
  return AG_OK;
}

ag_status event_synchronize(Runtime* runtime, void* event, Error& error) {
  use(runtime);
  AG_CUDA(cudaEventSynchronize(static_cast<cudaEvent_t>(event)));
  return AG_OK;
}

ag_status event_seconds(Runtime* runtime, void* start, void* end, double* seconds, Error& error) {
  use(runtime);
  AG_CUDA(cudaEventSynchronize(static_cast<cudaEvent_t>(start)));
  AG_CUDA(cudaEventSynchronize(static_cast<cudaEvent_t>(end)));
  float milliseconds = 0.0f;
  const cudaError_t code = cudaEventElapsedTime(&milliseconds, static_cast<cudaEvent_t>(start), static_cast<cudaEvent_t>(end));
  if (code == cudaErrorInvalidResourceHandle) {
    (void)cudaGetLastError();
    return error.set(AG_INVALID_STATE, "event_elapsed: an event was never recorded");
  }
  *seconds = milliseconds * 1e-3;
  return code == cudaSuccess ? AG_OK : fail(code, "cudaEventElapsedTime", error);
}

// Relaxed: the thread that ends a recording need not be the one that began it.
ag_status capture_begin(Runtime* runtime, Error& error) {
  use(runtime);
  AG_CUDA(cudaStreamBeginCapture(runtime->streams[AG_STREAM_COMPUTE], cudaStreamCaptureModeRelaxed));
  return AG_OK;
}

ag_status capture_end(Runtime* runtime, void** graph, Error& error) {
  use(runtime);
  cudaGraph_t recorded = nullptr;
  AG_CUDA(cudaStreamEndCapture(runtime->streams[AG_STREAM_COMPUTE], &recorded));
  cudaGraphExec_t ready = nullptr;
  const cudaError_t code = cudaGraphInstantiate(&ready, recorded, 0);
  (void)cudaGraphDestroy(recorded);
  if (code != cudaSuccess) {
    return fail(code, "cudaGraphInstantiate", error);
  }
  *graph = ready;
  return AG_OK;
}

void capture_abort(Runtime* runtime) {
  use(runtime);
  cudaGraph_t recorded = nullptr;
  if (cudaStreamEndCapture(runtime->streams[AG_STREAM_COMPUTE], &recorded) == cudaSuccess && recorded != nullptr) {
    (void)cudaGraphDestroy(recorded);
  }
  (void)cudaGetLastError();
}

ag_status graph_launch(Runtime* runtime, void* graph, Error& error) {
  use(runtime);
  AG_CUDA(cudaGraphLaunch(static_cast<cudaGraphExec_t>(graph), runtime->streams[AG_STREAM_COMPUTE]));
  return AG_OK;
}

void graph_destroy(Runtime* runtime, void* graph) {
  use(runtime);
  (void)cudaStreamSynchronize(runtime->streams[AG_STREAM_COMPUTE]);
  (void)cudaGraphExecDestroy(static_cast<cudaGraphExec_t>(graph));
}

}  // namespace runtime

// Shared memory beyond 48 KiB is opted into once for each kernel and card.
bool may_launch(Error& error, const char* kernel, const void* function, int64_t shared_bytes) {
  constexpr int64_t kWithoutAsking = 48 * 1024;
  if (error.status != AG_OK || shared_bytes <= kWithoutAsking) {
    return error.status == AG_OK;
  }
  static std::mutex mutex;
  static std::map<std::pair<int, const void*>, int64_t> granted;
  int device = 0, most = 0;
  cudaError_t code = cudaGetDevice(&device);
  std::lock_guard<std::mutex> lock(mutex);
  int64_t& bytes = granted[{device, function}];
  if (code == cudaSuccess && bytes < shared_bytes) {
    code = cudaDeviceGetAttribute(&most, cudaDevAttrMaxSharedMemoryPerBlockOptin, device);
    if (code == cudaSuccess && shared_bytes > most) {
      error.set(AG_UNAVAILABLE, "kernel %s: %lld bytes of shared memory; this card has %d for a block", kernel,
                static_cast<long long>(shared_bytes), most);
      return false;
    }
    if (code == cudaSuccess) {
      code = cudaFuncSetAttribute(function, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(shared_bytes));
    }
  }
  if (code != cudaSuccess) {
    runtime::fail(code, kernel, error);
    return false;
  }
  bytes = std::max(bytes, shared_bytes);
  return true;
}

void check_launch(Error& error, const char* kernel, int32_t code) {
  if (code != cudaSuccess) {
    runtime::fail(static_cast<cudaError_t>(code), kernel, error);
  }
}

}  // namespace angulus::cuda
