// What ThreadSanitizer watches (tools/sanitize thread): devices in several threads that share the pool, every kernel of the ops that a training step is
// made of, direct and recorded. Each thread gets the same inputs, so all must get the same bits; a difference or a refused call is a failure too.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#include "angulus.h"

namespace {

constexpr int kUsers = 3;    // threads, each with a device of its own
constexpr int kWorkers = 3;  // threads that each device asks the pool for
constexpr int kRounds = 2;

class User {
 public:
  explicit User(const char* name) {
    char words[512];
    if (ag_device_open(name, &device_, words, sizeof words) != AG_OK) {
      std::fprintf(stderr, "races: %s\n", words);
      std::exit(1);
    }
    ok(ag_device_set_threads(device_, kWorkers));
  }
  ~User() { ok(ag_device_close(device_)); }
  User(const User&) = delete;
  User& operator=(const User&) = delete;

  // Everything once; the bits of all that was computed.
  std::vector<uint32_t> run() {
    results_.clear();
    for (int32_t direction : {AG_FORWARD, AG_BACKWARD_INPUT, AG_BACKWARD_WEIGHT}) convolutions(direction);
    batch_norm();
    head();
    update();
    return results_;
  }

 private:
  void ok(ag_status status) {
    if (status == AG_OK) return;
    std::fprintf(stderr, "races: status %d: %s\n", status, ag_last_error(device_));
    std::exit(1);
  }

  // Numbers in [-1, 1), the same for the same count.
  ag_addr numbers(int64_t count) {
    std::vector<float> values(static_cast<size_t>(count));
    uint32_t state = 12345;
    for (float& value : values) {
      state = state * 1664525u + 1013904223u;
      value = static_cast<float>(static_cast<int32_t>(state)) / 2147483648.0f;
    }
    return upload(values.data(), count * 4);
  }
  ag_addr upload(const void* bytes, int64_t count) {
    const ag_addr address = space(count);
    ok(ag_upload_sync(device_, address, bytes, count));
    return address;
  }
  ag_addr space(int64_t bytes) {
    ag_addr address = 0;
    ok(ag_alloc(device_, bytes < 256 ? 256 : bytes, &address));
    taken_.push_back(address);
    return address;
  }
  ag_addr workspace(int32_t op, int64_t rows, int64_t columns, int64_t depth) {
    int64_t bytes = 0;
    ok(ag_workspace_bytes(device_, op, rows, columns, depth, &bytes));
    return space(bytes);
  }
  void keep(ag_addr address, int64_t count) {
    const size_t at = results_.size();
    results_.resize(at + static_cast<size_t>(count));
    ok(ag_download(device_, results_.data() + at, address, count * 4));
  }
  void free_all() {
    for (const ag_addr address : taken_) ok(ag_free(device_, address));
    taken_.clear();
  }

  // body() directly, and recorded and launched twice; output() keeps what it computed.
  template <class Body, class Output>
  void both_ways(const Body& body, const Output& output) {
    body();
    output();
    ag_graph* graph = nullptr;
    ok(ag_graph_begin(device_));
    body();
    ok(ag_graph_end(device_, &graph));
    for (int i = 0; i < 2; ++i) ok(ag_graph_launch(device_, graph));
    output();
    ok(ag_graph_destroy(device_, graph));
  }

  // body() with each kernel of the op.
  template <class Body>
  void each_kernel(int32_t op, const Body& body) {
    int32_t kernels = 0;
    ok(ag_kernel_count(device_, op, &kernels));
    for (int32_t kernel = 0; kernel < kernels; ++kernel) {
      ok(ag_kernel_force(device_, op, kernel));
      body();
    }
    ok(ag_kernel_force(device_, op, -1));
  }

