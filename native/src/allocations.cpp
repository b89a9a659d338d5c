#include "allocations.h"

#include <algorithm>

namespace angulus {

void Allocations::add(ag_addr address, int64_t bytes) {
  entries_.emplace(address, Entry{bytes, 0});
  total_ += bytes;
  peak_ = std::max(peak_, total_);
}

void Allocations::remove(ag_addr address) {
  const auto entry = entries_.find(address);
  if (entry == entries_.end()) return;
  total_ -= entry->second.bytes;
  entries_.erase(entry);
}

const Allocations::Entry* Allocations::at(ag_addr address) const {
  const auto entry = entries_.find(address);
  return entry == entries_.end() ? nullptr : &entry->second;
}

void Allocations::pin(ag_addr address, int32_t by) {
  const auto entry = entries_.find(address);
  if (entry != entries_.end()) entry->second.pins += by;
}

Allocations::Place Allocations::find(ag_addr address, int64_t bytes, ag_addr* start, int64_t* size) const {
  auto entry = entries_.upper_bound(address);
  if (entry == entries_.begin()) return Place::not_allocated;
  --entry;
  const uint64_t offset = address - entry->first;
  const uint64_t length = static_cast<uint64_t>(entry->second.bytes);
  if (offset >= length) return Place::not_allocated;
  *start = entry->first;
  *size = entry->second.bytes;
  return static_cast<uint64_t>(bytes) <= length - offset ? Place::inside : Place::too_long;
}

}  // namespace angulus
