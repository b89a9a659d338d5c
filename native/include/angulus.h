/*
 * angulus.h: the boundary between Java and the hand-written arithmetic. Plain C, one public library (libangulus.so), several
 * devices behind it: "cpu", "cuda:0"..., "simt".
 *
 * Letters      N images, H W input rows and columns, C input channels, K output channels, R S filter rows and columns,
 *              P Q output rows and columns, D embedding size. Activations are NHWC, filters KRSC, all dense.
 * Types        `type` in a shape says how activations and their gradients are stored: AG_F32 or AG_BF16. Parameters, their gradients,
 *              statistics and losses are f32 always, and sums are taken in f32 or wider. A number is stored as bf16 by rounding to the
 *              nearest, ties to even; NaN stays NaN.
 * Status       every call returns 0 (AG_OK) or an ag_status; the words of the last failure stand in the device handle
 *              (ag_last_error). Nothing here exits, aborts or throws.
 * Addresses    device memory is a number, ag_addr. Every range [address, address + bytes) is compared with the device's table
 *              of live allocations, its alignment and the ranges it may not overlap before anything is enqueued: a wrong number is an
 *              error with words, never a crash. 0 stands for "not given" where a comment says optional. Allocations are
 *              aligned to 256 bytes, tensors to 16.
 * Time         ops enqueue and return; calls marked SYNC wait for the device. No op allocates.
 * Threads      a device is used by one thread at a time.
 * Recording    between ag_graph_begin and ag_graph_end ops are recorded and nothing runs. Calls marked SYNC, allocation, free,
 *              uploads, downloads and event calls are refused. A graph pins the allocations it names until it is destroyed.
 * Owner        who creates destroys: device, allocations, events and graphs have one close call each. Closing a device frees all
 *              that was taken from it.
 * Faults       what only the device can see (a label out of range, say) sets the fault block {code, op, index, step}; the first one
 *              stays and is reported by the next SYNC call as AG_DEVICE_FAULT, which clears it.
 */
#ifndef ANGULUS_H
#define ANGULUS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Compared for equality when the library, or a plug-in of it, is loaded. Any change to this file changes it. */
#define AG_ABI_VERSION 6

typedef int32_t ag_status;
enum {
  AG_OK = 0,
  AG_INVALID_ARGUMENT = 1, /* an argument is wrong: the words name it, what came and what was expected */
  AG_INVALID_STATE = 2,    /* the call is not allowed now (recording contract, pinned memory) */
  AG_OUT_OF_MEMORY = 3,    /* the words say what was asked and what was free */
  AG_UNAVAILABLE = 4,      /* no such device, kernel or type here: the words say why */
  AG_DEVICE_FAULT = 5,     /* a kernel met bad data: see ag_fault */
  AG_INTERNAL = 6          /* a defect of this library */
};

typedef uint64_t ag_addr;  /* device memory */
typedef uint64_t ag_event; /* a point in a stream's order */
typedef struct ag_device ag_device;
typedef struct ag_graph ag_graph;

enum { AG_F32 = 0, AG_BF16 = 1 };                    /* type */
enum { AG_OVERWRITE = 0, AG_ACCUMULATE = 1 };        /* write: y = v, or y = y + v */
enum { AG_STREAM_COMPUTE = 0, AG_STREAM_COPY = 1 };  /* stream */

/* ------------------------------------------------------------------------------------------------ library and devices */

int32_t ag_abi_version(void);

/* One line for each backend, ready or not and why not, '\n' between: for `doctor`. Cut to `bytes` with its final 0. */
ag_status ag_backends(char* text, int64_t bytes);

typedef struct ag_device_info {
  char name[64];            /* "cpu", "cuda:0" */
  char description[192];    /* processor or card */
  char isa[32];             /* "avx512", "avx2", "baseline", "sm_90a", "simt" */
  int64_t memory_bytes;     /* memory of the device */
  int64_t free_bytes;       /* of it free now */
  int64_t allocated_bytes;  /* taken through ag_alloc and not yet freed */
  int64_t peak_bytes;       /* the most that was ever taken at one time */
  int32_t threads;          /* CPU: workers of the pool; GPU: multiprocessors */
  int32_t abi_version;
} ag_device_info;

/* name: "cpu" (best ISA), "cpu:avx512", "cpu:avx2", "cpu:baseline", "cuda:N", "simt". AG_MAX_ISA in the environment caps "cpu". On failure
 * the words go to message. */
ag_status ag_device_open(const char* name, ag_device** device, char* message, int64_t message_bytes);
ag_status ag_device_close(ag_device* device);                          /* SYNC */
ag_status ag_device_query(ag_device* device, ag_device_info* info);
ag_status ag_device_set_threads(ag_device* device, int32_t threads);   /* SYNC; 1 to 256; results keep their bits */
const char* ag_last_error(ag_device* device);                          /* valid until the next call with this device */

typedef struct ag_peak {
  double flops;            /* f32 multiply-adds times two, per second, all threads */
  double bytes_per_second; /* memory read by all threads */
} ag_peak;
ag_status ag_device_measure(ag_device* device, ag_peak* peak);         /* SYNC; about 0.2 s: the roof for benchmarks */

/* ------------------------------------------------------------------------------------------------ memory, streams, events */

ag_status ag_alloc(ag_device* device, int64_t bytes, ag_addr* address);       /* contents undefined */
ag_status ag_free(ag_device* device, ag_addr address);                        /* SYNC; refused while a graph pins it */
ag_status ag_host_alloc(ag_device* device, int64_t bytes, void** pointer);    /* host memory that a card reads directly */
ag_status ag_host_free(ag_device* device, void* pointer);

