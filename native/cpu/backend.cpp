// The CPU as a backend: memory, streams that run at once, recording as a list of calls, and dispatch.
#include "backend.h"

#include <malloc.h>
#include <sys/mman.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <cinttypes>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "calls.h"
#include "candidates.h"
#include "guard.h"
#include "machine.h"
#include "measure.h"
#include "pool.h"

namespace angulus::cpu {

namespace {

struct RecordedCall {
  int32_t op, kernel;
  std::vector<char> bytes;  // the op's struct of calls.h
};

struct Event { double seconds; };

struct CpuDevice {
  Isa isa = Isa::baseline;
  int32_t threads = 1;
  Candidates candidates;
  Exec exec{};
  ag_fault fault{};
  std::string error;
  std::unique_ptr<std::vector<RecordedCall>> recording;  // null: calls run at once
};

CpuDevice& device(void* state) { return *static_cast<CpuDevice*>(state); }

// Runs body() and keeps the words of what it throws.
template <class Body>
ag_status kept(void* state, const Body& body) noexcept {
  return guarded_words(body, [&](const char* words) {
    try {
      device(state).error = words;
    } catch (...) {
      device(state).error.clear();
    }
  });
}

void parallel(const Exec& exec, int64_t pieces, Exec::Body body, const void* context) {
  Pool::process().run(static_cast<const CpuDevice*>(exec.device)->threads, pieces, body, context);
}

void set_fault(const Exec& exec, int32_t code, int32_t op, int64_t index, int64_t step) {
  ag_fault& fault = static_cast<CpuDevice*>(exec.device)->fault;
  if (fault.code == AG_FAULT_NONE) fault = ag_fault{code, op, index, step};
}

void describe(char* text, int64_t bytes) {
  guarded_words(
      [&] {
        Isa isa = Isa::baseline;
        std::string cause;
        if (choose_isa("", &isa, &cause) != AG_OK) {
          put_words(text, bytes, format("not available: %s", cause.c_str()).c_str());
          return;
        }
        const std::string capped = isa == machine_isa() ? std::string() : format(" (AG_MAX_ISA; the processor has %s)", isa_name(machine_isa()));
        put_words(text, bytes,
                  format("ready: %s, %s%s%s, %d threads", processor_name().c_str(), isa_name(isa), extensions(isa).c_str(), capped.c_str(), Pool::usable_cores()).c_str());
      },
      [&](const char* words) { put_words(text, bytes, words); });
}

ag_status open(const char* variant, void** state, char* message, int64_t message_bytes) {
  return guarded_words(
      [&] {
        auto opened = std::make_unique<CpuDevice>();
        std::string cause;
        const ag_status status = choose_isa(variant, &opened->isa, &cause);
        if (status != AG_OK) throw Failure{status, cause};
        opened->candidates = Candidates::of(opened->isa);
        opened->threads = Pool::usable_cores();
        Pool::process().grow(opened->threads);
        opened->exec = Exec{parallel, opened.get(), set_fault};
        *state = opened.release();
      },
      [&](const char* words) { put_words(message, message_bytes, words); });
}

void close(void* state) { delete static_cast<CpuDevice*>(state); }

const char* error(void* state) { return device(state).error.c_str(); }

void query(void* state, ag_device_info* info) {
  const CpuDevice& d = device(state);
  std::snprintf(info->name, sizeof info->name, "cpu");
  kept(state, [&] { put_words(info->description, sizeof info->description, processor_name().c_str()); });
  std::snprintf(info->isa, sizeof info->isa, "%s", isa_name(d.isa));
  const Memory now = memory();
  info->memory_bytes = now.total;
  info->free_bytes = now.free;
  info->threads = d.threads;
}

ag_status set_threads(void* state, int32_t threads) {
  return kept(state, [&] {
    Pool::process().grow(threads);
    device(state).threads = threads;
  });
}

ag_status measure(void* state, ag_peak* peak) {
  return kept(state, [&] { *peak = measure_peak(device(state).exec, device(state).isa); });
}

constexpr int64_t kAlignment = 256;
constexpr int64_t kHugePage = int64_t{2} << 20;

// Taken by all devices of the process. The system counts a page as used when it is first touched, so what it calls free is not enough to go by.
std::atomic<int64_t> taken{0};

void* host_memory(int64_t bytes) {
  const Memory now = memory();
  const int64_t untaken = now.total - taken.load();
  const int64_t free = std::min(now.free, untaken);
  if (bytes > free) fail(AG_OUT_OF_MEMORY, "%" PRId64 " bytes were asked, %" PRId64 " of %" PRId64 " are free", bytes, std::max<int64_t>(free, 0), now.total);
  const int64_t alignment = bytes >= kHugePage ? kHugePage : kAlignment;
  const size_t rounded = static_cast<size_t>((bytes + alignment - 1) / alignment * alignment);
  void* const memory = std::aligned_alloc(static_cast<size_t>(alignment), rounded);
  if (memory == nullptr)
    fail(AG_OUT_OF_MEMORY, "%" PRId64 " bytes were asked and the system refused them; %" PRId64 " of %" PRId64 " are free", bytes, free, now.total);
  if (alignment == kHugePage) madvise(memory, rounded, MADV_HUGEPAGE);  // fewer page-table misses; a refusal changes nothing
  taken.fetch_add(static_cast<int64_t>(malloc_usable_size(memory)));
  return memory;
}

void give_back(void* memory) {
  taken.fetch_sub(static_cast<int64_t>(malloc_usable_size(memory)));
  std::free(memory);
}

ag_status alloc(void* state, int64_t bytes, ag_addr* address) {
  return kept(state, [&] { *address = reinterpret_cast<uintptr_t>(host_memory(bytes)); });
}

void free_memory(void*, ag_addr address) { give_back(reinterpret_cast<void*>(static_cast<uintptr_t>(address))); }

ag_status host_alloc(void* state, int64_t bytes, void** pointer) {
  return kept(state, [&] { *pointer = host_memory(bytes); });
}

void host_free(void*, void* pointer) { give_back(pointer); }

// Device memory may be the host memory of another pointer: the ranges may overlap.
ag_status upload(void*, int32_t, ag_addr destination, const void* source, int64_t bytes) {
  std::memmove(reinterpret_cast<void*>(static_cast<uintptr_t>(destination)), source, static_cast<size_t>(bytes));
  return AG_OK;
}

ag_status download(void*, void* destination, ag_addr source, int64_t bytes) {
  std::memmove(destination, reinterpret_cast<const void*>(static_cast<uintptr_t>(source)), static_cast<size_t>(bytes));
  return AG_OK;
}

ag_status event_create(void* state, ag_event* event) {
  return kept(state, [&] { *event = reinterpret_cast<uintptr_t>(new Event{0}); });
}

Event& event_of(ag_event event) { return *reinterpret_cast<Event*>(static_cast<uintptr_t>(event)); }

void event_destroy(void*, ag_event event) { delete &event_of(event); }

ag_status event_record(void*, ag_event event, int32_t) {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  event_of(event).seconds = static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
  return AG_OK;
}

ag_status event_wait(void*, ag_event, int32_t) { return AG_OK; }  // streams run at once
ag_status event_sync(void*, ag_event) { return AG_OK; }

ag_status event_elapsed(void*, ag_event start, ag_event end, double* seconds) {
  *seconds = event_of(end).seconds - event_of(start).seconds;
  return AG_OK;
}

ag_status sync(void* state, ag_fault* fault) {
  *fault = device(state).fault;
  device(state).fault = ag_fault{};
  return AG_OK;
}

int64_t call_bytes(int32_t op) {
  switch (op) {
#define AG_BYTES(number, name, call) case number: return sizeof(call);
    AG_FOR_EACH_OP(AG_BYTES)
    AG_FOR_EACH_INTERNAL_OP(AG_BYTES)
#undef AG_BYTES
    default: return 0;
  }
}

void run_now(const CpuDevice& d, int32_t op, int32_t kernel, const void* call) {
  if (op == AG_OP_CONV2D_PREPARE) {
    const auto& prepare = *static_cast<const Conv2dPrepareCall*>(call);
    d.candidates.convolutions[prepare.plan.direction][static_cast<size_t>(prepare.plan.kernel)]->prepare(d.exec, prepare);
  } else if (const int32_t direction = direction_of(op); direction >= 0) {
    d.candidates.convolutions[direction][static_cast<size_t>(kernel)]->run(d.exec, *static_cast<const Conv2dCall*>(call));
  } else {
    d.candidates.kernels[op][static_cast<size_t>(kernel)]->run(d.exec, call);
  }
}

ag_status run(void* state, int32_t op, int32_t kernel, const void* call) {
  return kept(state, [&] {
    CpuDevice& d = device(state);
    if (d.recording == nullptr) {
      run_now(d, op, kernel, call);
    } else {
      const char* const bytes = static_cast<const char*>(call);
      d.recording->push_back(RecordedCall{op, kernel, std::vector<char>(bytes, bytes + call_bytes(op))});
    }
  });
}

ag_status capture_begin(void* state) {
  return kept(state, [&] { device(state).recording = std::make_unique<std::vector<RecordedCall>>(); });
}

ag_status capture_end(void* state, void** graph) {
  *graph = device(state).recording.release();
  return AG_OK;
}

void capture_abort(void* state) { device(state).recording.reset(); }

ag_status graph_launch(void* state, void* graph) {
  return kept(state, [&] {
    for (const RecordedCall& call : *static_cast<const std::vector<RecordedCall>*>(graph)) run_now(device(state), call.op, call.kernel, call.bytes.data());
  });
}

void graph_destroy(void*, void* graph) { delete static_cast<std::vector<RecordedCall>*>(graph); }

int32_t kernel_count(void* state, int32_t op) {
  if (op == AG_OP_CONV2D_PREPARE) return 1;  // each convolution's kernel has its own
  const int32_t direction = direction_of(op);
  const Candidates& list = device(state).candidates;
  return static_cast<int32_t>(direction >= 0 ? list.convolutions[direction].size() : list.kernels[op].size());
}

const char* kernel_name(void* state, int32_t op, int32_t kernel) {
  if (op == AG_OP_CONV2D_PREPARE) return "conv2d_prepare_of_the_plan";
  const int32_t direction = direction_of(op);
  const Candidates& list = device(state).candidates;
  const auto index = static_cast<size_t>(kernel);
  return direction >= 0 ? list.convolutions[direction][index]->name : list.kernels[op][index]->name;
}

int32_t kernel_accepts(void* state, int32_t op, int32_t kernel, const void* call) {
  return device(state).candidates.kernels[op][static_cast<size_t>(kernel)]->accepts(call) ? 1 : 0;
}

int64_t workspace(void*, int32_t op, int64_t rows, int64_t columns, int64_t depth) { return workspace_bytes(op, rows, columns, depth); }

int32_t conv2d_plan(void* state, int32_t kernel, ag_conv2d_plan* plan, int32_t* fused) {
  const Conv2dKernel& candidate = *device(state).candidates.convolutions[plan->direction][static_cast<size_t>(kernel)];
  if (!candidate.accepts(*plan)) return 0;
  plan->prepared_form = candidate.prepared_form;
  plan->prepared_bytes = candidate.prepared_form == 0 ? 0 : candidate.prepared_bytes(*plan);
  plan->workspace_bytes = candidate.workspace_bytes(*plan);
  *fused = candidate.fused;
  return 1;
}

const ag_backend kBackend = {
    AG_ABI_VERSION, "cpu",          describe,      open,         close,         error,        query,         set_threads,  measure,
    alloc,          free_memory,    host_alloc,    host_free,    upload,        download,     event_create,  event_destroy, event_record,
    event_wait,     event_sync,     event_elapsed, sync,         capture_begin, capture_end,  capture_abort, graph_launch, graph_destroy,
    kernel_count,   kernel_name,    kernel_accepts, workspace,   run,           conv2d_plan,
};

}  // namespace

}  // namespace angulus::cpu

extern "C" const ag_backend* ag_cpu_backend(void) { return &angulus::cpu::kBackend; }
