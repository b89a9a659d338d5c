package org.angulus.loss;

import org.angulus.device.Device;
import org.angulus.device.DeviceBuffer;
import org.angulus.device.HeadOperands;
import org.angulus.device.Matrix;
import org.angulus.device.StepScalars;
import org.angulus.device.Type;

/** What a head makes of the angle between an embedding and the vector of its class, asked of the device's own kernels. */
public final class TargetLogits {
    private static final int D = 2;
    private static final int CLASSES = 2;

    private TargetLogits() {}

    /**
     * phi of the head's target logit S phi(cos t), for a class vector of length 1.
     *
     * @param length of the embeddings
     * @param lambda of L-Softmax and SphereFace
     * @param radians angles t
     * @return phi(cos t) for each of them
     */
    public static double[] phi(Device device, MarginHead head, double length, double lambda, double[] radians) {
        int n = radians.length;
        float[] x = new float[D * n];
        for (int i = 0; i < n; i++) {
            x[D * i] = (float) (length * Math.cos(radians[i]));
            x[D * i + 1] = (float) (length * Math.sin(radians[i]));
        }
        try (DeviceBuffer embeddings = filled(device, x);
                DeviceBuffer vectors = filled(device, new float[] {1, 0, 0, 1});
                DeviceBuffer zeros = filled(device, new float[n]); // the labels, all 0, and softmax's bias
                DeviceBuffer scalars = device.allocate(StepScalars.BYTES);
                DeviceBuffer inverseX = device.allocate((long) Float.BYTES * n);
                DeviceBuffer inverseW = device.allocate((long) Float.BYTES * CLASSES);
                DeviceBuffer target = device.allocate((long) Float.BYTES * HeadOperands.TARGET_ROWS * n)) {
            device.transfers().upload(scalars.address(), new StepScalars(0, 0, 0, (float) head.margin(), (float) head.scale(CLASSES), (float) lambda));
            boolean lengths = head.kind().needsLengths();
            if (lengths) {
                device.ops().rowNorm(new Matrix(n, D, Type.F32), head.guard(), embeddings.address(), inverseX.address());
                device.ops().rowNorm(new Matrix(CLASSES, D, Type.F32), head.guard(), vectors.address(), inverseW.address());
            }
            device.ops().marginTarget(
                    new HeadOperands(head.kind(), head.constants(0), n, D, CLASSES, head.guard(), Type.F32, embeddings.address(), vectors.address(),
                            head.kind().hasBias() ? zeros.address() : 0, zeros.address(), lengths ? inverseX.address() : 0,
                            lengths ? inverseW.address() : 0, scalars.address(), 0, 0),
                    target.address());
            float[] rows = device.transfers().floats(target.address(), 2 * n); // cosine, phi
            double[] phi = new double[n];
            for (int i = 0; i < n; i++) {
                phi[i] = rows[n + i];
            }
            return phi;
        }
    }

    private static DeviceBuffer filled(Device device, float[] values) {
        DeviceBuffer buffer = device.allocate((long) Float.BYTES * Math.max(CLASSES, values.length));
        device.transfers().upload(buffer.address(), values);
        return buffer;
    }
}
