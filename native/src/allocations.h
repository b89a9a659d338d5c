// The table of live device allocations: what an address is compared with before anything is enqueued.
#pragma once

#include <map>

#include "angulus.h"

namespace angulus {

class Allocations {
 public:
  struct Entry {
    int64_t bytes;
    int32_t pins;  // graphs that name it
  };

  void add(ag_addr address, int64_t bytes);
  // Takes the allocation that starts at this address out of the table.
  void remove(ag_addr address);
  // The allocation that starts at this address, or null.
  const Entry* at(ag_addr address) const;
  void pin(ag_addr address, int32_t by);

  enum class Place { inside, not_allocated, too_long };
  // Where [address, address + bytes) lies. start and size: of the allocation that holds its first byte.
  Place find(ag_addr address, int64_t bytes, ag_addr* start, int64_t* size) const;

  int64_t total() const { return total_; }  // bytes, now
  int64_t peak() const { return peak_; }    // bytes, the most at one time
  const std::map<ag_addr, Entry>& all() const { return entries_; }

 private:
  std::map<ag_addr, Entry> entries_;  // by first address; ranges never overlap
  int64_t total_ = 0;
  int64_t peak_ = 0;
};

}  // namespace angulus