  // Each kernel with the first shape that it can do.
  void convolutions(int32_t direction) {
    const ag_conv2d_shape shapes[] = {{3, 14, 12, 33, 48, 3, 3, 1, 1, 1, 1, 1, 1, AG_F32},
                                      {3, 14, 12, 33, 48, 5, 5, 1, 1, 2, 2, 2, 2, AG_F32},
                                      {3, 14, 12, 33, 48, 3, 3, 1, 1, 1, 1, 1, 1, AG_BF16}};
    const int64_t inputs = 3 * 14 * 12 * 33, outputs = 3 * 14 * 12 * 48;
    int32_t kernels = 0;
    ok(ag_kernel_count(device_, AG_OP_CONV2D_FORWARD + direction, &kernels));
    for (int32_t kernel = 0; kernel < kernels; ++kernel) {
      ag_conv2d_plan plan;
      ag_status status = AG_UNAVAILABLE;
      for (const ag_conv2d_shape& shape : shapes) {
        if (status == AG_UNAVAILABLE) status = ag_conv2d_make_plan(device_, &shape, direction, 0, AG_OVERWRITE, kernel, &plan);
      }
      ok(status);
      const int64_t weights = int64_t{48} * plan.shape.r * plan.shape.s * 33;
      ag_conv2d_operands operands = {};
      operands.x = numbers(inputs), operands.w = numbers(weights), operands.y = numbers(outputs);
      operands.prepared = plan.prepared_bytes == 0 ? 0 : space(plan.prepared_bytes);
      operands.workspace = plan.workspace_bytes == 0 ? 0 : space(plan.workspace_bytes);
      both_ways(
          [&] {
            if (plan.prepared_bytes != 0) ok(ag_conv2d_prepare(device_, &plan, operands.w, operands.prepared));
            ok(ag_conv2d_run(device_, &plan, &operands));
          },
          [&] {
            if (direction == AG_FORWARD) keep(operands.y, plan.shape.type == AG_F32 ? outputs : outputs / 2);
            if (direction == AG_BACKWARD_INPUT) keep(operands.x, inputs);
            if (direction == AG_BACKWARD_WEIGHT) keep(operands.w, weights);
          });
      free_all();
    }
  }

  void batch_norm() {
    const int32_t rows = 2000, columns = 70;
    const ag_matrix shape = {rows, columns, AG_F32};
    const int64_t count = int64_t{rows} * columns;
    const ag_addr statistics = numbers(2 * columns), y = space(count * 4), dx = space(count * 4), sums = space(2 * columns * 4);
    const ag_addr dgamma = space(columns * 4), dbeta = space(columns * 4), dslope = space(columns * 4), dy = numbers(count);
    const ag_batch_norm layer = {rows, columns, AG_F32, 1e-3f, numbers(count), statistics, numbers(columns), numbers(columns), numbers(columns)};
    const ag_addr reduce = workspace(AG_OP_BATCH_NORM_BACKWARD_REDUCE, rows, columns, 1), mean = workspace(AG_OP_BATCH_NORM_STATISTICS, rows, columns, 1);
    each_kernel(AG_OP_BATCH_NORM_BACKWARD_REDUCE, [&] {
      each_kernel(AG_OP_BATCH_NORM_BACKWARD_INPUT, [&] {
        both_ways(
            [&] {
              ok(ag_batch_norm_statistics(device_, &shape, layer.x, statistics, mean));
              ok(ag_batch_norm_forward(device_, &layer, 0, y));
              ok(ag_batch_norm_backward_reduce(device_, &layer, AG_OVERWRITE, dy, dgamma, dbeta, dslope, sums, reduce));
              ok(ag_batch_norm_backward_input(device_, &layer, dy, sums, dx));
            },
            [&] { keep(y, count), keep(dx, count), keep(dgamma, columns); });
      });
    });
    free_all();
  }

