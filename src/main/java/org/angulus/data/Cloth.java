package org.angulus.data;

import static org.angulus.data.Shape.edge;
import static org.angulus.data.Shape.noise;
import static org.angulus.data.Shape.sqrt;
import static org.angulus.data.Shape.square;

/**
 * The hat and the mask of one picture.
 *
 * @param hatLine lower edge of the hat, in pupil distances below the eyes; {@link #BARE} for none
 * @param maskLine upper edge of the mask, the same; minus {@link #BARE} for none
 * @param red reflectance of both
 * @param green reflectance of both
 * @param blue reflectance of both
 * @param key of the weave
 */
record Cloth(float hatLine, float maskLine, float red, float green, float blue, int key) {
    /** A hat line above every head; its negative is a mask line below every chin. */
    private static final float BARE = -9f;

    /** How far a hat stands out over the skull. */
    private static final float THICKNESS = 0.16f;

    static final Cloth NONE = new Cloth(BARE, -BARE, 0f, 0f, 0f, 0);

    static Cloth draw(Draws draws) {
        float hatLine = draws.uniform(-1.0f, -0.45f);
        float maskLine = draws.uniform(0.35f, 0.6f);
        float light = square(draws.uniform(0.1f, 0.95f));
        return new Cloth(
                draws.chance(0.07f) ? hatLine : BARE,
                draws.chance(0.04f) ? maskLine : -BARE,
                light * draws.uniform(0.5f, 1.2f),
                light * draws.uniform(0.5f, 1.2f),
                light * draws.uniform(0.5f, 1.2f),
                draws.key());
    }

    /** The part that lies on the face and on the hair, before the light. */
    void paint(float pixel, Pixel p) {
        if (p.v < hatLine + 0.2f) {
            lay(p, weave(p.u, p.v), edge(hatLine - 0.1f * square(p.u) - p.v, pixel + 0.02f));
        }
        if (p.v > maskLine - 0.2f) {
            float wave = p.v / 0.22f;
            float pleat = 0.85f + 0.15f * (wave - Shape.floor(wave));
            lay(p, pleat, edge(p.v - maskLine - 0.25f * square(p.u), pixel + 0.02f) * edge(1.8f - p.v, 0.1f));
        }
    }

    /**
     * The part of the hat that stands out beyond the head, at a camera position counted from its centre: fills in
     * colour and normal.
     *
     * @return how much of the pixel it covers, 0 to 1
     */
    float behind(float x, float y, Head head, Pixel p) {
        if (hatLine == BARE) {
            return 0f;
        }
        float rx = x / (head.halfWidth + THICKNESS);
        float ry = y / (head.halfHeight + THICKNESS);
        float inside = (1f - sqrt(rx * rx + ry * ry)) * head.halfWidth;
        float cover = edge(Math.min(inside, hatLine - head.centre - 0.1f - y), head.pixel + 0.02f);
        if (cover > 0f) {
            float shade = weave(x, y + head.centre);
            p.set(red * shade, green * shade, blue * shade);
            p.gloss = 0f;
            p.normalX = 0.8f * rx;
            p.normalY = 0.5f * ry;
            p.normalZ = sqrt(Math.max(0.05f, 1f - square(p.normalX) - square(p.normalY)));
        }
        return cover;
    }

    /** Coarse weave, and a darker band along the edge. */
    private float weave(float u, float v) {
        float shade = 0.75f + 0.5f * noise(key, 11f * u, 11f * v);
        return v > hatLine - 0.2f ? 0.6f * shade : shade;
    }

    private void lay(Pixel p, float shade, float cover) {
        p.over(red * shade, green * shade, blue * shade, cover);
        p.gloss *= 1f - cover;
    }
}
