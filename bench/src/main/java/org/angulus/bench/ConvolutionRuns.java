package org.angulus.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.angulus.device.Conv2dOperands;
import org.angulus.device.Conv2dPlan;
import org.angulus.device.Conv2dShape;
import org.angulus.device.Device;
import org.angulus.device.DeviceBuffer;
import org.angulus.device.Direction;
import org.angulus.device.Epilogue;
import org.angulus.device.Type;
import org.angulus.device.Write;

/** One planned convolution with as many copies of its tensors as make three times the last cache, as far as memory allows. Ends with its device. */
final class ConvolutionRuns {
    private static final int MOST_COPIES = 1024;
    private static final int SAMPLES = 512;
    /** NaN read as one f32, and as two bf16. */
    private static final int NOT_A_NUMBER = 0x7fc07fc0;

    /** Of rounding to bf16. */
    private static final double STORED_UNIT = 0x1p-8;

    private final Device device;
    private final Type stored;
    private final Conv2dPlan plan;
    private final List<Conv2dOperands> copies = new ArrayList<>();
    private final Convolution formula;
    private final long outputBytes;
    private long[] outputs;
    private final long bytes;

    /** @param kernel a name, or "chosen" */
    ConvolutionRuns(Device device, Conv2dShape shape, Direction direction, String kernel) {
        this.device = device;
        plan = device.ops().conv2dPlan(shape, direction, Epilogue.NONE, Write.OVERWRITE, index(device, direction, kernel));
        var random = new SplittableRandom(shape.hashCode());
        stored = shape.type();
        formula = new Convolution(shape, direction, draw(random, shape.inputs()), draw(random, shape.weights()), draw(random, shape.outputs()));
        outputBytes = (direction == Direction.BACKWARD_WEIGHT ? Float.BYTES : stored.bytes()) * (long) formula.outputs();
        long one = aligned(bytes(formula.x())) + aligned(bytes(formula.w())) + aligned(bytes(formula.y())) + aligned(plan.preparedBytes());
        long affordable = device.info().freeBytes() / 8;
        // The shim is too slow for many copies, and its times tell nothing of a card's.
        long wanted = device.name().startsWith("simt") ? 1 : (3 * Processor.lastCacheBytes() + one - 1) / one;
        int count = Math.clamp(Math.min(wanted, affordable / one), 1, MOST_COPIES);
        bytes = count * one;
        fill(count, one);
    }

    private static int index(Device device, Direction direction, String kernel) {
        if (kernel.equals("chosen")) {
            return -1;
        }
        List<String> names = device.kernels(direction.op());
        if (!names.contains(kernel)) {
            throw new IllegalArgumentException("There is no kernel '" + kernel + "' for " + direction.op().words() + " on " + device.name()
                    + "; choose chosen, " + String.join(", ", names) + ".");
        }
        return names.indexOf(kernel);
    }

    /** Numbers that the type of the activations holds exactly. */
    private float[] draw(SplittableRandom random, long count) {
        var values = new float[Math.toIntExact(count)];
        for (int i = 0; i < values.length; i++) {
            float value = (float) random.nextDouble(-1, 1);
            values[i] = stored == Type.BF16 ? Type.fromBf16(Type.toBf16(value)) : value;
        }
        return values;
    }

    /** Filters are f32, x and y as the shape says. */
    private boolean isBf16(float[] values) {
        return stored == Type.BF16 && values != formula.w();
    }

    private long bytes(float[] values) {
        return (isBf16(values) ? Type.BF16 : Type.F32).bytes() * (long) values.length;
    }

    private static long aligned(long size) {
        return (size + 255) / 256 * 256;
    }