/* The source stays unchanged until the stream has passed this point (wait for an event). `source` lies in ag_host_alloc memory. */
ag_status ag_upload(ag_device* device, int32_t stream, ag_addr destination, const void* source, int64_t bytes);
ag_status ag_download(ag_device* device, void* destination, ag_addr source, int64_t bytes); /* SYNC; any host memory */
ag_status ag_upload_sync(ag_device* device, ag_addr destination, const void* source, int64_t bytes); /* SYNC; any host memory */

ag_status ag_event_create(ag_device* device, ag_event* event);
ag_status ag_event_destroy(ag_device* device, ag_event event);
ag_status ag_event_record(ag_device* device, ag_event event, int32_t stream);
ag_status ag_event_wait(ag_device* device, ag_event event, int32_t stream);  /* the stream waits, not the caller; an event that was never
                                                                              * recorded has passed */
ag_status ag_event_sync(ag_device* device, ag_event event);                  /* SYNC */
ag_status ag_event_elapsed(ag_device* device, ag_event start, ag_event end, double* seconds); /* SYNC */

enum { AG_FAULT_NONE = 0, AG_FAULT_LABEL = 1, AG_FAULT_NOT_FINITE = 2 };
typedef struct ag_fault {
  int32_t code;   /* AG_FAULT_* */
  int32_t op;     /* AG_OP_* */
  int64_t index;  /* row or element */
  int64_t step;   /* ag_step_scalars.step when it happened, -1 where the op has none */
} ag_fault;
ag_status ag_sync(ag_device* device, ag_fault* fault);                       /* SYNC; fault may be null */

/* ------------------------------------------------------------------------------------------------ recording */

ag_status ag_graph_begin(ag_device* device);
ag_status ag_graph_end(ag_device* device, ag_graph** graph);                 /* ends the recording also when it fails */
ag_status ag_graph_abort(ag_device* device);                                 /* forget what was recorded */
ag_status ag_graph_launch(ag_device* device, ag_graph* graph);
ag_status ag_graph_destroy(ag_device* device, ag_graph* graph);              /* SYNC */

/* ------------------------------------------------------------------------------------------------ ops and their kernels */

/* Every op has an ordered list of kernels, fastest first, the plain one last. The choice is the first that accepts the shape, unless one is
 * forced here (tests, benchmarks); convolutions choose in their plan instead. */
enum {
  AG_OP_FILL, AG_OP_COPY, AG_OP_CONVERT, AG_OP_ADD, AG_OP_IMAGE_NORMALIZE, AG_OP_CONV2D_FORWARD, AG_OP_CONV2D_BACKWARD_INPUT,
  AG_OP_CONV2D_BACKWARD_WEIGHT, AG_OP_CONV2D_PREPARE, AG_OP_CHANNEL_SUM, AG_OP_PRELU_FORWARD, AG_OP_PRELU_BACKWARD,
  AG_OP_BATCH_NORM_STATISTICS, AG_OP_BATCH_NORM_FORWARD, AG_OP_BATCH_NORM_BACKWARD_REDUCE, AG_OP_BATCH_NORM_BACKWARD_INPUT,
  AG_OP_RUNNING_STATISTICS, AG_OP_DROPOUT, AG_OP_ROW_NORM, AG_OP_NORMALIZE_FORWARD, AG_OP_NORMALIZE_BACKWARD, AG_OP_MARGIN_TARGET,
  AG_OP_MARGIN_FORWARD, AG_OP_MARGIN_LOSS, AG_OP_MARGIN_BACKWARD, AG_OP_GRADIENT_NORM, AG_OP_SGD_UPDATE, AG_OP_ADAM_UPDATE,
  AG_OP_EMA_UPDATE, AG_OP_COMMIT_COPY, AG_OP_COMMIT_END,
  AG_OP_ADAGRAD_UPDATE, AG_OP_RMSPROP_UPDATE,
  AG_OP_MAX_POOL_FORWARD, AG_OP_MAX_POOL_BACKWARD,
  AG_OP_METRIC_DISTANCES, AG_OP_METRIC_LOSS, AG_OP_METRIC_BACKWARD, AG_OP_METRIC_BETA, AG_OP_CENTER_LOSS, AG_OP_CENTER_UPDATE,
  AG_OP_QUANTIZE, AG_OP_INT8_PREPARE, AG_OP_INT8_CONV2D,
  AG_OP_COUNT
};
ag_status ag_kernel_count(ag_device* device, int32_t op, int32_t* count);
ag_status ag_kernel_name(ag_device* device, int32_t op, int32_t kernel, char* name, int64_t bytes);
ag_status ag_kernel_force(ag_device* device, int32_t op, int32_t kernel);    /* -1: choose again; not for the convolutions */

/* Bytes of workspace for an op that reduces over `rows` rows of `columns` numbers (those that name a `workspace` of this size): the most that any of
 * its kernels needs. depth: the embedding size D for the head's ops, 1 for the others. */
ag_status ag_workspace_bytes(ag_device* device, int32_t op, int64_t rows, int64_t columns, int64_t depth, int64_t* bytes);

/* What changes from step to step, as device data: sent in stream order, read by the ops that take `scalars`. */
typedef struct ag_step_scalars {
  int64_t step;            /* number of this step, from 0 */
  uint64_t random_counter; /* one value for each micro-batch, never used twice in a run */
  float learning_rate;
  float margin;            /* head: m */
  float scale;             /* head: s, where it is not |x| */
  float lambda;            /* head: annealing */
} ag_step_scalars;

/* ------------------------------------------------------------------------------------------------ elementwise */

ag_status ag_fill(ag_device* device, ag_addr y, int64_t bytes, uint32_t pattern); /* every 4 bytes = pattern; bytes % 4 == 0 */
ag_status ag_copy(ag_device* device, ag_addr y, ag_addr x, int64_t bytes);
/* y (count), stored as `to` = x (count), stored as `from`; from and to differ. */
ag_status ag_convert(ag_device* device, int64_t count, int32_t from, ag_addr x, int32_t to, ag_addr y);
ag_status ag_add(ag_device* device, int32_t type, int64_t count, ag_addr a, ag_addr b, ag_addr y); /* y = a + b; y may be a or b */

