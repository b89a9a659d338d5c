package org.angulus.data;

/**
 * The few curves that everything is drawn with: polynomials and square roots only, so that every machine gets the
 * same bits.
 */
final class Shape {
    private Shape() {}

    static float clamp(float x, float low, float high) {
        return x < low ? low : x > high ? high : x;
    }

    static float clamp01(float x) {
        return x < 0f ? 0f : x > 1f ? 1f : x;
    }

    static float lerp(float a, float b, float t) {
        return a + (b - a) * t;
    }

    /** 0 below {@code from}, 1 above {@code to}, a cubic with level ends between. */
    static float step(float from, float to, float x) {
        float t = clamp01((x - from) / (to - from));
        return t * t * (3f - 2f * t);
    }

    /**
     * Coverage of a pixel whose centre lies {@code inside} head units within an edge that is {@code soft} units wide.
     */
    static float edge(float inside, float soft) {
        return clamp01(0.5f + inside / soft);
    }

    /** A bell without a tail: (1 - r^2)^2 for r^2 below 1, else 0. The argument is r^2. */
    static float bell(float squaredRadius) {
        if (squaredRadius >= 1f) {
            return 0f;
        }
        float t = 1f - squaredRadius;
        return t * t;
    }

    static float square(float x) {
        return x * x;
    }

    static float sqrt(float x) {
        return (float) Math.sqrt(x);
    }

    static int floor(float x) {
        int i = (int) x;
        return x < i ? i - 1 : i;
    }

    /** One lattice value in [0, 1) of the noise with this key. */
    static float lattice(int key, int x, int y) {
        int h = key ^ x * 0x9E3779B1 ^ y * 0x85EBCA77;
        h ^= h >>> 15;
        h *= 0x2C1B3C6D;
        h ^= h >>> 12;
        h *= 0x297A2D39;
        h ^= h >>> 15;
        return (h >>> 8) * 0x1p-24f;
    }

    /** Value noise in [0, 1): lattice values at whole numbers, cubic between. */
    static float noise(int key, float x, float y) {
        int ix = floor(x);
        int iy = floor(y);
        float fx = x - ix;
        float fy = y - iy;
        fx = fx * fx * (3f - 2f * fx);
        fy = fy * fy * (3f - 2f * fy);
        float top = lerp(lattice(key, ix, iy), lattice(key, ix + 1, iy), fx);
        float bottom = lerp(lattice(key, ix, iy + 1), lattice(key, ix + 1, iy + 1), fx);
        return lerp(top, bottom, fy);
    }
}