    /** Each copy is x, w, y and the prepared weights, one behind the other. */
    private void fill(int count, long one) {
        DeviceBuffer memory = device.allocate(count * one);
        DeviceBuffer workspace = device.allocate(Math.max(256, plan.workspaceBytes()));
        outputs = new long[count];
        for (int i = 0; i < count; i++) {
            long x = memory.address(i * one);
            long w = x + aligned(bytes(formula.x()));
            long y = w + aligned(bytes(formula.w()));
            long prepared = y + aligned(bytes(formula.y()));
            upload(memory.address(), x, formula.x(), i);
            upload(memory.address() + w - x, w, formula.w(), i);
            upload(memory.address() + y - x, y, formula.y(), i);
            if (plan.preparedBytes() > 0) {
                plan.prepare(w, prepared);
            }
            outputs[i] = switch (formula.direction()) {
                case FORWARD -> y;
                case BACKWARD_INPUT -> x;
                case BACKWARD_WEIGHT -> w;
            };
            device.ops().fill(outputs[i], outputBytes, NOT_A_NUMBER);
            copies.add(new Conv2dOperands().x(x).w(w).y(y)
                    .prepared(plan.preparedBytes() > 0 ? prepared : 0)
                    .workspace(plan.workspaceBytes() > 0 ? workspace.address() : 0));
        }
        device.sync();
    }

    private void upload(long first, long address, float[] values, int copy) {
        boolean output = switch (formula.direction()) {
            case FORWARD -> values == formula.y();
            case BACKWARD_INPUT -> values == formula.x();
            case BACKWARD_WEIGHT -> values == formula.w();
        };
        if (output) {
            return;
        }
        if (copy == 0 && isBf16(values)) {
            var halves = new short[values.length];
            for (int i = 0; i < halves.length; i++) {
                halves[i] = Type.toBf16(values[i]);
            }
            device.transfers().upload(address, halves);
        } else if (copy == 0) {
            device.transfers().upload(address, values);
        } else {
            device.ops().copy(address, first, bytes(values));
        }
    }

    /** Runs the convolution on every copy and waits. */
    void runAll() {
        enqueueAll();
        device.sync();
    }

    /** Runs the convolution on every copy; may be recorded. */
    void enqueueAll() {
        for (Conv2dOperands operands : copies) {
            plan.run(operands);
        }
    }

    /** Name of the kernel. */
    String kernel() {
        return device.kernels(formula.direction().op()).get(plan.kernel());
    }

    /** Copies of the tensors. */
    int copies() {
        return copies.size();
    }

    /** Kernel and memory in words. */
    String description() {
        return kernel() + ", " + copies.size() + " copies of " + (bytes / copies.size() >> 10) + " KiB, last cache " + (Processor.lastCacheBytes() >> 20)
                + " MiB, " + SAMPLES + " elements checked";
    }

    /**
     * Compares sampled elements of the first and the last copy with double precision, and looks for numbers that were not written.
     *
     * @throws IllegalStateException with one sentence
     */
    void requireRightAnswer() {
        requireRightAnswer(outputs[0]);
        requireRightAnswer(outputs[outputs.length - 1]);
    }

    /** Whether the output is bf16. */
    private boolean isStored() {
        return stored == Type.BF16 && formula.direction() != Direction.BACKWARD_WEIGHT;
    }

    private float[] answer(long address) {
        if (!isStored()) {
            return device.transfers().floats(address, formula.outputs());
        }
        short[] halves = device.transfers().shorts(address, formula.outputs());
        var values = new float[halves.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = Type.fromBf16(halves[i]);
        }
        return values;
    }

    private void requireRightAnswer(long address) {
        float[] answer = answer(address);
        String what = formula.direction().op().words() + " of " + formula.shape();
        for (int i = 0; i < answer.length; i++) {
            if (!Float.isFinite(answer[i])) {
                throw new IllegalStateException(what + ": element " + i + " is " + answer[i] + ".");
            }
        }
        var random = new SplittableRandom(address);
        int zeros = 0;
        for (int i = 0; i < SAMPLES; i++) {
            int index = random.nextInt(answer.length);
            Convolution.Element expected = formula.element(index);
            double tolerance = expected.tolerance() + (isStored() ? STORED_UNIT * Math.abs(expected.value()) : 0);
            if (!(Math.abs(answer[index] - expected.value()) <= tolerance)) {
                throw new IllegalStateException(what + ": element " + index + " is " + answer[index] + ", expected " + expected.value() + " within "
                        + tolerance + ".");
            }
            zeros += expected.value() == 0 ? 1 : 0;
        }
        if (2 * zeros > SAMPLES) {
            throw new IllegalStateException(what + ": " + zeros + " of " + SAMPLES + " checked elements are 0, so the check proves little.");
        }
    }
}