typedef struct ag_image_shape {
  int32_t n, h, w, c; /* c: 1 to 4 */
  int32_t type;       /* of y */
  int32_t reverse;    /* 1: channel order reversed (RGB to BGR) */
  float mean, factor; /* y = (u8 - mean) * factor; 127.5 and 1/128 */
} ag_image_shape;
/* u8 images (N,H,W,C) to y (N,H,W,C). flips: u8 (N), 1 = mirrored left to right; optional. */
ag_status ag_image_normalize(ag_device* device, const ag_image_shape* shape, ag_addr images, ag_addr flips, ag_addr y);

/* ------------------------------------------------------------------------------------------------ convolution */

typedef struct ag_conv2d_shape {
  int32_t n, h, w, c; /* x (N,H,W,C) */
  int32_t k, r, s;    /* w (K,R,S,C), f32 */
  int32_t stride_h, stride_w;
  int32_t pad_top, pad_bottom, pad_left, pad_right; /* each 0 up to the filter's size - 1 */
  int32_t type;       /* of x, y and residual, and of the factors of every product: with AG_BF16 each weight is rounded to bf16 as well */
} ag_conv2d_shape; /* y (N,P,Q,K): P = (H + pad_top + pad_bottom - R) / stride_h + 1, Q alike. A linear layer is H=W=R=S=1. */

enum { AG_FORWARD = 0, AG_BACKWARD_INPUT = 1, AG_BACKWARD_WEIGHT = 2 };

/* What is done to the result before it is stored, in this order; a sum of flags.
 * forward: v = conv + bias; v = v > 0 ? v : slope * v; y = v + residual. STATISTICS stands alone: y = conv, and statistics = mean and
 * biased variance of y per channel. backward by input: RESIDUAL only (dx = result + residual). backward by weight: none. */
enum { AG_EPILOGUE_BIAS = 1, AG_EPILOGUE_PRELU = 2, AG_EPILOGUE_RESIDUAL = 4, AG_EPILOGUE_STATISTICS = 8 };

typedef struct ag_conv2d_plan {
  ag_conv2d_shape shape;
  int32_t direction;
  int32_t epilogue;
  int32_t write;           /* AG_ACCUMULATE: backward by weight only */
  int32_t kernel;          /* index in the list of the direction's op */
  int32_t prepared_form;   /* 0: reads w as it is, f32, and rounds each weight to `type` as it is loaded; else the kernel's own form, made by
                            * ag_conv2d_prepare: a kernel that wants its weights stored as bf16 has them so there */
  int32_t reserved;
  int64_t prepared_bytes;
  int64_t workspace_bytes;
} ag_conv2d_plan;

/* kernel -1 chooses. A forced kernel that cannot do the shape is AG_UNAVAILABLE. Every kernel accepts every epilogue. */
ag_status ag_conv2d_make_plan(ag_device* device, const ag_conv2d_shape* shape, int32_t direction, int32_t epilogue, int32_t write,
                              int32_t kernel, ag_conv2d_plan* plan);

/* w (K,R,S,C), f32, into the plan's own form: an ordinary, recordable op; needed again after w changed. Not called when prepared_bytes is 0. */
ag_status ag_conv2d_prepare(ag_device* device, const ag_conv2d_plan* plan, ag_addr w, ag_addr prepared);

typedef struct ag_conv2d_operands {
  ag_addr x;          /* (N,H,W,C), type; dx (output) in backward by input */
  ag_addr w;          /* (K,R,S,C), f32; dw (output) in backward by weight; not read when the plan has a prepared form */
  ag_addr y;          /* (N,P,Q,K), type; output in forward, dy otherwise */
  ag_addr prepared;   /* prepared_bytes */
  ag_addr workspace;  /* workspace_bytes */
  ag_addr bias;       /* (K), f32 */
  ag_addr slope;      /* (K), f32 */
  ag_addr residual;   /* type, like the output; may be the output itself */
  ag_addr statistics; /* (2,K), f32: mean, biased variance */
} ag_conv2d_operands;
ag_status ag_conv2d_run(ag_device* device, const ag_conv2d_plan* plan, const ag_conv2d_operands* operands);

/* ------------------------------------------------------------------------------------------------ int8 inference */

/* An activation stored as u8 number q stands for (q - zero) * step, with one zero, 0 to 255, and one step for the whole tensor; a weight is s8, -127 to 127, in
 * a step of its output channel's own. Sums are exact in int32, so every kernel gives the same bits. */

/* y (count), u8 = the nearest whole number of x * factor (ties to even), plus zero, within 0 to 255. x (count), f32; factor 1 / step. */
ag_status ag_quantize(ag_device* device, int64_t count, float factor, int32_t zero, ag_addr x, ag_addr y);

/* w (K,R,S,C), s8, into the form that ag_int8_conv2d_run reads: the same for all kernels of a device. R S C: 1 to 65536. */
ag_status ag_int8_prepared_bytes(ag_device* device, const ag_conv2d_shape* shape, int64_t* bytes);
ag_status ag_int8_prepare(ag_device* device, const ag_conv2d_shape* shape, ag_addr w, ag_addr prepared);

/* v = scale[k] * (sum of w (x - x_zero)) + bias[k]; v = v > 0 ? v : slope[k] * v; v = v + residual_scale * (residual - residual_zero).
 * rounded 1: y, u8 = the nearest whole number of v (ties to even), plus y_zero, within 0 to 255: scale, bias and residual_scale then count steps of y.
 * rounded 0: y, f32 = v. Outside of x the value is x_zero. */
