package org.angulus.bench;

import org.angulus.device.Device;
import org.angulus.device.Type;
import org.angulus.model.EmbeddingNetwork;
import org.angulus.model.InputFormat;

/** Ours: u8 crops in, float[][] out, all copies included. */
final class AngulusEngine implements EmbeddingEngine {
    private final Device device;
    private final EmbeddingNetwork network;
    private final EmbeddingProblem problem;

    /** In f32. */
    AngulusEngine(EmbeddingProblem problem, String deviceName, int threads) {
        this(problem, deviceName, threads, Type.F32);
    }

    AngulusEngine(EmbeddingProblem problem, String deviceName, int threads, Type precision) {
        this.problem = problem;
        device = Devices.open(deviceName, threads);
        boolean complete = false;
        try {
            network = new EmbeddingNetwork(device, problem.config(), InputFormat.DEFAULT, problem.weights(), problem.batch(), precision);
            complete = true;
        } finally {
            if (!complete) {
                device.close();
            }
        }
    }

    @Override
    public float[][] embed() {
        return network.embed(problem.crops(), problem.batch());
    }

    @Override
    public void close() {
        try (device) {
            network.close();
        }
    }
}
