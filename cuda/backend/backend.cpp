// The plug-in: struct ag_backend over a runtime and the lists of kernels. No exception leaves it.
#include "backend.h"

#include <cstring>
#include <exception>
#include <new>

#include "../ops/kernel.h"
#include "runtime.h"

namespace angulus::cuda {
namespace {

struct State {
  Runtime* runtime = nullptr;
  Error error;
  ag_fault* fault = nullptr;  // device memory
};

State& at(void* state) { return *static_cast<State*>(state); }

// Clears the words, runs body(state), and turns what it throws into a status.
template <class Body>
ag_status guarded(void* pointer, const Body& body) {
  State& state = at(pointer);
  state.error.clear();
  try {
    return body(state);
  } catch (const std::bad_alloc&) {
    return state.error.set(AG_OUT_OF_MEMORY, "%s: no host memory", runtime::name);
  } catch (const std::exception& failure) {
    return state.error.set(AG_INTERNAL, "%s: %.200s", runtime::name, failure.what());
  }
}

const KernelList kNone = {nullptr, 0};

const KernelList& kernels_of(int32_t op) {
  switch (op) {
#define AG_CASE(op, name) \
  case op:                \
    return name##_kernels;
    AG_FOR_EACH_KERNEL_LIST(AG_CASE)
#undef AG_CASE
    default:
      return kNone;
  }
}

// By direction.
const Conv2dKernelList* const kConvolutions[] = {&conv2d_forward_kernels, &conv2d_backward_input_kernels, &conv2d_backward_weight_kernels};

const Conv2dKernelList* conv2d_kernels_of(int32_t op) {
  switch (op) {
    case AG_OP_CONV2D_FORWARD:
      return kConvolutions[AG_FORWARD];
    case AG_OP_CONV2D_BACKWARD_INPUT:
      return kConvolutions[AG_BACKWARD_INPUT];
    case AG_OP_CONV2D_BACKWARD_WEIGHT:
      return kConvolutions[AG_BACKWARD_WEIGHT];
    default:
      return nullptr;
  }
}

void describe(char* text, int64_t bytes) { runtime::describe(text, bytes); }

void close(void* pointer) {
  State* state = static_cast<State*>(pointer);
  if (state->fault != nullptr) {
    runtime::release(state->runtime, state->fault);
  }
  if (state->runtime != nullptr) {
    runtime::close(state->runtime);
  }
  delete state;
}

ag_status clear_fault(State& state) {
  static const ag_fault none = {};
  return runtime::copy_in(state.runtime, AG_STREAM_COMPUTE, state.fault, &none, sizeof none, state.error);
}

ag_status open_runtime(State& state, const char* variant) {
  state.runtime = runtime::open(variant, state.error);
  if (state.runtime == nullptr) {
    return state.error.status;
  }
  void* fault = nullptr;
  if (runtime::allocate(state.runtime, sizeof(ag_fault), &fault, state.error) != AG_OK) {
    return state.error.status;
  }
  state.fault = static_cast<ag_fault*>(fault);
  return clear_fault(state);
}

ag_status open(const char* variant, void** opened, char* message, int64_t message_bytes) {
  State* state = new (std::nothrow) State;
  if (state == nullptr) {
    std::snprintf(message, static_cast<std::size_t>(message_bytes), "%s: no host memory", runtime::name);
    return AG_OUT_OF_MEMORY;
  }
  const ag_status status = guarded(state, [&](State& self) { return open_runtime(self, variant); });
  if (status != AG_OK) {
    std::snprintf(message, static_cast<std::size_t>(message_bytes), "%s", state->error.words);
    close(state);
    return status;
  }
  *opened = state;
  return AG_OK;
}

const char* error(void* state) { return at(state).error.words; }
void query(void* state, ag_device_info* info) { runtime::query(at(state).runtime, info); }

ag_status set_threads(void* state, int32_t) {
  return at(state).error.set(AG_UNAVAILABLE, "%s has no worker threads to set", runtime::name);
}

// Work for each second, the work doubled until it lasts 20 ms. launch(times) enqueues and returns its work.
template <class Launch>
ag_status measure_rate(State& state, const Launch& launch, double* rate) {
  void* events[2] = {};
  for (void*& event : events) {
    if (runtime::event_create(state.runtime, &event, state.error) != AG_OK) {
      return state.error.status;
    }
  }
  double seconds = 0.0;
  ag_status status = AG_OK;
  for (int32_t times = 1; status == AG_OK && seconds < 0.02 && times < (1 << 24); times *= 2) {
    status = runtime::event_record(state.runtime, events[0], AG_STREAM_COMPUTE, state.error);
    const double work = status == AG_OK ? launch(times) : 0.0;
    status = state.error.status;
    if (status == AG_OK && (status = runtime::event_record(state.runtime, events[1], AG_STREAM_COMPUTE, state.error)) == AG_OK) {
      status = runtime::event_seconds(state.runtime, events[0], events[1], &seconds, state.error);
      *rate = seconds > 0.0 ? work / seconds : 0.0;
    }
  }
  for (void* event : events) {
    runtime::event_destroy(state.runtime, event);
  }
  return status;
}

ag_status measure(void* pointer, ag_peak* peak) {
  return guarded(pointer, [&](State& state) {
    Exec exec = {runtime::stream(state.runtime, AG_STREAM_COMPUTE), state.fault, &state.error};
    const int32_t multiprocessors = runtime::multiprocessors(state.runtime);
    const int64_t count = int64_t{multiprocessors} << 21;  // floats: 8 MiB for each multiprocessor, several times any card's cache
    void* buffer = nullptr;
    if (runtime::allocate(state.runtime, count * static_cast<int64_t>(sizeof(float)), &buffer, state.error) != AG_OK) {
      return state.error.status;
    }
    float* const sink = static_cast<float*>(buffer);  // never written: the kernels only have to believe that they might
    const auto multiply = [&](int32_t times) { return launch_peak_flops(exec, multiprocessors, times, sink); };
    ag_status status = measure_rate(state, multiply, &peak->flops);
    if (status == AG_OK) {
      const auto read = [&](int32_t times) {
        double bytes = 0.0;
        for (int32_t i = 0; i < times; ++i) {
          bytes += launch_peak_bytes(exec, multiprocessors, sink, count, sink);
        }
        return bytes;
      };
      status = measure_rate(state, read, &peak->bytes_per_second);
    }
    runtime::release(state.runtime, buffer);
    return status;
  });
}

ag_status alloc(void* state, int64_t bytes, ag_addr* address) {
  return guarded(state, [&](State& self) {
    void* memory = nullptr;
    const ag_status status = runtime::allocate(self.runtime, bytes, &memory, self.error);
    *address = reinterpret_cast<ag_addr>(memory);
    return status;
  });
}

void free(void* state, ag_addr address) { runtime::release(at(state).runtime, reinterpret_cast<void*>(address)); }

ag_status host_alloc(void* state, int64_t bytes, void** pointer) {
  return guarded(state, [&](State& self) { return runtime::allocate_host(self.runtime, bytes, pointer, self.error); });
}

void host_free(void* state, void* pointer) { runtime::release_host(at(state).runtime, pointer); }

ag_status upload(void* state, int32_t stream, ag_addr destination, const void* source, int64_t bytes) {
  return guarded(state, [&](State& self) {
    return runtime::copy_in(self.runtime, stream, reinterpret_cast<void*>(destination), source, bytes, self.error);
  });
}

ag_status download(void* state, void* destination, ag_addr source, int64_t bytes) {
  return guarded(state, [&](State& self) {
    return runtime::copy_out(self.runtime, destination, reinterpret_cast<const void*>(source), bytes, self.error);
  });
}

ag_status event_create(void* state, ag_event* event) {
  return guarded(state, [&](State& self) {
    void* created = nullptr;
    const ag_status status = runtime::event_create(self.runtime, &created, self.error);
    *event = reinterpret_cast<ag_event>(created);
    return status;
  });
}

void event_destroy(void* state, ag_event event) { runtime::event_destroy(at(state).runtime, reinterpret_cast<void*>(event)); }

ag_status event_record(void* state, ag_event event, int32_t stream) {
  return guarded(state,
                 [&](State& self) { return runtime::event_record(self.runtime, reinterpret_cast<void*>(event), stream, self.error); });
}

ag_status event_wait(void* state, ag_event event, int32_t stream) {
  return guarded(state, [&](State& self) { return runtime::event_wait(self.runtime, reinterpret_cast<void*>(event), stream, self.error); });
}

ag_status event_sync(void* state, ag_event event) {
  return guarded(state, [&](State& self) { return runtime::event_synchronize(self.runtime, reinterpret_cast<void*>(event), self.error); });
}

ag_status event_elapsed(void* state, ag_event start, ag_event end, double* seconds) {
  return guarded(state, [&](State& self) {
    return runtime::event_seconds(self.runtime, reinterpret_cast<void*>(start), reinterpret_cast<void*>(end), seconds, self.error);
  });
}

ag_status sync(void* state, ag_fault* fault) {
  return guarded(state, [&](State& self) {
    ag_fault seen = {};
    if (runtime::synchronize(self.runtime, self.error) != AG_OK ||
        runtime::copy_out(self.runtime, &seen, self.fault, sizeof seen, self.error) != AG_OK) {
      return self.error.status;
    }
    *fault = seen;
    return seen.code == AG_FAULT_NONE ? AG_OK : clear_fault(self);
  });
}

ag_status capture_begin(void* state) {
  return guarded(state, [&](State& self) { return runtime::capture_begin(self.runtime, self.error); });
}

ag_status capture_end(void* state, void** graph) {
  return guarded(state, [&](State& self) { return runtime::capture_end(self.runtime, graph, self.error); });
}

void capture_abort(void* state) { runtime::capture_abort(at(state).runtime); }

ag_status graph_launch(void* state, void* graph) {
  return guarded(state, [&](State& self) { return runtime::graph_launch(self.runtime, graph, self.error); });
}

void graph_destroy(void* state, void* graph) { runtime::graph_destroy(at(state).runtime, graph); }

int32_t kernel_count(void*, int32_t op) {
  if (op == AG_OP_CONV2D_PREPARE) {
    return 1;  // each convolution's kernel has its own
  }
  const Conv2dKernelList* convolutions = conv2d_kernels_of(op);
  return convolutions != nullptr ? convolutions->count : kernels_of(op).count;
}

const char* kernel_name(void*, int32_t op, int32_t kernel) {
  if (op == AG_OP_CONV2D_PREPARE) {
    return "conv2d_prepare_of_the_plan";
  }
  const Conv2dKernelList* convolutions = conv2d_kernels_of(op);
  return convolutions != nullptr ? convolutions->first[kernel].name : kernels_of(op).first[kernel].name;
}

bool conv2d_accepts(void* state, const Conv2dKernel& candidate, const ag_conv2d_plan& plan) {
  return (!candidate.hopper || runtime::is_hopper(at(state).runtime)) && candidate.accepts(plan);
}

int32_t kernel_accepts(void* state, int32_t op, int32_t kernel, const void* call) {
  const Conv2dKernelList* convolutions = conv2d_kernels_of(op);
  return convolutions != nullptr ? conv2d_accepts(state, convolutions->first[kernel], static_cast<const Conv2dCall*>(call)->plan)
                                 : kernels_of(op).first[kernel].accepts(call);
}

// The most that any kernel of the op wants: which one runs is not known yet.
int64_t workspace_bytes(void*, int32_t op, int64_t rows, int64_t columns, int64_t depth) {
  const KernelList& list = kernels_of(op);
  int64_t most = 0;
  for (int32_t i = 0; i < list.count; ++i) {
    const int64_t bytes = list.first[i].workspace_bytes == nullptr ? 0 : list.first[i].workspace_bytes(rows, columns, depth);
    most = bytes > most ? bytes : most;
  }
  return most;
}

ag_status run(void* state, int32_t op, int32_t kernel, const void* call) {
  return guarded(state, [&](State& self) {
    Exec exec = {runtime::stream(self.runtime, AG_STREAM_COMPUTE), self.fault, &self.error};
    const Conv2dKernelList* convolutions = conv2d_kernels_of(op);
    if (op == AG_OP_CONV2D_PREPARE) {
      const Conv2dPrepareCall& prepare = *static_cast<const Conv2dPrepareCall*>(call);
      kConvolutions[prepare.plan.direction]->first[prepare.plan.kernel].form->prepare(exec, prepare);
    } else if (convolutions != nullptr) {
      convolutions->first[kernel].run(exec, *static_cast<const Conv2dCall*>(call));
    } else {
      kernels_of(op).first[kernel].run(exec, call);
    }
    return self.error.status;
  });
}

int32_t conv2d_plan(void* state, int32_t kernel, ag_conv2d_plan* plan, int32_t* fused) {
  const Conv2dKernel& candidate = kConvolutions[plan->direction]->first[kernel];
  if (!conv2d_accepts(state, candidate, *plan)) {
    return 0;
  }
  plan->prepared_form = candidate.form == nullptr ? 0 : candidate.form->number;
  plan->prepared_bytes = candidate.form == nullptr ? 0 : candidate.form->bytes(*plan);
  *fused = plan->epilogue & candidate.fused;
  ag_conv2d_plan run = *plan;  // the kernel gets no flag that it does not fuse
  run.epilogue = *fused;
  plan->workspace_bytes = candidate.workspace_bytes == nullptr ? 0 : candidate.workspace_bytes(run);
  return 1;
}

}  // namespace
}  // namespace angulus::cuda

extern "C" __attribute__((visibility("default"))) const ag_backend* ag_plugin(void) {
  namespace own = angulus::cuda;
  static const ag_backend backend = {
      AG_ABI_VERSION,       own::runtime::name, own::describe,      own::open,         own::close,         own::error,
      own::query,           own::set_threads,   own::measure,       own::alloc,        own::free,          own::host_alloc,
      own::host_free,       own::upload,        own::download,      own::event_create, own::event_destroy, own::event_record,
      own::event_wait,      own::event_sync,    own::event_elapsed, own::sync,         own::capture_begin, own::capture_end,
      own::capture_abort,   own::graph_launch,  own::graph_destroy, own::kernel_count, own::kernel_name,   own::kernel_accepts,
      own::workspace_bytes, own::run,           own::conv2d_plan};
  return &backend;
}