typedef struct ag_int8_conv2d {
  ag_conv2d_shape shape;  /* x (N,H,W,C) to y (N,P,Q,K); its type is AG_F32, of v */
  int32_t rounded;
  int32_t x_zero, y_zero, residual_zero;
  float residual_scale;
  int32_t reserved;
  ag_addr x;              /* (N,H,W,C), u8 */
  ag_addr prepared;       /* by ag_int8_prepare */
  ag_addr scale, bias;    /* (K), f32 */
  ag_addr slope;          /* (K), f32; optional */
  ag_addr residual;       /* (N,P,Q,K), u8; optional; may be y where that is u8 */
  ag_addr y;              /* (N,P,Q,K) */
} ag_int8_conv2d;
ag_status ag_int8_conv2d_run(ag_device* device, const ag_int8_conv2d* convolution);

/* ------------------------------------------------------------------------------------------------ per channel */

typedef struct ag_matrix {
  int32_t rows, columns; /* an activation (N,H,W,C) has N*H*W rows and C columns */
  int32_t type;
} ag_matrix;

/* y (columns), f32: sum of the rows. The gradient of a bias. workspace: ag_workspace_bytes(AG_OP_CHANNEL_SUM). */
ag_status ag_channel_sum(ag_device* device, const ag_matrix* shape, int32_t write, ag_addr x, ag_addr y, ag_addr workspace);

/* y = residual + (x > 0 ? x : slope x). residual optional. slope (columns), f32. y may be x or residual. */
ag_status ag_prelu_forward(ag_device* device, const ag_matrix* shape, ag_addr x, ag_addr slope, ag_addr residual, ag_addr y);
/* dx = dy (x > 0 ? 1 : slope); dslope = sum dy min(x, 0), written as `write` says. dx may be dy. workspace: AG_OP_PRELU_BACKWARD. */
ag_status ag_prelu_backward(ag_device* device, const ag_matrix* shape, int32_t write, ag_addr dy, ag_addr x, ag_addr slope, ag_addr dx,
                            ag_addr dslope, ag_addr workspace);

/* What forward and backward of one batch-norm layer share. v = gamma (x - mean) / sqrt(variance + epsilon) + beta. */
typedef struct ag_batch_norm {
  int32_t rows, columns, type;
  float epsilon;
  ag_addr x;          /* (rows, columns): kept for backward */
  ag_addr statistics; /* (2, columns), f32: mean, biased variance of the batch; the running ones in inference */
  ag_addr gamma, beta; /* (columns), f32 */
  ag_addr slope;      /* (columns), f32: a PReLU follows; optional */
} ag_batch_norm;
/* workspace: AG_OP_BATCH_NORM_STATISTICS. Partial (count, mean, M2) are merged in a fixed order. */
ag_status ag_batch_norm_statistics(ag_device* device, const ag_matrix* shape, ag_addr x, ag_addr statistics, ag_addr workspace);
/* y = residual + prelu(v). residual optional. y may be x (inference) or residual. */
ag_status ag_batch_norm_forward(ag_device* device, const ag_batch_norm* layer, ag_addr residual, ag_addr y);
/* dv = dy (v > 0 ? 1 : slope). sums (2, columns), f32: sum dv, sum dv x^. dgamma, dbeta, dslope as `write` says; dslope only with a slope.
 * workspace: AG_OP_BATCH_NORM_BACKWARD_REDUCE. */
ag_status ag_batch_norm_backward_reduce(ag_device* device, const ag_batch_norm* layer, int32_t write, ag_addr dy, ag_addr dgamma,
                                        ag_addr dbeta, ag_addr dslope, ag_addr sums, ag_addr workspace);
/* dx = gamma / sqrt(variance + epsilon) (dv - sum dv / rows - x^ sum(dv x^) / rows). dx may be dy. */
ag_status ag_batch_norm_backward_input(ag_device* device, const ag_batch_norm* layer, ag_addr dy, ag_addr sums, ag_addr dx);

/* running (2, columns), f32 = decay running + (1 - decay) statistics; the variance times rows / (rows - 1) when unbiased is 1 and rows > 1. */
ag_status ag_running_statistics(ag_device* device, const ag_matrix* shape, float decay, int32_t unbiased, ag_addr statistics,
                                ag_addr running);

/* y = keep this element ? x / keep : 0, by Philox(seed, purpose; scalars.random_counter, index): the same call on dy is the backward.
 * 0 < keep <= 1. y may be x. */
ag_status ag_dropout(ag_device* device, const ag_matrix* shape, float keep, uint64_t seed, int32_t purpose, ag_addr x, ag_addr scalars,
                     ag_addr y);

/* ------------------------------------------------------------------------------------------------ max pooling */

typedef struct ag_max_pool_shape {
  int32_t n, h, w, c;
  int32_t window, stride;        /* the same in both directions; window 1 to 15 */
  int32_t pad_bottom, pad_right; /* each 0 up to the window - 1: rows and columns of -infinity at the end, which is how ceil mode is asked for */
  int32_t type;                  /* of x, y and their gradients */
} ag_max_pool_shape; /* y (N,P,Q,C): P = (H + pad_bottom - window) / stride + 1, Q alike */

/* y = the largest number of each window, NaN where one is NaN. winner (N,P,Q,C), u8: its place in the window, row * window + column, of equal ones
 * the first; optional. */
ag_status ag_max_pool_forward(ag_device* device, const ag_max_pool_shape* shape, ag_addr x, ag_addr winner, ag_addr y);
/* dx = the sum of dy over the windows that this place won, by the winner (N,P,Q,C) that forward left. */
ag_status ag_max_pool_backward(ag_device* device, const ag_max_pool_shape* shape, ag_addr dy, ag_addr winner, ag_addr dx);

/* ------------------------------------------------------------------------------------------------ length of rows */

