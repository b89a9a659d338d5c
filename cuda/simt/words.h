// Names of threads and places in the words of a failure.
#pragma once

#include <cstdio>

#include "simt.h"

namespace simt {

inline const char* base_name(const char* path) {
  const char* slash = std::strrchr(path, '/');
  return slash == nullptr ? path : slash + 1;
}

struct Words {
  char text[96];
};

inline Words name_of(const uint3& index) {
  Words words;
  std::snprintf(words.text, sizeof words.text, "thread (%u,%u,%u)", index.x, index.y, index.z);
  return words;
}

inline Words name_of(Site site) {
  Words words;
  if (site.file == nullptr) {
    std::snprintf(words.text, sizeof words.text, "before any barrier");
  } else {
    std::snprintf(words.text, sizeof words.text, "%s:%d", base_name(site.file), site.line);
  }
  return words;
}

inline bool same(Site a, Site b) {
  return a.line == b.line && (a.file == b.file || (a.file != nullptr && b.file != nullptr && std::strcmp(a.file, b.file) == 0));
}

}  // namespace simt
