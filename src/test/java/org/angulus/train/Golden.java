package org.angulus.train;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Map;
import org.angulus.device.Device;
import org.angulus.device.StepScalars;
import org.angulus.model.SafeTensors;

/** Files that PyTorch made, and one step with the batch they name. */
final class Golden {
    private Golden() {}

    /** Opens a file of the golden folder. */
    static SafeTensors open(String name) throws IOException {
        try {
            return SafeTensors.open(Path.of(Golden.class.getResource("/golden/" + name + ".safetensors").toURI()));
        } catch (URISyntaxException e) {
            throw new IOException(e);
        }
    }

    /** What plain f32 arithmetic in PyTorch loses against f64 in this group, as ||a - b|| / ||b||. */
    static double float32Error(Map<String, String> metadata, String group) {
        return Double.parseDouble(metadata.get("float32_error." + group));
    }

    /** ||actual - expected|| / ||expected||; NaN where either has a NaN. */
    static double relativeError(float[] actual, float[] expected) {
        double difference = 0;
        double norm = 0;
        for (int i = 0; i < expected.length; i++) {
            double d = (double) actual[i] - expected[i];
            difference += d * d;
            norm += (double) expected[i] * expected[i];
        }
        return actual.length == expected.length ? Math.sqrt(difference / Math.max(norm, 1e-60)) : Double.NaN;
    }

    /** Sends a micro-batch and its scalars. */
    static void send(Device device, TrainingStep step, MemorySegment images, int[] labels, StepScalars scalars) {
        TrainingBuffers buffers = step.buffers();
        device.transfers().upload(buffers.input + buffers.inputBlock.images(), images);
        device.transfers().upload(buffers.input + buffers.inputBlock.labels(), labels);
        device.transfers().upload(buffers.input + buffers.inputBlock.flips(), new byte[labels.length]);
        device.transfers().upload(buffers.scalars, scalars);
    }

    /** The elements [from, from + count) of an int32 tensor. */
    static int[] ints(SafeTensors tensors, String name, int from, int count) {
        try {
            long[] all = tensors.longs(name);
            var part = new int[count];
            for (int i = 0; i < count; i++) {
                part[i] = Math.toIntExact(all[from + i]);
            }
            return part;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
