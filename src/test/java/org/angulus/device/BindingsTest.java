package org.angulus.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.angulus.device.ffi.Angulus;
import org.angulus.device.ffi.ag_adam;
import org.angulus.device.ffi.ag_batch_norm;
import org.angulus.device.ffi.ag_center;
import org.angulus.device.ffi.ag_conv2d_operands;
import org.angulus.device.ffi.ag_conv2d_plan;
import org.angulus.device.ffi.ag_conv2d_shape;
import org.angulus.device.ffi.ag_device_info;
import org.angulus.device.ffi.ag_fault;
import org.angulus.device.ffi.ag_head;
import org.angulus.device.ffi.ag_head_summary;
import org.angulus.device.ffi.ag_image_shape;
import org.angulus.device.ffi.ag_matrix;
import org.angulus.device.ffi.ag_max_pool_shape;
import org.angulus.device.ffi.ag_metric;
import org.angulus.device.ffi.ag_metric_summary;
import org.angulus.device.ffi.ag_peak;
import org.angulus.device.ffi.ag_rmsprop;
import org.angulus.device.ffi.ag_segment;
import org.angulus.device.ffi.ag_sgd;
import org.angulus.device.ffi.ag_step_control;
import org.angulus.device.ffi.ag_step_scalars;
import org.junit.jupiter.api.Test;

/** The bindings are those of the header as it is, their structs lie as a C compiler lays them, and the enums count as it does. */
class BindingsTest {
    /** Size of each struct and offset of each field, as g++ says on x86-64; native/src/layout.cpp asserts the same. */
    private static final List<String> LAYOUTS = List.of(
            "ag_device_info 328 name=0 description=64 isa=256 memory_bytes=288 free_bytes=296 allocated_bytes=304 peak_bytes=312 threads=320 abi_version=324",
            "ag_peak 16 flops=0 bytes_per_second=8",
            "ag_fault 24 code=0 op=4 index=8 step=16",
            "ag_step_scalars 32 step=0 random_counter=8 learning_rate=16 margin=20 scale=24 lambda=28",
            "ag_image_shape 32 n=0 h=4 w=8 c=12 type=16 reverse=20 mean=24 factor=28",
            "ag_conv2d_shape 56 n=0 h=4 w=8 c=12 k=16 r=20 s=24 stride_h=28 stride_w=32 pad_top=36 pad_bottom=40 pad_left=44 pad_right=48 type=52",
            "ag_conv2d_plan 96 shape=0 direction=56 epilogue=60 write=64 kernel=68 prepared_form=72 reserved=76 prepared_bytes=80 workspace_bytes=88",
            "ag_conv2d_operands 72 x=0 w=8 y=16 prepared=24 workspace=32 bias=40 slope=48 residual=56 statistics=64",
            "ag_matrix 12 rows=0 columns=4 type=8",
            "ag_max_pool_shape 36 n=0 h=4 w=8 c=12 window=16 stride=20 pad_bottom=24 pad_right=28 type=32",
            "ag_batch_norm 56 rows=0 columns=4 type=8 epsilon=12 x=16 statistics=24 gamma=32 beta=40 slope=48",
            "ag_head 152 kind=0 n=4 d=8 classes=12 guard=16 type=20 flags=24 centres=28 x=32 w=40 bias=48 labels=56 inverse_x=64 inverse_w=72 scalars=80 scale=88"
                    + " state=96 seed=104 m1=112 m3=116 filter=120 rate=124 spread=128 low=132 high=136 weight=140 balance=144 reserved=148",
            "ag_head_summary 16 loss=0 accuracy=4 target_cosine=8 other_cosine=12",
            "ag_step_control 32 gradient_norm=0 gradient_factor=4 apply=8 reserved=12 applied_steps=16 skipped_steps=24",
            "ag_segment 32 offset=0 count=8 weight_decay=16 rate_factor=20 lower_bound=24 reserved=28",
            "ag_sgd 16 momentum=0 convention=4 nesterov=8 reserved=12",
            "ag_adam 24 beta1=0 beta2=4 epsilon=8 form=12 decoupled=16 reserved=20",
            "ag_rmsprop 16 decay=0 momentum=4 epsilon=8 form=12",
            "ag_metric 128 loss=0 distance=4 selection=8 form=12 mean=16 fallback=20 n=24 d=28 classes=32 images=36 purpose=40 weight=44 pull=48 nu=52 seed=56"
                    + " distances=64 labels=72 margin=80 beta=88 beta_class=96 beta_image=104 image=112 scalars=120",
            "ag_metric_summary 32 loss=0 active=4 terms=8 skipped=12 positive_distance=16 negative_distance=20 collapsed=24 beta=28",
            "ag_center 56 n=0 d=4 classes=8 form=12 weight=16 rate=20 counted=24 reserved=28 x=32 labels=40 scalars=48");

