// Entry points: losses on the distances between the embeddings of a batch, and center loss.
#include "checks.h"

using namespace angulus;

namespace {

constexpr int64_t kFloat = sizeof(float);
constexpr int64_t kInt = sizeof(int32_t);

const ag_matrix& checked_rows(OpCall& op, const ag_matrix* shape, int32_t distance) {
  const ag_matrix& s = op.given("shape", shape);
  op.matrix(s);
  op.range("type", int64_t{s.type}, AG_F32, AG_F32);
  op.range("distance", int64_t{distance}, AG_DISTANCE_SQUARED, AG_DISTANCE_COSINE);
  return s;
}

int64_t square_bytes(const OpCall& op, int64_t n) { return op.product("the matrix of pairs", {n, n, kFloat}); }

void check_choices(const OpCall& op, const ag_metric& m) {
  op.range("loss", int64_t{m.loss}, AG_METRIC_CONTRASTIVE, AG_METRIC_MARGIN);
  op.range("distance", int64_t{m.distance}, AG_DISTANCE_SQUARED, AG_DISTANCE_COSINE);
  op.range("selection", int64_t{m.selection}, AG_SELECT_ALL, AG_SELECT_TRIPLETS);
  op.range("form", int64_t{m.form}, AG_TRIPLET_HINGE, AG_TRIPLET_SOFT);
  op.range("mean", int64_t{m.mean}, AG_MEAN_OF_TERMS, AG_MEAN_OF_ACTIVE);
  op.range("fallback", int64_t{m.fallback}, 0, 1);
  op.range("n", int64_t{m.n}, 1, INT32_MAX);
  op.range("d", int64_t{m.d}, 1, INT32_MAX);
  op.range("weight", m.weight, 0.0f, 3e38f);
  op.range("pull", m.pull, 0.0f, 3e38f);
  op.range("nu", m.nu, 0.0f, 3e38f);
  const bool triplets = m.loss == AG_METRIC_TRIPLET;
  const bool negatives = m.selection > AG_SELECT_PAIRS && m.selection != AG_SELECT_DISTANCE_WEIGHTED;
  if (triplets ? m.selection == AG_SELECT_PAIRS : negatives)
    fail(AG_INVALID_ARGUMENT, "%s: selection is %d, which does not go with loss %d; TRIPLET takes all but PAIRS, the others ALL, PAIRS or DISTANCE_WEIGHTED",
         op.name(), m.selection, m.loss);
  if (m.loss == AG_METRIC_CONTRASTIVE && m.distance == AG_DISTANCE_SQUARED)
    fail(AG_INVALID_ARGUMENT, "%s: distance is SQUARED; CONTRASTIVE expects EUCLIDEAN or COSINE", op.name());
}

// Without `margin` and `distances`, which not every op reads.
Metric checked_metric(OpCall& op, const ag_metric* given) {
  const ag_metric& m = op.given("metric", given);
  check_choices(op, m);
  Metric metric{};
  metric.loss = m.loss;
  metric.distance = m.distance;
  metric.selection = m.selection;
  metric.form = m.form;
  metric.mean = m.mean;
  metric.fallback = m.fallback;
  metric.n = m.n;
  metric.d = m.d;
  metric.purpose = m.purpose;
  metric.weight = m.weight;
  metric.pull = m.pull;
  metric.nu = m.nu;
  metric.seed = m.seed;
  metric.labels = op.input<int32_t>("labels", m.labels, m.n * kInt);
  metric.scalars = op.input<ag_step_scalars>("scalars", m.scalars, sizeof(ag_step_scalars));
  if (m.loss != AG_METRIC_MARGIN) return metric;
  metric.beta = op.input<float>("beta", m.beta, kFloat);
  if (m.beta_class != 0) {
    op.range("classes", int64_t{m.classes}, 1, INT32_MAX);
    metric.classes = m.classes;
    metric.beta_class = op.input<float>("beta_class", m.beta_class, m.classes * kFloat);
  }
  if (m.beta_image != 0) {
    op.range("images", int64_t{m.images}, 1, INT32_MAX);
    metric.images = m.images;
    metric.beta_image = op.input<float>("beta_image", m.beta_image, m.images * kFloat);
    metric.image = op.input<int32_t>("image", m.image, m.n * kInt);
  }
  return metric;
}

Center checked_center(OpCall& op, const ag_center* given) {
  const ag_center& c = op.given("center", given);
  op.range("n", int64_t{c.n}, 1, INT32_MAX);
  op.range("d", int64_t{c.d}, 1, INT32_MAX);
  op.range("classes", int64_t{c.classes}, 1, INT32_MAX);
  op.range("form", int64_t{c.form}, AG_CENTER_HALF_MEAN, AG_CENTER_MEAN_OF_NUMBERS);
  op.range("weight", c.weight, 0.0f, 3e38f);
  op.range("rate", c.rate, 0.0f, 1.0f);
  op.range("counted", int64_t{c.counted}, 0, 1);
  Center center{};
  center.n = c.n;
  center.d = c.d;
  center.classes = c.classes;
  center.form = c.form;
  center.weight = c.weight;
  center.rate = c.rate;
  center.counted = c.counted;
  center.x = op.input<float>("x", c.x, op.product("x", {c.n, c.d, kFloat}));
  center.labels = op.input<int32_t>("labels", c.labels, c.n * kInt);
  center.scalars = op.input<ag_step_scalars>("scalars", c.scalars, sizeof(ag_step_scalars));
  return center;
}

}  // namespace

