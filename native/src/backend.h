// The internal boundary between the entry points and a backend. The CPU backend is linked in; CUDA and SIMT are plug-ins opened with dlopen
// that export `ag_plugin`. Only C function pointers, plain structs and statuses cross it: no C++ object, no exception.
#pragma once

#include "angulus.h"

extern "C" {

// A backend's own device. Errors: a status, and the words by `error`. `call` points to the op's struct of calls.h, checked and complete.
// Required unless a comment says optional (null).
struct ag_backend {
  int32_t abi_version;  // AG_ABI_VERSION it was compiled with: compared before anything else is read
  const char* name;     // "cpu", "cuda", "simt": what stands before the ':' of a device name

  // One line: ready, or why not.
  void (*describe)(char* text, int64_t bytes);
  // variant: what stands after ':' of the device name, "" if nothing.
  ag_status (*open)(const char* variant, void** state, char* message, int64_t message_bytes);
  void (*close)(void* state);
  const char* (*error)(void* state);
  // Fills name, description, isa, memory_bytes, free_bytes, threads.
  void (*query)(void* state, ag_device_info* info);
  ag_status (*set_threads)(void* state, int32_t threads);
  ag_status (*measure)(void* state, ag_peak* peak);

  ag_status (*alloc)(void* state, int64_t bytes, ag_addr* address);  // aligned to 256
  void (*free)(void* state, ag_addr address);                        // waits first
  ag_status (*host_alloc)(void* state, int64_t bytes, void** pointer);
  void (*host_free)(void* state, void* pointer);
  ag_status (*upload)(void* state, int32_t stream, ag_addr destination, const void* source, int64_t bytes);
  ag_status (*download)(void* state, void* destination, ag_addr source, int64_t bytes);  // waits

  ag_status (*event_create)(void* state, ag_event* event);
  void (*event_destroy)(void* state, ag_event event);
  ag_status (*event_record)(void* state, ag_event event, int32_t stream);
  ag_status (*event_wait)(void* state, ag_event event, int32_t stream);
  ag_status (*event_sync)(void* state, ag_event event);
  ag_status (*event_elapsed)(void* state, ag_event start, ag_event end, double* seconds);
  ag_status (*sync)(void* state, ag_fault* fault);  // waits; returns AG_OK and the fault block, which it clears

  ag_status (*capture_begin)(void* state);
  ag_status (*capture_end)(void* state, void** graph);
  void (*capture_abort)(void* state);
  ag_status (*graph_launch)(void* state, void* graph);
  void (*graph_destroy)(void* state, void* graph);

  // Kernels of an op, fastest first. An op the backend does not have at all has count 0.
  int32_t (*kernel_count)(void* state, int32_t op);
  const char* (*kernel_name)(void* state, int32_t op, int32_t kernel);
  int32_t (*kernel_accepts)(void* state, int32_t op, int32_t kernel, const void* call);
  int64_t (*workspace_bytes)(void* state, int32_t op, int64_t rows, int64_t columns, int64_t depth);  // the most that any kernel of the op needs
  // Enqueues; while capturing, records.
  ag_status (*run)(void* state, int32_t op, int32_t kernel, const void* call);

  // Convolutions: whether kernel can do plan's shape and direction; and if so sets prepared_form, prepared_bytes, workspace_bytes (its own) and
  // the part of plan->epilogue that it fuses (*fused).
  int32_t (*conv2d_plan)(void* state, int32_t kernel, ag_conv2d_plan* plan, int32_t* fused);
};

// Exported by a plug-in.
typedef const struct ag_backend* (*ag_plugin_function)(void);
}