    @Test
    void bindingsAreOfThisHeader() throws IOException, NoSuchAlgorithmException {
        byte[] header = Files.readAllBytes(Path.of("native/include/angulus.h"));
        String hash = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(header));
        try (InputStream recorded = Angulus.class.getResourceAsStream("angulus.h.sha256")) {
            assertNotNull(recorded, "the hash of the header is missing beside the bindings");
            assertEquals(new String(recorded.readAllBytes(), StandardCharsets.US_ASCII).strip(), hash,
                    "native/include/angulus.h changed after the bindings were made: run tools/bindings.sh and commit what it writes");
        }
    }

    @Test
    void structsLieAsInC() {
        List<MemoryLayout> layouts = List.of(ag_device_info.layout(), ag_peak.layout(), ag_fault.layout(), ag_step_scalars.layout(), ag_image_shape.layout(),
                ag_conv2d_shape.layout(), ag_conv2d_plan.layout(), ag_conv2d_operands.layout(), ag_matrix.layout(), ag_max_pool_shape.layout(), ag_batch_norm.layout(),
                ag_head.layout(), ag_head_summary.layout(), ag_step_control.layout(), ag_segment.layout(), ag_sgd.layout(), ag_adam.layout(), ag_rmsprop.layout(),
                ag_metric.layout(), ag_metric_summary.layout(), ag_center.layout());
        assertEquals(String.join("\n", LAYOUTS), layouts.stream().map(BindingsTest::words).collect(Collectors.joining("\n")));
    }

    private static String words(MemoryLayout layout) {
        String fields = ((GroupLayout) layout).memberLayouts().stream().flatMap(member -> member.name().stream())
                .map(name -> name + "=" + layout.byteOffset(MemoryLayout.PathElement.groupElement(name))).collect(Collectors.joining(" "));
        return layout.name().orElseThrow() + " " + layout.byteSize() + " " + fields;
    }

    @Test
    void enumsCountAsInC() {
        assertEquals(Angulus.AG_OP_COUNT(), Op.values().length);
        assertEquals(Angulus.AG_OP_FILL(), Op.FILL.code());
        assertEquals(Angulus.AG_OP_CONV2D_PREPARE(), Op.CONV2D_PREPARE.code());
        assertEquals(Angulus.AG_OP_RUNNING_STATISTICS(), Op.RUNNING_STATISTICS.code());
        assertEquals(Angulus.AG_OP_MARGIN_BACKWARD(), Op.MARGIN_BACKWARD.code());
        assertEquals(Angulus.AG_OP_COMMIT_END(), Op.COMMIT_END.code());
        assertEquals(Angulus.AG_OP_INT8_CONV2D(), Op.INT8_CONV2D.code());
        assertEquals(Angulus.AG_OP_MAX_POOL_BACKWARD(), Op.MAX_POOL_BACKWARD.code());
        assertEquals(List.of(Angulus.AG_F32(), Angulus.AG_BF16()), Stream.of(Type.values()).map(Type::code).toList());
        assertEquals(List.of(Angulus.AG_OVERWRITE(), Angulus.AG_ACCUMULATE()), Stream.of(Write.values()).map(Write::code).toList());
        assertEquals(List.of(Angulus.AG_STREAM_COMPUTE(), Angulus.AG_STREAM_COPY()), Stream.of(org.angulus.device.Stream.values()).map(org.angulus.device.Stream::code).toList());
        assertEquals(List.of(Angulus.AG_FORWARD(), Angulus.AG_BACKWARD_INPUT(), Angulus.AG_BACKWARD_WEIGHT()),
                Stream.of(Direction.values()).map(Direction::code).toList());
        assertEquals(List.of(Angulus.AG_NORM_CLAMP_LENGTH(), Angulus.AG_NORM_CLAMP_SQUARE(), Angulus.AG_NORM_ADD()),
                Stream.of(NormGuard.values()).map(NormGuard::code).toList());
        assertEquals(IntStream.range(0, Angulus.AG_HEAD_COUNT()).boxed().toList(), Stream.of(HeadKind.values()).map(HeadKind::code).distinct().sorted().toList());
        assertEquals(List.of(Angulus.AG_MOMENTUM_TORCH(), Angulus.AG_MOMENTUM_CAFFE()), Stream.of(SgdRule.Convention.values()).map(Enum::ordinal).toList());
        assertEquals(List.of(Angulus.AG_ADAM_TORCH(), Angulus.AG_ADAM_EPSILON_HAT()), Stream.of(AdamRule.Form.values()).map(Enum::ordinal).toList());
        assertEquals(List.of(Angulus.AG_RMSPROP_TORCH(), Angulus.AG_RMSPROP_TENSORFLOW()),
                Stream.of(RmspropRule.Form.values()).map(Enum::ordinal).toList());
        assertEquals(List.of(Angulus.AG_FAULT_NONE(), Angulus.AG_FAULT_LABEL(), Angulus.AG_FAULT_NOT_FINITE()),
                Stream.of(Fault.Code.values()).map(Enum::ordinal).toList());
        assertEquals(List.of(Angulus.AG_OK(), Angulus.AG_INVALID_ARGUMENT(), Angulus.AG_INVALID_STATE(), Angulus.AG_OUT_OF_MEMORY(), Angulus.AG_UNAVAILABLE(),
                Angulus.AG_DEVICE_FAULT(), Angulus.AG_INTERNAL()), Stream.of(Status.values()).map(Enum::ordinal).toList());
        assertEquals(List.of(Angulus.AG_EPILOGUE_BIAS(), Angulus.AG_EPILOGUE_PRELU(), Angulus.AG_EPILOGUE_RESIDUAL(), Angulus.AG_EPILOGUE_STATISTICS()),
                List.of(Epilogue.BIAS, Epilogue.PRELU, Epilogue.RESIDUAL, Epilogue.STATISTICS));
        assertEquals(List.of(Angulus.AG_DISTANCE_SQUARED(), Angulus.AG_DISTANCE_EUCLIDEAN(), Angulus.AG_DISTANCE_COSINE()),
                Stream.of(PairDistance.values()).map(PairDistance::code).toList());
        assertEquals(List.of(Angulus.AG_METRIC_CONTRASTIVE(), Angulus.AG_METRIC_TRIPLET(), Angulus.AG_METRIC_MARGIN()),
                Stream.of(MetricKind.values()).map(MetricKind::code).toList());
        assertEquals(List.of(Angulus.AG_SELECT_ALL(), Angulus.AG_SELECT_PAIRS(), Angulus.AG_SELECT_BATCH_HARD(), Angulus.AG_SELECT_SEMI_HARD(),
                Angulus.AG_SELECT_SEMI_HARD_RANDOM(), Angulus.AG_SELECT_VIOLATOR(), Angulus.AG_SELECT_DISTANCE_WEIGHTED(),
                Angulus.AG_SELECT_TRIPLETS()),
                Stream.of(PairSelection.values()).map(PairSelection::code).toList());
        assertEquals(List.of(1, 1, 1), List.of(Angulus.AG_TRIPLET_SOFT(), Angulus.AG_MEAN_OF_ACTIVE(), Angulus.AG_CENTER_MEAN_OF_NUMBERS()));
        assertEquals(Angulus.AG_OP_CENTER_UPDATE(), Op.CENTER_UPDATE.code());
        assertEquals(HeadOperands.TARGET_ROWS, Angulus.AG_TARGET_ROWS());
        assertEquals(HeadOperands.PARTIAL_ROWS, Angulus.AG_PARTIAL_ROWS());
    }
}
