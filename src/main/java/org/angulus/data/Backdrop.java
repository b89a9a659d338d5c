package org.angulus.data;

import static org.angulus.data.Shape.edge;
import static org.angulus.data.Shape.lerp;
import static org.angulus.data.Shape.noise;

/** What is behind the head: a wall or a blurred room of two colours, and the clothes below the neck. */
final class Backdrop {
    private final float[] first;
    private final float[] other;
    private final float[] clothes;
    private final float slopeX;
    private final float slopeY;
    private final float busy;
    private final float collar;
    private final int key;

    private Backdrop(
            float[] first,
            float[] other,
            float[] clothes,
            float slopeX,
            float slopeY,
            float busy,
            float collar,
            int key) {
        this.first = first;
        this.other = other;
        this.clothes = clothes;
        this.slopeX = slopeX;
        this.slopeY = slopeY;
        this.busy = busy;
        this.collar = collar;
        this.key = key;
    }

    /** A plain grey wall and grey clothes. */
    static Backdrop plain() {
        float[] grey = {0.4f, 0.4f, 0.4f};
        return new Backdrop(grey, grey, new float[] {0.2f, 0.2f, 0.2f}, 0f, 0f, 0f, 2.1f, 0);
    }

    static Backdrop draw(Draws draws) {
        return new Backdrop(
                colour(draws),
                colour(draws),
                colour(draws),
                draws.uniform(-0.4f, 0.4f),
                draws.uniform(-0.4f, 0.4f),
                draws.uniform(0f, 1.6f),
                draws.uniform(1.75f, 2.4f),
                draws.key());
    }

    private static float[] colour(Draws draws) {
        float light = draws.uniform(0.02f, 0.9f);
        light *= light;
        return new float[] {
            light * draws.uniform(0.6f, 1.3f), light * draws.uniform(0.6f, 1.2f), light * draws.uniform(0.5f, 1.4f)
        };
    }

    /** Where the clothes begin, below the centre of the head. */
    float collar() {
        return collar;
    }

    /** Radiance at a camera position counted from the centre of the head. */
    void paint(float x, float y, float pixel, Pixel p) {
        float t = 0.5f
                + slopeX * x
                + slopeY * y
                + busy * (noise(key, 1.3f * x, 1.3f * y) - 0.5f)
                + 0.4f * busy * (noise(key + 1, 3.1f * x, 3.1f * y) - 0.5f);
        t = Shape.clamp01(t);
        p.set(lerp(first[0], other[0], t), lerp(first[1], other[1], t), lerp(first[2], other[2], t));
        float below = edge(y - collar + 0.35f * Math.min(1.5f, Math.abs(x)), pixel + 0.02f);
        p.over(clothes[0], clothes[1], clothes[2], below);
    }
}