/* Guard against length 0. q = sum of squares. CLAMP_LENGTH: 1 / max(sqrt q, 1e-12). CLAMP_SQUARE: 1 / sqrt(max(q, 1e-10)). ADD: 1 / sqrt(q + 1e-10).
 * In a clamped branch the gradient is g times the inverse, without projection. */
enum { AG_NORM_CLAMP_LENGTH = 0, AG_NORM_CLAMP_SQUARE = 1, AG_NORM_ADD = 2 };
ag_status ag_row_norm(ag_device* device, const ag_matrix* shape, int32_t guard, ag_addr x, ag_addr inverse); /* inverse (rows), f32 */
/* y = x / |x|; y may be x. inverse (rows), f32, as by ag_row_norm: output. */
ag_status ag_normalize_forward(ag_device* device, const ag_matrix* shape, int32_t guard, ag_addr x, ag_addr inverse, ag_addr y);
/* dx from dy, x and inverse; dx may be dy. */
ag_status ag_normalize_backward(ag_device* device, const ag_matrix* shape, int32_t guard, ag_addr dy, ag_addr x, ag_addr inverse, ag_addr dx);

/* ------------------------------------------------------------------------------------------------ head */

/* Logits z_j = S t(c_j) for j != y, z_y = S phi(c_y). c_j = <w^_j, x^>, clipped to [-1, 1], but for SOFTMAX (<w_j, x> + b_j) and L_SOFTMAX (<w_j, x>), which
 * keep lengths and have S = 1. S = |x| for MODIFIED_SOFTMAX and SPHEREFACE, s for the others. t(c) = c but for CURRICULARFACE, CIRCLE and with `filter`.
 * What phi and t are: native/src/margin_functors.h and margin_others.h. COCO and AdaCos are NORMFACE with another s, sub-center ArcFace is ARCFACE with
 * centres > 1. SPHEREFACE2, C_CONTRASTIVE and C_TRIPLET have no softmax: their loss is a sum over the classes. */
enum {
  AG_HEAD_SOFTMAX = 0, AG_HEAD_MODIFIED_SOFTMAX = 1, AG_HEAD_NORMFACE = 2, AG_HEAD_AM_SOFTMAX = 3, AG_HEAD_L_SOFTMAX = 4, AG_HEAD_SPHEREFACE = 5,
  AG_HEAD_SPHEREFACE_R = 6, AG_HEAD_ARCFACE = 7, AG_HEAD_COMBINED = 8, AG_HEAD_MAGFACE = 9, AG_HEAD_ADAFACE = 10, AG_HEAD_ELASTICFACE = 11,
  AG_HEAD_CURRICULARFACE = 12, AG_HEAD_CIRCLE = 13, AG_HEAD_SPHEREFACE2 = 14, AG_HEAD_C_CONTRASTIVE = 15, AG_HEAD_C_TRIPLET = 16, AG_HEAD_COUNT = 17
};
/* flags of a head, a sum. DETACHED: phi' is taken as 1, SPHEREFACE2: as r at every cosine. MONOTONE, EASY: what ARCFACE does past pi, else cos(t + m)
 * everywhere. NORMALISED: the original code's gradient of SPHEREFACE. COSINE: ELASTICFACE takes its margin off the cosine. SORTED: ELASTICFACE gives the
 * largest margin to the hardest row. */
enum {
  AG_HEAD_DETACHED = 1, AG_HEAD_MONOTONE = 2, AG_HEAD_EASY = 4, AG_HEAD_NORMALISED = 8, AG_HEAD_COSINE = 16, AG_HEAD_SORTED = 32
};
/* Most numbers of a `state`: CURRICULARFACE one, tau; ADAFACE two, mean and deviation of the lengths. */
enum { AG_HEAD_STATE = 2 };

typedef struct ag_head {
  int32_t kind;
  int32_t n, d, classes;
  int32_t guard;      /* AG_NORM_*, for x and w */
  int32_t type;       /* of the factors of the N x C products in ag_margin_forward and ag_margin_backward: AG_BF16 rounds the rows x^ and w^ (SOFTMAX: x
                       * and w) to bf16 for them, and sums in f32. Target cosine, lengths, logits, losses and all that is stored are f32 always */
  int32_t flags;
  int32_t centres;    /* K of each class, its cosine is the largest of K; 1, more only for ARCFACE */
  ag_addr x;          /* (N,D), f32: raw embeddings */
  ag_addr w;          /* (classes,K,D), f32: raw class vectors */
  ag_addr bias;       /* (classes), f32: SOFTMAX; (1): SPHEREFACE2 */
  ag_addr labels;     /* (N), int32: [0, classes); another value is a fault of the device and the row adds nothing */
  ag_addr inverse_x;  /* (N), f32: from ag_row_norm; not for SOFTMAX */
  ag_addr inverse_w;  /* (classes,K), f32: from ag_row_norm; not for SOFTMAX */
  ag_addr scalars;    /* ag_step_scalars: scale, margin, lambda */
  ag_addr scale;      /* (1), f32, optional: a learnt s instead of the scalars' */
  ag_addr state;      /* (1) CURRICULARFACE, (2) ADAFACE, f32; ag_margin_target brings it up to date first, the other ops read it */
  uint64_t seed;      /* ELASTICFACE: of its margins, beside scalars.random_counter */
  float m1;           /* factor of the angle: L_SOFTMAX and SPHEREFACE (1, 2, 3 or 4), SPHEREFACE_R, COMBINED */
  float m3;           /* COMBINED: taken off the cosine; MAGFACE: margin at the length `high`, m being that at `low` */
  float filter;       /* t(c) = 0 for c above; 1: no filter. For heads with cosines whose t(c) is c otherwise */
  float rate;         /* of the moving averages in `state` */
  float spread;       /* ADAFACE: h; ELASTICFACE: sigma; SPHEREFACE2: the exponent t */
  float low, high;    /* MAGFACE: the lengths between which the margin grows */
  float weight;       /* MAGFACE: of the length's penalty; SPHEREFACE2: of the loss */
  float balance;      /* SPHEREFACE2: weight of the target against the others, alpha */
  float reserved;
} ag_head;

