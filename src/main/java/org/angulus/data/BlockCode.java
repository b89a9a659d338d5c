package org.angulus.data;

/**
 * The loss of a compressed file: every 8 x 8 block of every channel goes through the discrete cosine transform, its
 * coefficients are rounded to multiples of a step that grows with frequency, as in JPEG (ITU-T T.81, A.3.3), and
 * back.
 */
final class BlockCode {
    private static final int SIZE = 8;

    /** Orthonormal cosine basis, row = frequency. */
    private static final float[] BASIS = new float[SIZE * SIZE];

    static {
        for (int k = 0; k < SIZE; k++) {
            double scale = Math.sqrt((k == 0 ? 1.0 : 2.0) / SIZE);
            for (int i = 0; i < SIZE; i++) {
                BASIS[k * SIZE + i] = (float) (scale * StrictMath.cos(StrictMath.PI * k * (2 * i + 1) / (2.0 * SIZE)));
            }
        }
    }

    private BlockCode() {}

    /**
     * Works on an interleaved RGB picture of floats in [0, 1], (H, W, 3), in place; blocks that reach over the border
     * repeat it.
     */
    static void apply(float[] image, int height, int width, float quantum) {
        float[] block = new float[SIZE * SIZE];
        float[] half = new float[SIZE * SIZE];
        float[] step = new float[SIZE * SIZE];
        for (int i = 0; i < step.length; i++) {
            step[i] = quantum / 255f * (1f + 0.35f * (i / SIZE + i % SIZE));
        }
        for (int top = 0; top < height; top += SIZE) {
            for (int left = 0; left < width; left += SIZE) {
                for (int channel = 0; channel < 3; channel++) {
                    for (int i = 0; i < block.length; i++) {
                        int y = Math.min(top + i / SIZE, height - 1);
                        int x = Math.min(left + i % SIZE, width - 1);
                        block[i] = image[3 * (y * width + x) + channel];
                    }
                    code(block, half, step);
                    for (int i = 0; i < block.length; i++) {
                        int y = top + i / SIZE;
                        int x = left + i % SIZE;
                        if (y < height && x < width) {
                            image[3 * (y * width + x) + channel] = block[i];
                        }
                    }
                }
            }
        }
    }

    private static void code(float[] block, float[] half, float[] step) {
        multiply(BASIS, false, block, false, half);
        multiply(half, false, BASIS, true, block);
        for (int i = 0; i < block.length; i++) {
            block[i] = step[i] * Shape.floor(block[i] / step[i] + 0.5f);
        }
        multiply(BASIS, true, block, false, half);
        multiply(half, false, BASIS, false, block);
    }

    /** c = a b for 8 x 8 matrices, either one transposed first. */
    private static void multiply(float[] a, boolean flipA, float[] b, boolean flipB, float[] c) {
        for (int row = 0; row < SIZE; row++) {
            for (int column = 0; column < SIZE; column++) {
                float sum = 0f;
                for (int k = 0; k < SIZE; k++) {
                    sum += a[flipA ? k * SIZE + row : row * SIZE + k]
                            * b[flipB ? column * SIZE + k : k * SIZE + column];
                }
                c[row * SIZE + column] = sum;
            }
        }
    }
}
