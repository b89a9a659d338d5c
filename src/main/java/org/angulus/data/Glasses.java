package org.angulus.data;

import static org.angulus.data.Shape.clamp01;
import static org.angulus.data.Shape.edge;
import static org.angulus.data.Shape.lerp;
import static org.angulus.data.Shape.sqrt;

/**
 * The glasses of one picture; lengths in pupil distances.
 *
 * @param opacity of the lenses: 0 for no glasses at all, near 1 for sunglasses
 * @param lensWidth half the width of a lens
 * @param lensHeight half its height
 * @param round 0 for a rectangle, 1 for an ellipse
 * @param frame half the thickness of the rim
 * @param light reflectance of the rim
 */
record Glasses(float opacity, float lensWidth, float lensHeight, float round, float frame, float light) {
    static final Glasses NONE = new Glasses(0f, 0f, 0f, 0f, 0f, 0f);

    static Glasses draw(Draws draws) {
        float which = draws.uniform();
        Glasses drawn = new Glasses(
                which < 0.16f ? 0.08f : 0.93f,
                draws.uniform(0.30f, 0.42f),
                draws.uniform(0.20f, 0.32f),
                draws.uniform(),
                draws.uniform(0.015f, 0.05f),
                draws.chance(0.7f) ? draws.uniform(0.01f, 0.1f) : draws.uniform(0.2f, 0.7f));
        return which < 0.20f ? drawn : NONE;
    }

    /** Laid over the face, before the light. */
    void paint(FaceParts parts, float pixel, Pixel p) {
        if (opacity == 0f || p.v > 0.6f || p.v < -0.6f) {
            return;
        }
        float across = Math.abs(p.u);
        float v = p.v - parts.eyeHeight - 0.03f;
        float x = Math.abs(across - parts.eyeSpacing - 0.02f) / lensWidth;
        float y = Math.abs(v) / lensHeight;
        float outside = (lerp(Math.max(x, y), sqrt(x * x + y * y), round) - 1f) * lensHeight;
        p.over(0.015f, 0.015f, 0.02f, opacity * edge(-outside, pixel));

        // A rim thinner than a pixel stays half a pixel wide and turns fainter.
        float width = Math.max(frame, 0.5f * pixel);
        float rim = edge(width - Math.abs(outside), pixel);
        float bridge = across < parts.eyeSpacing - lensWidth + 0.05f ? edge(width - Math.abs(v + 0.04f), pixel) : 0f;
        float temple = across > parts.eyeSpacing + lensWidth ? edge(width - Math.abs(v + 0.05f), pixel) : 0f;
        float strength = frame / width * Math.max(rim, Math.max(bridge, temple));
        p.over(light, 0.9f * light, 0.8f * light, clamp01(strength));
    }
}
