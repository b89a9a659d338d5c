// What stands behind an ag_device handle: a backend's own device, the words of the last failure, the tables of what was taken from it, and
// the state of recording. A handle is a number that is never used twice, not an address, so a stale or random handle is refused and
// nothing is ever dereferenced through it. Graphs and events are numbers of the same kind.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "allocations.h"
#include "backend.h"
#include "calls.h"
#include "guard.h"

namespace angulus {

class Device {
 public:
  Device(const ag_backend& backend, void* state, std::string name);
  ~Device();  // forgets a recording, frees graphs, events and memory, closes the backend's device
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  const ag_backend& backend() const { return backend_; }
  void* state() const { return state_; }
  const char* name() const { return name_.c_str(); }
  std::mutex& mutex() { return mutex_; }

  const char* error() const { return error_; }
  void keep_error(const char* words) noexcept;
  // Throws when a backend's call failed.
  void check(ag_status status, const char* call) const;

  // Throws when [address, address + bytes) is not inside one live allocation; while recording, notes the allocation for the graph.
  void check_range(const char* call, const char* argument, ag_addr address, int64_t bytes);
  void check_alignment(const char* call, const char* argument, ag_addr address, int64_t alignment) const;
  void refuse_while_recording(const char* call) const;
  // Reads the fault block and throws AG_DEVICE_FAULT if something stands in it. `fault` may be null.
  void report_fault(ag_fault* fault);

  ag_addr allocate(int64_t bytes);
  void free(ag_addr address);
  void* host_allocate(int64_t bytes);
  void host_free(void* pointer);
  void check_host_range(const char* call, const char* argument, const void* pointer, int64_t bytes) const;
  const Allocations& allocations() const { return allocations_; }

  ag_event create_event();
  void destroy_event(ag_event event);
  ag_event backend_event(const char* call, ag_event event) const;
  void mark_recorded(ag_event event);
  bool is_recorded(ag_event event) const;

  bool recording() const { return recording_; }
  void begin_recording();
  uint64_t end_recording();
  void abort_recording();
  void launch(uint64_t graph);
  void destroy_graph(uint64_t graph);

  // Chooses the kernel (the forced one, or the first that accepts the call) and enqueues. type: of the tensors, for the words.
  void enqueue(int32_t op, const void* call, int32_t type);
  // Enqueues on this kernel.
  void enqueue_on(int32_t op, int32_t kernel, const void* call);
  void force(int32_t op, int32_t kernel) { forced_[static_cast<size_t>(op)] = kernel; }

 private:
  struct Event { ag_event own; bool recorded; };
  struct Graph { void* own; std::vector<ag_addr> pinned; };

  const ag_backend& backend_;
  void* state_;
  std::string name_;
  std::mutex mutex_;
  char error_[1024];
  Allocations allocations_;
  std::map<uint64_t, int64_t> host_;  // ag_host_alloc: first address, bytes
  std::map<ag_event, Event> events_;
  std::map<uint64_t, Graph> graphs_;
  bool recording_ = false;
  std::set<ag_addr> named_;  // allocations named since recording began
  std::array<int32_t, kOpCount> forced_;
};

// A fresh number for a handle.
uint64_t next_handle();

const char* op_name(int32_t op);
const char* type_name(int32_t type);

// The process-wide table of live devices.
uint64_t enlist(std::shared_ptr<Device> device);
std::shared_ptr<Device> live_device(const ag_device* handle) noexcept;
std::shared_ptr<Device> strike(const ag_device* handle) noexcept;

// body(Device&) under the guard. A handle that is not alive is AG_INVALID_ARGUMENT. One call at a time: a second thread waits its turn.
template <class Body>
ag_status guarded(ag_device* handle, Body&& body) noexcept {
  const std::shared_ptr<Device> device = live_device(handle);
  if (device == nullptr) return AG_INVALID_ARGUMENT;
  return guarded_words(
      [&] {
        std::lock_guard<std::mutex> turn(device->mutex());
        body(*device);
      },
      [&](const char* words) { device->keep_error(words); });
}

}  // namespace angulus