  void head() {
    const int32_t n = 35, d = 40, classes = 700;
    std::vector<int32_t> labels(n);
    for (int32_t i = 0; i < n; ++i) labels[static_cast<size_t>(i)] = i * 19 % classes;
    ag_step_scalars scalars = {};
    scalars.scale = 30, scalars.margin = 0.35f;
    ag_head head = {};
    head.kind = AG_HEAD_AM_SOFTMAX, head.n = n, head.d = d, head.classes = classes, head.centres = 1, head.filter = 1;
    head.x = numbers(n * d), head.w = numbers(classes * d), head.labels = upload(labels.data(), n * 4);
    head.inverse_x = space(n * 4), head.inverse_w = space(classes * 4), head.scalars = upload(&scalars, sizeof scalars);
    const ag_matrix rows = {n, d, AG_F32}, vectors = {classes, d, AG_F32};
    const ag_addr target = space(AG_TARGET_ROWS * n * 4), partial = space(AG_PARTIAL_ROWS * n * 4), best = space(n * 4), log_sum_exp = space(n * 4);
    const ag_addr losses = space(n * 4), summary = space(sizeof(ag_head_summary)), cosines = space(int64_t{n} * classes * 4);
    const ag_addr dx = space(n * d * 4), dw = space(classes * d * 4), dscale = space(n * 4);
    const ag_addr forward = workspace(AG_OP_MARGIN_FORWARD, n, classes, d), backward = workspace(AG_OP_MARGIN_BACKWARD, n, classes, d);
    each_kernel(AG_OP_MARGIN_FORWARD, [&] {
      each_kernel(AG_OP_MARGIN_BACKWARD, [&] {
        for (const ag_addr stored : {cosines, ag_addr{0}}) {
          both_ways(
              [&] {
                ok(ag_row_norm(device_, &rows, head.guard, head.x, head.inverse_x));
                ok(ag_row_norm(device_, &vectors, head.guard, head.w, head.inverse_w));
                ok(ag_margin_target(device_, &head, target));
                ok(ag_margin_forward(device_, &head, 0, classes, target, stored, partial, best, forward));
                ok(ag_margin_loss(device_, &head, 1, target, partial, log_sum_exp, losses, summary));
                ok(ag_margin_backward(device_, &head, 0, classes, AG_OVERWRITE, AG_OVERWRITE, target, log_sum_exp, losses, stored, dx, dw, 0, dscale,
                                      backward));
              },
              [&] { keep(losses, n), keep(dx, n * d), keep(dw, classes * d); });
        }
      });
    });
    free_all();
  }

  void update() {
    const int64_t count = 200000;
    const ag_sgd rule = {0.9f, AG_MOMENTUM_TORCH, 0, 0};
    const ag_segment segment = {0, count, 5e-4f, 1, -__builtin_inff(), 0};
    ag_step_scalars scalars = {};
    scalars.learning_rate = 0.1f;
    const ag_step_control start = {};
    const ag_addr parameters = numbers(count), gradients = numbers(count), velocity = numbers(count), at = upload(&scalars, sizeof scalars);
    const ag_addr control = upload(&start, sizeof start), norm = workspace(AG_OP_GRADIENT_NORM, count, 1, 1);
    both_ways(
        [&] {
          ok(ag_gradient_norm(device_, count, 1, 1, gradients, control, norm));
          ok(ag_sgd_update(device_, &rule, count, &segment, 1, parameters, gradients, velocity, at, control));
          ok(ag_commit_end(device_, control));
        },
        [&] { keep(parameters, count); });
    free_all();
  }

  ag_device* device_ = nullptr;
  std::vector<ag_addr> taken_;
  std::vector<uint32_t> results_;
};

}  // namespace

int main() {
  std::vector<uint32_t> results[kUsers];
  std::vector<std::thread> threads;
  for (int user = 0; user < kUsers; ++user) {
    threads.emplace_back([&results, user] {
      User own("cpu");
      for (int round = 0; round < kRounds; ++round) results[user] = own.run();
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int user = 1; user < kUsers; ++user) {
    if (results[user] != results[0]) {
      std::fprintf(stderr, "races: thread %d computed other bits than thread 0\n", user);
      return 1;
    }
  }
  std::printf("races: %d threads computed the same %zu numbers\n", kUsers, results[0].size());
  return 0;
}