AG_ENTRY ag_status ag_metric_distances(ag_device* device, const ag_matrix* shape, int32_t distance, ag_addr x, ag_addr distances, ag_addr workspace) {
  return guarded(device, [&](Device& d) {
    OpCall op(d, AG_OP_METRIC_DISTANCES);
    MetricDistancesCall call{};
    call.shape = checked_rows(op, shape, distance);
    call.distance = distance;
    call.x = op.input<float>("x", x, op.matrix_bytes(call.shape));
    call.distances = op.output<float>("distances", distances, square_bytes(op, call.shape.rows));
    call.workspace = op.workspace(workspace, op.workspace_bytes(call.shape.rows, call.shape.columns));
    op.run(&call);
  });
}

AG_ENTRY ag_status ag_metric_loss(ag_device* device, const ag_metric* metric, ag_addr coefficients, ag_addr dbeta, ag_addr summary, ag_addr workspace) {
  return guarded(device, [&](Device& d) {
    OpCall op(d, AG_OP_METRIC_LOSS);
    MetricLossCall call{};
    call.metric = checked_metric(op, metric);
    const int64_t n = call.metric.n;
    call.metric.distances = op.input<float>("distances", metric->distances, square_bytes(op, n));
    call.metric.margin = op.input<float>("margin", metric->margin, kFloat);
    call.coefficients = op.output<float>("coefficients", coefficients, square_bytes(op, n));
    if (call.metric.loss == AG_METRIC_MARGIN) {
      call.dbeta = op.output<float>("dbeta", dbeta, n * kFloat);
    } else if (dbeta != 0) {
      fail(AG_INVALID_ARGUMENT, "%s: dbeta is given, but only the MARGIN loss has a beta; expected 0", op.name());
    }
    call.summary = op.output<ag_metric_summary>("summary", summary, sizeof(ag_metric_summary));
    call.workspace = op.workspace(workspace, op.workspace_bytes(n, n));
    op.run(&call);
  });
}

AG_ENTRY ag_status ag_metric_backward(ag_device* device, const ag_matrix* shape, int32_t distance, int32_t write, ag_addr x, ag_addr distances,
                                      ag_addr coefficients, ag_addr dx, ag_addr workspace) {
  return guarded(device, [&](Device& d) {
    OpCall op(d, AG_OP_METRIC_BACKWARD);
    MetricBackwardCall call{};
    call.shape = checked_rows(op, shape, distance);
    op.write("write", write);
    const int64_t n = call.shape.rows;
    call.distance = distance;
    call.write = write;
    call.x = op.input<float>("x", x, op.matrix_bytes(call.shape));
    call.distances = op.input<float>("distances", distances, square_bytes(op, n));
    call.coefficients = op.input<float>("coefficients", coefficients, square_bytes(op, n));
    call.dx = op.output<float>("dx", dx, op.matrix_bytes(call.shape));
    call.workspace = op.workspace(workspace, op.workspace_bytes(n, call.shape.columns));
    op.run(&call);
  });
}

AG_ENTRY ag_status ag_metric_beta(ag_device* device, const ag_metric* metric, int32_t write, ag_addr dbeta, ag_addr dbeta_all, ag_addr dbeta_class,
                                  ag_addr dbeta_image) {
  return guarded(device, [&](Device& d) {
    OpCall op(d, AG_OP_METRIC_BETA);
    MetricBetaCall call{};
    call.metric = checked_metric(op, metric);
    op.write("write", write);
    op.range("loss", int64_t{call.metric.loss}, AG_METRIC_MARGIN, AG_METRIC_MARGIN);
    call.write = write;
    call.dbeta = op.input<float>("dbeta", dbeta, call.metric.n * kFloat);
    if (dbeta_all != 0) call.dbeta_all = op.output<float>("dbeta_all", dbeta_all, kFloat);
    if (dbeta_class != 0) {
      if (call.metric.beta_class == nullptr) fail(AG_INVALID_ARGUMENT, "%s: dbeta_class is given without beta_class; expected 0", op.name());
      call.dbeta_class = op.output<float>("dbeta_class", dbeta_class, call.metric.classes * kFloat);
    }
    if (dbeta_image != 0) {
      if (call.metric.beta_image == nullptr) fail(AG_INVALID_ARGUMENT, "%s: dbeta_image is given without beta_image; expected 0", op.name());
      call.dbeta_image = op.output<float>("dbeta_image", dbeta_image, call.metric.images * kFloat);
    }
    op.run(&call);
  });
}

AG_ENTRY ag_status ag_center_loss(ag_device* device, const ag_center* center, int32_t write, ag_addr centers, ag_addr dx, ag_addr summary,
                                  ag_addr workspace) {
  return guarded(device, [&](Device& d) {
    OpCall op(d, AG_OP_CENTER_LOSS);
    CenterLossCall call{};
    call.center = checked_center(op, center);
    op.write("write", write);
    const Center& c = call.center;
    call.write = write;
    call.centers = op.input<float>("centers", centers, op.product("centers", {c.classes, c.d, kFloat}));
    call.dx = op.output<float>("dx", dx, op.product("dx", {c.n, c.d, kFloat}));
    call.summary = op.output<ag_metric_summary>("summary", summary, sizeof(ag_metric_summary));
    call.workspace = op.workspace(workspace, op.workspace_bytes(c.n, c.d));
    op.run(&call);
  });
}

AG_ENTRY ag_status ag_center_update(ag_device* device, const ag_center* center, ag_addr centers) {
  return guarded(device, [&](Device& d) {
    OpCall op(d, AG_OP_CENTER_UPDATE);
    CenterUpdateCall call{};
    call.center = checked_center(op, center);
    call.centers = op.output<float>("centers", centers, op.product("centers", {call.center.classes, call.center.d, kFloat}));
    op.run(&call);
  });
}