/* Rows of `target` (AG_TARGET_ROWS, N), f32. */
enum {
  AG_TARGET_COSINE = 0, AG_TARGET_PHI = 1, AG_TARGET_DPHI = 2, AG_TARGET_SCALE = 3, AG_TARGET_MARGIN = 4,
  AG_TARGET_DLENGTH = 5,       /* dz_y / d|x|, at the same c_y and S */
  AG_TARGET_DCLASS_LENGTH = 6, /* dz_y / d|w_y| */
  AG_TARGET_TURN = 7,          /* what dx gets beyond phi': dz_y turn w^_y */
  AG_TARGET_PENALTY = 8,       /* joins the row's loss in the summary */
  AG_TARGET_DPENALTY = 9,      /* its derivative by |x| */
  AG_TARGET_ROWS = 10
};
/* All that touches N numbers: c_y as an exact dot product, phi, phi', S, m and what else the head has of a row. Writes `state` where there is one. */
ag_status ag_margin_target(ag_device* device, const ag_head* head, ag_addr target);

/* Rows of `partial` (AG_PARTIAL_ROWS, N), f32: over the classes of the range other than y: the largest logit, the sum of exp(z - largest), for a loss that is
 * a sum: of its terms, the sum of c, and for such a loss that of the derivatives of its terms by z. best (N), int32: the class of the largest. A range without
 * another class gives -inf, 0, 0, 0 and -1. */
enum { AG_PARTIAL_MAX = 0, AG_PARTIAL_SUM = 1, AG_PARTIAL_COSINE = 2, AG_PARTIAL_PULL = 3, AG_PARTIAL_ROWS = 4 };
/* Classes [first, first + count). cosines (N,count), f32: c kept for backward; optional: 0 makes backward compute them again.
 * workspace: ag_workspace_bytes(AG_OP_MARGIN_FORWARD, n, count, d). */
ag_status ag_margin_forward(ag_device* device, const ag_head* head, int32_t first, int32_t count, ag_addr target, ag_addr cosines,
                            ag_addr partial, ag_addr best, ag_addr workspace);

typedef struct ag_head_summary {
  float loss;            /* mean over N, the target's penalty included */
  float accuracy;        /* share of rows whose target cosine, as a logit t(c) of another class, beats every other class */
  float target_cosine;   /* mean of c_y */
  float other_cosine;    /* mean of c_j, j != y */
} ag_head_summary;
/* Merges the partials of `ranges` class ranges, (ranges, AG_PARTIAL_ROWS, N), in their order. log_sum_exp (N), losses (N), f32: per row, over all
 * classes, the target with its margin; loss = log1p(sum exp(z_j - z_y)), precise relative to itself. Where the loss is a sum over the classes, log_sum_exp holds
 * its derivative by z_y. summary: ag_head_summary. */
ag_status ag_margin_loss(ag_device* device, const ag_head* head, int32_t ranges, ag_addr target, ag_addr partial, ag_addr log_sum_exp,
                         ag_addr losses, ag_addr summary);

/* Gradients of the mean loss for the classes [first, first + count), given the log-sum-exp and the losses of ag_margin_loss over all classes:
 * p_j = exp(z_j - log_sum_exp), and p_y - 1 = expm1(-loss), which keeps the digits of a small loss.
 * dx (N,D) as write_x says (overwrite for the first range, accumulate for the rest); dw (count,K,D): the rows of the range; dbias (count):
 * of each class, SOFTMAX and SPHEREFACE2 only; both as write_w says. dscale (N): dL/dS per row, as write_x says. workspace: AG_OP_MARGIN_BACKWARD, n, count, d. */
ag_status ag_margin_backward(ag_device* device, const ag_head* head, int32_t first, int32_t count, int32_t write_x, int32_t write_w,
                             ag_addr target, ag_addr log_sum_exp, ag_addr losses, ag_addr cosines, ag_addr dx, ag_addr dw, ag_addr dbias,
                             ag_addr dscale, ag_addr workspace);

/* ------------------------------------------------------------------------------------------------ metric */

/* Losses on the distances between the N embeddings of a batch. Memory is O(N^2), never N^3. Three ops: distances D (N,N) of all pairs, the loss and its
 * coefficients dL/dD, and dx from these. Rows of length 1 are made by ag_normalize_forward before and ag_normalize_backward after.
 * SQUARED: |x_i - x_j|^2, EUCLIDEAN: |x_i - x_j|, both summed from the differences, so that equal rows are exactly 0 apart. COSINE: 1 - <x_i, x_j>. */
enum { AG_DISTANCE_SQUARED = 0, AG_DISTANCE_EUCLIDEAN = 1, AG_DISTANCE_COSINE = 2 };
/* shape: (N,D) of x, f32. distances (N,N), f32. workspace: ag_workspace_bytes(AG_OP_METRIC_DISTANCES, n, d, 1). */
ag_status ag_metric_distances(ag_device* device, const ag_matrix* shape, int32_t distance, ag_addr x, ag_addr distances, ag_addr workspace);

/* With y = 1 for a pair of one label, else -1; d of the pair; (a, p, n) anchor, positive, negative; m = *margin, softplus(z) = ln(1 + e^z):
 * CONTRASTIVE (EUCLIDEAN): d^2 / 2, max(0, m - d)^2 / 2. (COSINE, where m is a cosine): d = 1 - cos, max(0, cos - m).
 * TRIPLET: HINGE max(0, d_ap - d_an + m); SOFT softplus(d_ap - d_an) + pull softplus(d_ap), without a margin.
 * MARGIN: max(0, m + y (d - b)) with b = beta + beta_class[label of the anchor] + beta_image[image of the anchor], plus nu times the mean of b. */
