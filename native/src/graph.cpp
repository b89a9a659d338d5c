// Recording: what a graph is, what it pins, and the entry points. The rules are enforced here, so they are the same on every backend.
#include <cinttypes>

#include "device.h"

namespace angulus {

void Device::begin_recording() {
  if (recording_) fail(AG_INVALID_STATE, "ag_graph_begin: a recording is already under way; call ag_graph_end or ag_graph_abort first");
  check(backend_.capture_begin(state_), "ag_graph_begin");
  named_.clear();
  recording_ = true;
}

uint64_t Device::end_recording() {
  if (!recording_) fail(AG_INVALID_STATE, "ag_graph_end: nothing is being recorded; call ag_graph_begin first");
  // What can fail for want of memory comes before the backend's graph exists.
  Graph graph{nullptr, std::vector<ag_addr>(named_.begin(), named_.end())};
  const uint64_t handle = next_handle();
  const auto place = graphs_.emplace(handle, std::move(graph)).first;
  recording_ = false;
  named_.clear();
  const ag_status status = backend_.capture_end(state_, &place->second.own);
  if (status != AG_OK) {
    graphs_.erase(place);
    check(status, "ag_graph_end");
  }
  for (const ag_addr address : place->second.pinned) allocations_.pin(address, 1);
  return handle;
}

void Device::abort_recording() {
  if (!recording_) fail(AG_INVALID_STATE, "ag_graph_abort: nothing is being recorded");
  backend_.capture_abort(state_);
  recording_ = false;
  named_.clear();
}

void Device::launch(uint64_t graph) {
  refuse_while_recording("ag_graph_launch");
  const auto entry = graphs_.find(graph);
  if (entry == graphs_.end()) fail(AG_INVALID_ARGUMENT, "ag_graph_launch: %" PRIu64 " is not a live graph of device %s", graph, name());
  check(backend_.graph_launch(state_, entry->second.own), "ag_graph_launch");
}

void Device::destroy_graph(uint64_t graph) {
  refuse_while_recording("ag_graph_destroy");
  const auto entry = graphs_.find(graph);
  if (entry == graphs_.end()) fail(AG_INVALID_ARGUMENT, "ag_graph_destroy: %" PRIu64 " is not a live graph of device %s", graph, name());
  backend_.graph_destroy(state_, entry->second.own);
  for (const ag_addr address : entry->second.pinned) allocations_.pin(address, -1);
  graphs_.erase(entry);
}

}  // namespace angulus

namespace {
uint64_t number_of(ag_graph* graph) { return static_cast<uint64_t>(reinterpret_cast<uintptr_t>(graph)); }
}  // namespace

AG_ENTRY ag_status ag_graph_begin(ag_device* device) {
  return angulus::guarded(device, [](angulus::Device& d) { d.begin_recording(); });
}

AG_ENTRY ag_status ag_graph_end(ag_device* device, ag_graph** graph) {
  return angulus::guarded(device, [&](angulus::Device& d) {
    if (graph == nullptr) angulus::fail(AG_INVALID_ARGUMENT, "ag_graph_end: graph is null; expected where to store the handle");
    *graph = nullptr;
    *graph = reinterpret_cast<ag_graph*>(static_cast<uintptr_t>(d.end_recording()));
  });
}

AG_ENTRY ag_status ag_graph_abort(ag_device* device) {
  return angulus::guarded(device, [](angulus::Device& d) { d.abort_recording(); });
}

AG_ENTRY ag_status ag_graph_launch(ag_device* device, ag_graph* graph) {
  return angulus::guarded(device, [&](angulus::Device& d) { d.launch(number_of(graph)); });
}

AG_ENTRY ag_status ag_graph_destroy(ag_device* device, ag_graph* graph) {
  return angulus::guarded(device, [&](angulus::Device& d) { d.destroy_graph(number_of(graph)); });
}
