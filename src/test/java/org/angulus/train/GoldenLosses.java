package org.angulus.train;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.angulus.device.AngulusException;
import org.angulus.device.Device;
import org.angulus.device.HeadKind;
import org.angulus.device.StepScalars;
import org.angulus.loss.MarginHead;
import org.angulus.model.SafeTensors;
import org.angulus.model.Variant;

/**
 * The ten losses of the small test network on a device, beside PyTorch's in f64, as lines of JSON: {@code GoldenLosses DEVICE f32|bf16...}. Ends with 1
 * where one is off. A program for {@code tools/device-check}; {@link TestNetworkTest} checks more on the processor.
 */
final class GoldenLosses {
    private static final int BATCH = 8;
    private static final int STEPS = 10;
    private static final int PIXELS = 32 * 24 * 3;
    /** As in {@link TestNetworkTest}. */
    private static final double ERRORS = 32;
    /** bf16 rounds 2^16 times as coarsely as f32; the network is as sensitive to it as to f32's rounding, which PyTorch's losses in f32 tell. */
    private static final double BF16_ERRORS = 8 * 0x1p16;
    /** Of the first loss in bf16, before any step: rounding by 2^-9 through some twenty layers. */
    private static final double FIRST_BF16_TOLERANCE = 0.01;

    private GoldenLosses() {}

    public static void main(String[] arguments) throws IOException {
        boolean right = true;
        for (int i = 1; i < arguments.length; i++) {
            for (Variant variant : Variant.values()) {
                for (HeadKind kind : List.of(HeadKind.SOFTMAX, HeadKind.MODIFIED_SOFTMAX, HeadKind.NORMFACE, HeadKind.AM_SOFTMAX)) {
                    right &= print(arguments[0], arguments[i], variant, kind);
                }
            }
        }
        System.exit(right ? 0 : 1);
    }

    private static boolean print(String deviceName, String type, Variant variant, HeadKind kind) throws IOException {
        var line = new JsonObject();
        line.addProperty("device", deviceName);
        line.addProperty("network", lower(variant));
        line.addProperty("head", lower(kind));
        line.addProperty("dtype", type);
        boolean right = false; // a device that does not open is wrong; an op or a type that it lacks is only told
        try (Device device = Device.open(deviceName)) {
            right = true;
            right = compare(device, line, type, variant, kind);
        } catch (AngulusException | IllegalArgumentException absent) {
            line.addProperty("not_available", absent.getMessage());
        }
        System.out.println(line);
        return right;
    }

    private static boolean compare(Device device, JsonObject line, String type, Variant variant, HeadKind kind) throws IOException {
        MarginHead head = TestNetworkTest.head(kind);
        TrainingConfig config = type.equals("f32")
                ? TestNetworkTest.config(variant, head)
                : TrainingConfig.parse("{\"batch\": 8, \"flip\": false, \"precision\": \"" + type + "\"}").withNetwork(TestNetworkTest.network(variant))
                        .withHead(head);
        try (SafeTensors golden = Golden.open("testnet-" + lower(variant) + "-" + lower(kind));
                SafeTensors data = Golden.open("testnet-data");
                var step = new TrainingStep(device, config, 10, 0, 0)) {
            step.load(TestNetworkTest.initial(step, variant), null, Map.of(), 0, 0);
            var losses = new float[STEPS];
            float rate = Float.parseFloat(golden.metadata().get("learning_rate"));
            for (int i = 0; i < STEPS; i++) {
                MemorySegment images = data.data("images").asSlice((long) i * BATCH * PIXELS, (long) BATCH * PIXELS);
                Golden.send(device, step, images, Golden.ints(data, "labels", i * BATCH, BATCH),
                        new StepScalars(i, i, rate, (float) head.margin(), (float) head.scale(), 0));
                step.launchMicroBatch(0);
                step.launchUpdate();
                losses[i] = step.summary().loss();
            }
            double[] exact = golden.data("losses").toArray(ValueLayout.JAVA_DOUBLE_UNALIGNED);
            double worst = 0;
            var ours = new JsonArray();
            var theirs = new JsonArray();
            for (int i = 0; i < STEPS; i++) {
                double error = Golden.relativeError(new float[] {losses[i]}, new float[] {(float) exact[i]});
                worst = error <= worst ? worst : error;
                ours.add(losses[i]);
                theirs.add(exact[i]);
            }
            double tolerance = (type.equals("f32") ? ERRORS : BF16_ERRORS) * Golden.float32Error(golden.metadata(), "losses");
            double first = Math.abs(losses[0] / exact[0] - 1);
            line.add("losses", ours);
            line.add("golden", theirs);
            line.addProperty("relative_error", worst);
            line.addProperty("tolerance", tolerance);
            line.addProperty("relative_error_of_first", first);
            boolean right = worst <= tolerance && (type.equals("f32") || first <= FIRST_BF16_TOLERANCE);
            line.addProperty("right", right);
            return right;
        }
    }

    private static String lower(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