enum { AG_METRIC_CONTRASTIVE = 0, AG_METRIC_TRIPLET = 1, AG_METRIC_MARGIN = 2 };
enum { AG_TRIPLET_HINGE = 0, AG_TRIPLET_SOFT = 1 };
/* Which terms. ALL: every ordered pair, every triplet. PAIRS: rows 2i and 2i + 1 only (not for TRIPLET).
 * TRIPLETS (TRIPLET): rows 3i, 3i + 1 and 3i + 2 only, as a, p and n, where their labels are so.
 * BATCH_HARD (TRIPLET): for each anchor the farthest positive and the nearest negative. The others take one negative for each ordered (a, p):
 * SEMI_HARD: the nearest with d_an > d_ap; where there is none, the farthest of all (fallback 1) or no term (0). SEMI_HARD_RANDOM: uniform among d_ap < d_an < d_ap + m.
 * VIOLATOR: uniform among d_an < d_ap + m. DISTANCE_WEIGHTED: by 1 / q(d), q the density of distances between points of the unit sphere of D dimensions, d
 * clamped below at 0.5, from 1.4 on excluded; uniform where nothing is left. CONTRASTIVE and MARGIN take ALL, PAIRS or DISTANCE_WEIGHTED, then with the terms of
 * both pairs, (a, p) and (a, n). Of equals the lowest row. Random numbers: element a N + p of Philox(seed, purpose; scalars.random_counter). */
enum {
  AG_SELECT_ALL = 0, AG_SELECT_PAIRS = 1, AG_SELECT_BATCH_HARD = 2, AG_SELECT_SEMI_HARD = 3, AG_SELECT_SEMI_HARD_RANDOM = 4, AG_SELECT_VIOLATOR = 5,
  AG_SELECT_DISTANCE_WEIGHTED = 6, AG_SELECT_TRIPLETS = 7
};
/* The loss is the sum of the terms over their number, or over the number of those that are not 0. */
enum { AG_MEAN_OF_TERMS = 0, AG_MEAN_OF_ACTIVE = 1 };

typedef struct ag_metric {
  int32_t loss, distance, selection, form, mean, fallback;
  int32_t n, d;            /* d: of the embeddings */
  int32_t classes, images; /* extents of beta_class and beta_image, 0 where not given */
  int32_t purpose;         /* tells the draws of one step apart */
  float weight;            /* times coefficients and dbeta; the summary's loss is without it */
  float pull, nu;
  uint64_t seed;
  ag_addr distances;       /* (N,N), f32 */
  ag_addr labels;          /* (N), int32: any number; [0, classes) where beta_class is given, else a fault of the device */
  ag_addr margin;          /* (1), f32: device data, so that it can change between replays */
  ag_addr beta;            /* (1), f32: MARGIN */
  ag_addr beta_class;      /* (classes), f32: optional */
  ag_addr beta_image;      /* (images), f32: optional */
  ag_addr image;           /* (N), int32: [0, images), where beta_image is given */
  ag_addr scalars;         /* ag_step_scalars */
} ag_metric;

typedef struct ag_metric_summary {
  float loss;              /* without weight */
  float active;            /* share of the terms that are not 0 */
  float terms;             /* how many terms there were; 0: the batch has no pair or triplet to learn from, and all coefficients are 0 */
  float skipped;           /* share of anchors (BATCH_HARD) or of pairs (a, p) for which no negative was found */
  float positive_distance; /* mean over the pairs of one label; 0 without one */
  float negative_distance; /* mean over the pairs of two labels */
  float collapsed;         /* share of rows whose distance to every other row is below 1e-3: 1 when all embeddings have become one */
  float beta;              /* mean of b over the rows */
} ag_metric_summary;

/* coefficients (N,N), f32: weight dL/dD, of the pair (anchor, other). dbeta (N), f32: weight dL/db of each anchor; MARGIN only, else 0. A distance that is not
 * finite makes loss and coefficients NaN, so that the step is skipped. workspace: ag_workspace_bytes(AG_OP_METRIC_LOSS, n, n, 1). */
ag_status ag_metric_loss(ag_device* device, const ag_metric* metric, ag_addr coefficients, ag_addr dbeta, ag_addr summary, ag_addr workspace);
/* dx (N,D) of D and its coefficients; two rows at distance 0 do not pull or push each other (the gradient of EUCLIDEAN there is 0 by convention).
 * workspace: ag_workspace_bytes(AG_OP_METRIC_BACKWARD, n, d, 1). */
ag_status ag_metric_backward(ag_device* device, const ag_matrix* shape, int32_t distance, int32_t write, ag_addr x, ag_addr distances, ag_addr coefficients,
                             ag_addr dx, ag_addr workspace);
/* From dbeta (N) of ag_metric_loss the gradients of beta (1), beta_class (classes) and beta_image (images), each optional, rows in their order. */
ag_status ag_metric_beta(ag_device* device, const ag_metric* metric, int32_t write, ag_addr dbeta, ag_addr dbeta_all, ag_addr dbeta_class, ag_addr dbeta_image);

/* Center loss: of each row's squared distance to the centre of its class. HALF_MEAN: sum |x_i - c_y|^2 / (2 N). MEAN_OF_NUMBERS: sum |x_i - c_y|^2 / (N D). */
enum { AG_CENTER_HALF_MEAN = 0, AG_CENTER_MEAN_OF_NUMBERS = 1 };
typedef struct ag_center {
  int32_t n, d, classes;
  int32_t form;
  float weight;    /* times dx; the summary's loss is without it */
  float rate;      /* of the update */
  int32_t counted; /* 1: the update of a class is divided by 1 + its rows in the batch */
  int32_t reserved;
  ag_addr x;       /* (N,D), f32 */
  ag_addr labels;  /* (N), int32: [0, classes); another value is a fault of the device and the row adds nothing */
  ag_addr scalars; /* ag_step_scalars */
} ag_center;
/* centers (classes,D), f32. dx (N,D) as `write` says. summary: ag_metric_summary with loss, terms (rows) and positive_distance (mean |x_i - c_y|), the rest 0.
 * workspace: ag_workspace_bytes(AG_OP_CENTER_LOSS, n, d, 1). */
