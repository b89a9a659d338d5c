package org.angulus.data;

import static org.angulus.data.Shape.bell;
import static org.angulus.data.Shape.clamp01;
import static org.angulus.data.Shape.edge;
import static org.angulus.data.Shape.sqrt;
import static org.angulus.data.Shape.square;

/** Lips, teeth and nostrils. */
final class MouthPaint {
    private final FaceParts parts;
    private final float bow;
    private final float curve;
    private final float redness;
    private final float darkness;
    private final float nostril;
    private final float pixel;

    MouthPaint(FaceGenes genes, FaceParts parts, float pixel) {
        this.parts = parts;
        this.pixel = pixel;
        bow = genes.get(Gene.LIP_BOW);
        curve = genes.get(Gene.LIP_CURVE);
        redness = genes.get(Gene.LIP_REDNESS);
        darkness = genes.get(Gene.LIP_DARKNESS);
        nostril = genes.get(Gene.NOSTRIL);
    }

    void paint(Pixel p) {
        nostrils(p);
        float x = p.u / parts.mouthWidth;
        float y = p.v - parts.mouthHeight;
        if (x < -1.15f || x > 1.15f || y < -0.4f || y > 0.5f) {
            return;
        }
        float squared = x * x;
        float arc = Math.max(0f, 1f - squared);
        float middle = -(parts.smile + curve) * (squared - 0.25f);
        float gap = 0.5f * parts.open * arc;
        float above = y - middle + gap;
        float below = y - middle - gap;
        float top = parts.lipUpper * sqrt(arc) * (0.55f + 0.45f * arc)
                - bow * bell(squared / 0.05f)
                + bow * bell(square((Math.abs(x) - 0.3f) / 0.3f));
        float bottom = parts.lipLower * sqrt(arc) * (0.4f + 0.6f * arc);
        float ends = clamp01(5f * arc);
        float lips = edge(Math.min(above + top, bottom - below), pixel + 0.02f) * ends;
        p.tint(1f, 1f - 0.55f * redness, 1f - 0.45f * redness, lips);
        p.scale(1f - (1f - darkness) * lips * (above < 0f ? 1f : 0.75f));
        p.gloss = Math.max(p.gloss, 0.7f * lips);
        if (gap > 0f) {
            float hole = edge(Math.min(above, -below), pixel) * ends;
            float teeth = edge(0.09f - above, 0.03f) * edge(0.75f - Math.abs(x), 0.1f);
            p.over(0.03f + 0.5f * teeth, 0.01f + 0.49f * teeth, 0.01f + 0.45f * teeth, hole);
        }
        float line = Math.max(0.03f, pixel);
        float seam = Math.max(bell(square(above / line)), bell(square(below / line))) * (0.03f / line);
        p.tint(0.30f, 0.22f, 0.22f, 0.8f * seam * clamp01(4f * (1.05f - squared)));
    }

    private void nostrils(Pixel p) {
        float x = (Math.abs(p.u) - 0.45f * parts.noseWidth) / (1.5f * nostril);
        float y = (p.v - 1.02f * parts.noseLength) / nostril;
        float squared = x * x + y * y;
        if (squared < 2f) {
            p.tint(0.20f, 0.14f, 0.13f, 0.85f * bell(0.5f * squared));
        }
    }
}
