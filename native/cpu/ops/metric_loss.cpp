// Loss and coefficients of the losses on distances, row by row (metric_functors.h), then the sums of the rows in their order, then the factor 1 / terms.
//   distances, coefficients (N,N), labels, dbeta (N), workspace: MetricRowSums (N) and the factor
// A piece is one anchor: its columns are told apart once, into lists of positives and negatives in scratch.
//   sorted   SEMI_HARD, and HINGE over ALL triplets. An anchor of many positives sorts its negatives by distance and finds each by bisection, O(N log N) for a row;
//            the hinge adds their distances from a table of partial sums. One of few positives walks over the list for each of them.
//   plain    every (a, p) walks over all columns: O(P N) for a row with P positives
// Both take up to kMostColumns rows.
#include <algorithm>

#include "metric_functors.h"
#include "metric_space.h"
#include "parallel.h"

namespace angulus::cpu {

int64_t metric_sums_bytes(int64_t n) { return n * int64_t{sizeof(MetricRowSums)} + int64_t{sizeof(double)}; }

namespace {

struct Column { float d; int32_t index; };
constexpr int64_t kMostColumns = kScratchBytes / (2 * int64_t{sizeof(Column)} + int64_t{sizeof(double)}) - 1;
constexpr int32_t kFewPositives = 16;  // of an anchor: walks cost less than sorting

MetricRowSums* rows_of(const MetricLossCall& call) { return static_cast<MetricRowSums*>(call.workspace); }

void set_weights(const Metric& m, int64_t a, float* g) {
  float largest = -INFINITY;
  for (int64_t j = 0; j < m.n; ++j) {
    if (!is_negative(m, a, j)) continue;
    g[j] = log_weight(m, distance(m, a, j));
    largest = std::max(largest, g[j]);
  }
  for (int64_t j = 0; j < m.n; ++j) {
    if (is_negative(m, a, j)) g[j] = weight_of(g[j], largest);
  }
}

void add_triplet(const Metric& m, float margin, int64_t a, int64_t p, int64_t negative, float* g, MetricRowSums& sums) {
  const TripletTerm term = triplet_term(m, margin, distance(m, a, p), distance(m, a, negative));
  count_term(sums, term.loss);
  g[p] += term.positive;
  g[negative] += term.negative;
}

void add_pair(const Metric& m, float margin, float beta, int64_t a, int64_t j, float* g, MetricRowSums& sums) {
  const PairTerm term = pair_term(m, margin, beta, is_positive(m, a, j), distance(m, a, j));
  count_term(sums, term.loss);
  sums.slope += static_cast<double>(term.by_beta);
  g[j] += term.slope;
}

void hardest(const Metric& m, float margin, int64_t a, float* g, MetricRowSums& sums) {
  Extreme positive{0, kNone}, negative{0, kNone};
  for (int32_t j = 0; j < m.n; ++j) {
    const Extreme own{distance(m, a, j), j};
    if (is_positive(m, a, j)) {
      positive = more_extreme(positive, own, 1.0f);
    } else if (j != a) {
      negative = more_extreme(negative, own, -1.0f);
    }
  }
  sums.wanted = 1;
  sums.skipped = positive.index < 0 || negative.index < 0 ? 1 : 0;
  if (sums.skipped == 0) add_triplet(m, margin, a, positive.index, negative.index, g, sums);
}

// One negative for each positive, or all of them. The choices stand in scratch until the weights in g are no longer needed.
void of_positives(const Metric& m, float margin, float beta, int64_t a, float* g, int32_t* choices, MetricRowSums& sums) {
  const bool weighted = m.selection == AG_SELECT_DISTANCE_WEIGHTED;
  if (weighted) set_weights(m, a, g);
  for (int64_t p = 0; p < m.n; ++p) {
    if (!is_positive(m, a, p)) continue;
    choices[p] = m.selection == AG_SELECT_ALL ? kEvery : weighted ? choose_by_weight(m, g, a, p) : choose_negative(m, margin, a, p);
    count_choice(m, a, p, choices[p], sums);
  }
  std::fill(g, g + m.n, 0.0f);
  for (int64_t p = 0; p < m.n; ++p) {
    if (!is_positive(m, a, p) || choices[p] == kNone) continue;
    if (choices[p] == kEvery) {
      for (int64_t j = 0; j < m.n; ++j) {
        if (is_negative(m, a, j)) add_triplet(m, margin, a, p, j, g, sums);
      }
    } else if (takes_pairs(m)) {
      add_pair(m, margin, beta, a, p, g, sums);
      add_pair(m, margin, beta, a, choices[p], g, sums);
    } else {
      add_triplet(m, margin, a, p, choices[p], g, sums);
    }
  }
}

struct Row {
  Column* negatives;
  Column* positives;
  double* sums;  // of the distances of the first k negatives, k up to their number
  int32_t negative_count, positive_count;
  bool sorted;
};

Row list_row(const Metric& m, int64_t a, void* scratch) {
  Row row{static_cast<Column*>(scratch), nullptr, nullptr, 0, 0, false};
  row.positives = row.negatives + m.n;
  row.sums = reinterpret_cast<double*>(row.positives + m.n);
  for (int32_t j = 0; j < m.n; ++j) {
    const Column own{distance(m, a, j), j};
    if (is_negative(m, a, j)) row.negatives[row.negative_count++] = own;
    if (is_positive(m, a, j)) row.positives[row.positive_count++] = own;
  }
  row.sorted = row.positive_count > kFewPositives;
  if (row.sorted) {
    // A distance that is none sorts first, so that the order is one; the batch's loss is NaN then.
    const auto before = [](const Column& x, const Column& y) {
      const bool none = x.d != x.d, other = y.d != y.d;
      return none != other ? none : x.d == y.d || none ? x.index < y.index : x.d < y.d;
    };
    std::sort(row.negatives, row.negatives + row.negative_count, before);
    std::sort(row.positives, row.positives + row.positive_count, before);
  }
  return row;
}

// How many of a sorted list lie below (or at, with `equal`) a distance.
int32_t count_below(const Column* first, int32_t count, float d, bool equal) {
  const Column* const end = std::partition_point(first, first + count, [&](const Column& x) { return !(equal ? x.d > d : x.d >= d); });
  return static_cast<int32_t>(end - first);
}

int32_t farthest_of(const Row& row) {
  const int32_t count = row.negative_count;
  if (count == 0) return kNone;
  if (row.sorted) return row.negatives[std::min(count_below(row.negatives, count, row.negatives[count - 1].d, false), count - 1)].index;
  Column best = row.negatives[0];
  for (int32_t i = 1; i < count; ++i) best = row.negatives[i].d > best.d ? row.negatives[i] : best;
  return best.index;
}

int32_t nearest_beyond(const Row& row, float d) {
  if (row.sorted) {
    const int32_t below = count_below(row.negatives, row.negative_count, d, true);
    return below < row.negative_count ? row.negatives[below].index : kNone;
  }
  float nearest = INFINITY;
  int32_t best = kNone;
  for (int32_t i = 0; i < row.negative_count; ++i) {
    const Column other = row.negatives[i];
    const bool better = other.d > d && (other.d < nearest || best == kNone);
    nearest = better ? other.d : nearest;
    best = better ? other.index : best;
  }
  return best;
}

void sorted_semi_hard(const Metric& m, float margin, int64_t a, float* g, const Row& row, MetricRowSums& sums) {
  std::fill(g, g + m.n, 0.0f);
  const int32_t farthest = m.fallback != 0 ? farthest_of(row) : kNone;
  for (int32_t i = 0; i < row.positive_count; ++i) {
    const int32_t nearest = nearest_beyond(row, row.positives[i].d);
    const int32_t choice = nearest == kNone ? farthest : nearest;
    sums.wanted += 1;
    if (choice == kNone) {
      sums.skipped += 1;
    } else {
      add_triplet(m, margin, a, row.positives[i].index, choice, g, sums);
    }
  }
}

// Negatives of an unsorted row that are within the reach of a positive, and what they add to the loss.
int32_t walk_hinge(const Row& row, float reach, float* g, MetricRowSums& sums) {
  int32_t active = 0;
  double loss = 0;
  for (int32_t i = 0; i < row.negative_count; ++i) {
    const float z = reach - row.negatives[i].d;
    const bool within = z > 0.0f;
    active += within ? 1 : 0;
    loss += within ? static_cast<double>(z) : 0.0;
    g[row.negatives[i].index] -= within ? 1.0f : 0.0f;
  }
  sums.loss += loss;
  return active;
}

void sorted_hinge(const Metric& m, float margin, int64_t, float* g, const Row& row, MetricRowSums& sums) {
  std::fill(g, g + m.n, 0.0f);
  if (row.sorted) {
    row.sums[0] = 0;
    for (int32_t j = 0; j < row.negative_count; ++j) row.sums[j + 1] = row.sums[j] + static_cast<double>(row.negatives[j].d);
  }
  for (int32_t i = 0; i < row.positive_count; ++i) {
    const float reach = row.positives[i].d + margin;
    int32_t active;
    if (row.sorted) {
      active = count_below(row.negatives, row.negative_count, reach, false);
      const double loss = active * static_cast<double>(reach) - row.sums[active];
      sums.loss += loss > 0 ? loss : 0;
    } else {
      active = walk_hinge(row, reach, g, sums);
    }
    sums.active += active;
    g[row.positives[i].index] = static_cast<float>(active);
  }
  sums.terms = static_cast<double>(row.positive_count) * row.negative_count;
  sums.wanted = row.positive_count;
  // A negative is pushed by every positive whose reach is beyond it.
  for (int32_t j = 0, within = 0; row.sorted && j < row.negative_count; ++j) {
    while (within < row.positive_count && !(row.positives[within].d + margin > row.negatives[j].d)) ++within;
    g[row.negatives[j].index] = -static_cast<float>(row.positive_count - within);
  }
}

bool plain_accepts(const void* arguments) { return as<MetricLossCall>(arguments).metric.n <= kMostColumns; }

bool sorted_accepts(const void* arguments) {
  const Metric& m = as<MetricLossCall>(arguments).metric;
  const bool hinge = m.selection == AG_SELECT_ALL && m.form == AG_TRIPLET_HINGE;
  return m.loss == AG_METRIC_TRIPLET && m.n <= kMostColumns && (m.selection == AG_SELECT_SEMI_HARD || hinge);
}

template <bool sorted>
void run_row(const MetricLossCall& call, int64_t a, void* scratch) {
  const Metric& m = call.metric;
  const float margin = m.margin[0];
  float* const g = call.coefficients + a * m.n;
  MetricRowSums sums{};
  for (int64_t j = 0; j < m.n; ++j) measure_column(m, a, j, sums);
  const float beta = m.loss == AG_METRIC_MARGIN ? beta_of(m, a) : 0.0f;
  sums.beta = static_cast<double>(beta);
  if (is_plain_pair(m)) {
    for (int64_t j = 0; j < m.n; ++j) g[j] = plain_pair(m, margin, beta, a, j, sums);
  } else if (sorted) {
    const Row row = list_row(m, a, scratch);
    (m.selection == AG_SELECT_SEMI_HARD ? sorted_semi_hard : sorted_hinge)(m, margin, a, g, row, sums);
  } else if (m.selection == AG_SELECT_BATCH_HARD) {
    std::fill(g, g + m.n, 0.0f);
    hardest(m, margin, a, g, sums);
  } else {
    of_positives(m, margin, beta, a, g, static_cast<int32_t*>(scratch), sums);
  }
  rows_of(call)[a] = sums;
}

template <bool sorted>
void run(const Exec& exec, const void* arguments) {
  const auto& call = as<MetricLossCall>(arguments);
  const Metric& m = call.metric;
  double& factor = *reinterpret_cast<double*>(rows_of(call) + m.n);
  for (int64_t i = 0; m.beta_class != nullptr && i < m.n; ++i) {
    if (m.labels[i] < 0 || m.labels[i] >= m.classes) exec.fault(exec, AG_FAULT_LABEL, AG_OP_METRIC_LOSS, i, m.scalars->step);
  }
  for (int64_t i = 0; m.beta_image != nullptr && i < m.n; ++i) {
    if (m.image[i] < 0 || m.image[i] >= m.images) exec.fault(exec, AG_FAULT_LABEL, AG_OP_METRIC_LOSS, i, m.scalars->step);
  }
  for_pieces(exec, m.n, [&](int64_t a, void* scratch) { run_row<sorted>(call, a, scratch); });
  for_pieces(exec, 1, [&](int64_t, void*) {
    MetricRowSums all{};
    double collapsed = 0;
    for (int64_t a = 0; a < m.n; ++a) {
      const MetricRowSums& row = rows_of(call)[a];
      double* const to = &all.loss;
      const double* const from = &row.loss;
      for (size_t i = 0; i < sizeof all / sizeof(double); ++i) to[i] += from[i];
      collapsed += row.farthest < static_cast<double>(kCollapsed) ? 1 : 0;
    }
    factor = finish_metric(m, all, collapsed, call.summary).factor;
    for (int64_t a = 0; call.dbeta != nullptr && a < m.n; ++a) call.dbeta[a] = beta_gradient(m, factor, rows_of(call)[a].slope);
  });
  const float scale = static_cast<float>(factor);
  for_elements(exec, int64_t{m.n} * m.n, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) call.coefficients[i] *= scale;
  });
}

}  // namespace

extern const Kernel metric_loss_f32_sorted = {"metric_loss_f32_sorted", Isa::baseline, sorted_accepts, run<true>};
extern const Kernel metric_loss_f32_plain = {"metric_loss_f32_plain", Isa::baseline, plain_accepts, run<false>};

}  // namespace angulus::cpu
