package org.angulus.bench;

import org.angulus.device.Type;

/** Embeds the crops of one {@link EmbeddingProblem}. Used by one thread. */
interface EmbeddingEngine extends AutoCloseable {
    /** The engines by name; ours first. */
    enum Kind {
        ANGULUS,
        ONNXRUNTIME,
        DJL,
        PYTORCH;

        /** As on the command line: angulus, onnxruntime, djl, pytorch. */
        static Kind named(String name) {
            for (Kind kind : values()) {
                if (kind.words().equals(name)) {
                    return kind;
                }
            }
            throw new IllegalArgumentException("There is no engine '" + name + "'; choose angulus, onnxruntime, djl or pytorch.");
        }

        String words() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }

        boolean has(Type precision) {
            return precision == Type.F32 || this == ANGULUS || this == PYTORCH;
        }

        /**
         * Opens the engine. What it starts ends with close, but for the threads of PyTorch, which sleep while they have no work.
         *
         * @param device of our engine; the rivals use the processor
         * @param threads that compute
         * @param precision of the numbers between the layers; ours and compiled PyTorch alone have bf16
         * @param python that runs compiled PyTorch; empty where there is none
         */
        EmbeddingEngine open(EmbeddingProblem problem, String device, int threads, Type precision, String python) {
            if (!has(precision)) {
                throw new IllegalArgumentException("The engine " + words() + " is measured in f32 only; in " + precision.words() + " there are angulus and pytorch.");
            }
            return switch (this) {
                case ANGULUS -> new AngulusEngine(problem, device, threads, precision);
                case ONNXRUNTIME -> new OnnxRuntimeEngine(problem, threads);
                case DJL -> new DjlEngine(problem, threads);
                case PYTORCH -> new PyTorchEngine(problem, python, threads, precision);
            };
        }
    }

    /** Embeds all crops: (batch, D), not normalized. */
    float[][] embed();

    @Override
    void close();
}