ag_status ag_center_loss(ag_device* device, const ag_center* center, int32_t write, ag_addr centers, ag_addr dx, ag_addr summary, ag_addr workspace);
/* centers of the classes in the batch: c_j = c_j - rate / (counted ? 1 + n_j : 1) sum over y_i = j of (c_j - x_i), rows in their order. */
ag_status ag_center_update(ag_device* device, const ag_center* center, ag_addr centers);

/* ------------------------------------------------------------------------------------------------ step and commit */

/* Persistent, device data. Every commit op reads `apply` and leaves all bytes unchanged when it is 0. */
typedef struct ag_step_control {
  float gradient_norm;   /* of this step, after gradient_scale */
  float gradient_factor; /* gradient_scale times the clipping factor */
  int32_t apply;         /* 1: the norm and the losses of this step are finite */
  int32_t reserved;
  int64_t applied_steps; /* Adam's t is this + 1 */
  int64_t skipped_steps;
} ag_step_control;

/* gradients (count), f32. gradient_factor = gradient_scale * min(1, max_norm / norm); max_norm 0: no clipping.
 * workspace: ag_workspace_bytes(AG_OP_GRADIENT_NORM, count, 1, 1). */
ag_status ag_gradient_norm(ag_device* device, int64_t count, float gradient_scale, float max_norm, ag_addr gradients, ag_addr control,
                           ag_addr workspace);

/* A stretch of the flat parameter buffer with its own rules. Copied when the op is enqueued or recorded. */
typedef struct ag_segment {
  int64_t offset, count;  /* elements */
  float weight_decay;
  float rate_factor;      /* times the learning rate */
  float lower_bound;      /* values are clamped from below; -INFINITY: not */
  float reserved;
} ag_segment;

enum { AG_MOMENTUM_TORCH = 0, AG_MOMENTUM_CAFFE = 1 };
typedef struct ag_sgd {
  float momentum;
  int32_t convention; /* TORCH: v = mu v + g, w -= lr v. CAFFE: v = mu v + lr g, w -= v. g holds the decay (coupled) */
  int32_t nesterov;   /* TORCH only: w -= lr (g + mu v) */
  int32_t reserved;
} ag_sgd;
/* parameters, gradients, velocity (count), f32; segments lie inside [0, count) and do not overlap; elements outside stay. */
ag_status ag_sgd_update(ag_device* device, const ag_sgd* rule, int64_t count, const ag_segment* segments, int32_t segment_count,
                        ag_addr parameters, ag_addr gradients, ag_addr velocity, ag_addr scalars, ag_addr control);

enum { AG_ADAM_TORCH = 0, AG_ADAM_EPSILON_HAT = 1 };
typedef struct ag_adam {
  float beta1, beta2, epsilon;
  int32_t form;      /* TORCH: m^ / (sqrt(v^) + eps). EPSILON_HAT: lr sqrt(1-b2^t)/(1-b1^t) m / (sqrt v + eps) */
  int32_t decoupled; /* 0: decay enters the gradient; 1: w -= lr decay w */
  int32_t reserved;
} ag_adam;
/* first, second (count), f32: the moments. */
ag_status ag_adam_update(ag_device* device, const ag_adam* rule, int64_t count, const ag_segment* segments, int32_t segment_count,
                         ag_addr parameters, ag_addr gradients, ag_addr first, ag_addr second, ag_addr scalars, ag_addr control);

/* average = e average + (1 - e) x with e = min(decay, (1 + t) / (10 + t)), t the applied steps before this one. f32. */
ag_status ag_ema_update(ag_device* device, int64_t count, float decay, ag_addr x, ag_addr average, ag_addr control);
/* y = x if the step applies: candidates (running statistics, head state) become persistent. */
ag_status ag_commit_copy(ag_device* device, ag_addr y, ag_addr x, int64_t bytes, ag_addr control);
/* Counts the step as applied or skipped. Last op of a step. */
ag_status ag_commit_end(ag_device* device, ag_addr control);

/* ------------------------------------------------------------------------------------------------ adaptive updates */

/* Like ag_sgd_update, g with the decay: s = s + g^2, w -= lr g / (sqrt(s) + epsilon) (Duchi et al. 2011). squares (count), f32: s. */
ag_status ag_adagrad_update(ag_device* device, float epsilon, int64_t count, const ag_segment* segments, int32_t segment_count,
                            ag_addr parameters, ag_addr gradients, ag_addr squares, ag_addr scalars, ag_addr control);

/* s = decay s + (1 - decay) g^2. TORCH: v = mu v + g / (sqrt(s) + eps), w -= lr v. TENSORFLOW: v = mu v + lr g / sqrt(s + eps), w -= v. */
enum { AG_RMSPROP_TORCH = 0, AG_RMSPROP_TENSORFLOW = 1 };
typedef struct ag_rmsprop {
  float decay, momentum, epsilon;
  int32_t form; /* where epsilon and the learning rate enter */
} ag_rmsprop;
/* squares, velocity (count), f32: s and v. */
ag_status ag_rmsprop_update(ag_device* device, const ag_rmsprop* rule, int64_t count, const ag_segment* segments, int32_t segment_count,
                            ag_addr parameters, ag_addr gradients, ag_addr squares, ag_addr velocity, ag_addr scalars, ag_addr control);

#ifdef __cplusplus
}
#endif
#endif
