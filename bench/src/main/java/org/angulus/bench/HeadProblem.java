package org.angulus.bench;

import java.util.SplittableRandom;
import org.angulus.device.Device;
import org.angulus.device.DeviceBuffer;
import org.angulus.device.Graph;
import org.angulus.device.HeadSummary;
import org.angulus.device.StepScalars;
import org.angulus.device.Type;
import org.angulus.device.Write;
import org.angulus.loss.HeadPlan;
import org.angulus.loss.MarginHead;
import org.angulus.model.ArenaPlanner;

/** A head alone, forward, loss and backward, for N drawn embeddings of 512 numbers and any number of classes. */
final class HeadProblem implements AutoCloseable {
    static final int D = 512;
    /** MiB of workspace in which cosines are kept where nothing else is said. */
    static final int CAP_MIB = 128;
    /** Class vectors are drawn in one block, which is then repeated. */
    private static final int BLOCK_ROWS = 1 << 14;

    private final Device device;
    private final MeasuredHead measured;
    private final int classes;
    private final DeviceBuffer memory;
    private final Graph graph;
    private final long summary;

    /** @param capMib MiB of workspace in which cosines may be kept */
    HeadProblem(Device device, MeasuredHead measured, int rows, int classes, int capMib) {
        this.device = device;
        this.measured = measured;
        this.classes = classes;
        MarginHead head = measured.head();
        var plan = new HeadPlan(device.ops(), head, classes, rows, D, Type.F32, (long) capMib << 20, 0);
        var arena = new ArenaPlanner();
        plan.reserve(arena);
        long row = (long) Float.BYTES * D;
        long[] sizes = {rows * row, rows * row, classes * row, classes * row, 4L * rows, StepScalars.BYTES, HeadSummary.BYTES, arena.bytes(), plan.workspaceBytes()};
        var places = new long[sizes.length];
        long bytes = 0;
        for (int i = 0; i < sizes.length; i++) {
            places[i] = bytes;
            bytes += (sizes[i] + 255) / 256 * 256;
        }
        memory = device.allocate(bytes);
        for (int i = 0; i < places.length; i++) {
            places[i] += memory.address();
        }
        draw(rows, places[0], places[2], places[4]);
        device.transfers().upload(places[5], new StepScalars(0, 0, 0, (float) head.margin(), (float) head.scale(classes), (float) head.annealing().at(0)));
        summary = places[6];
        var addresses = new HeadPlan.Addresses(places[0], places[1], places[2], places[3], 0, 0, 0, 0, 0, places[4], places[5], summary, places[7], places[8]);
        graph = device.record(() -> plan.run(device.ops(), addresses, Write.OVERWRITE));
    }

    private void draw(int rows, long x, long w, long labels) {
        var random = new SplittableRandom(3);
        device.transfers().upload(x, numbers(random, rows * D));
        int block = Math.min(BLOCK_ROWS, classes);
        device.transfers().upload(w, numbers(random, block * D));
        long row = (long) Float.BYTES * D;
        for (int first = block; first < classes; first += block) {
            device.ops().copy(w + first * row, w, Math.min(block, classes - first) * row);
        }
        device.transfers().upload(labels, random.ints(rows, 0, classes).toArray());
    }

    private static float[] numbers(SplittableRandom random, int count) {
        var values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextDouble(-1, 1);
        }
        return values;
    }

    /** Once, and waits. */
    void run() {
        graph.launch();
        device.sync();
    }

    /**
     * The loss.
     *
     * @throws IllegalStateException when it is not that of drawn vectors
     */
    double requireUntrained() {
        double loss = device.transfers().summary(summary).loss();
        double expected = measured.untrainedLoss(classes);
        if (!(Math.abs(loss - expected) <= 0.1 * expected)) {
            throw new IllegalStateException("The loss of the head is " + loss + "; with drawn vectors it is about " + expected + ".");
        }
        return loss;
    }

    @Override
    public void close() {
        graph.close();
        memory.close();
    }
}
