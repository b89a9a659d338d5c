package org.angulus.data;

import static org.angulus.data.Shape.bell;
import static org.angulus.data.Shape.clamp01;
import static org.angulus.data.Shape.lerp;
import static org.angulus.data.Shape.noise;
import static org.angulus.data.Shape.square;
import static org.angulus.data.Shape.step;

/** Skin: its colour, blotches, freckles and moles, the folds of a face, and the beard. */
final class SkinPaint {
    /** Skin from light to dark, linear reflectance. */
    private static final float[][] TONES = {
        {0.78f, 0.54f, 0.43f},
        {0.66f, 0.42f, 0.30f},
        {0.48f, 0.27f, 0.17f},
        {0.28f, 0.14f, 0.085f},
        {0.15f, 0.075f, 0.05f}
    };

    private static final int MARKS = 4;

    private final FaceParts parts;
    private final float red;
    private final float green;
    private final float blue;
    private final float blotches;
    private final float freckles;
    private final float blush;
    private final float lines;
    private final float fold;
    private final float beard;
    private final int key;
    private final HairColour hair;
    private final float pixel;

    /** Moles: u, v, radius, strength. */
    private final float[] marks = new float[4 * MARKS];

    /** @param shaven 0 for a beard that has grown as far as this person's does, 1 for none */
    SkinPaint(FaceGenes genes, FaceParts parts, HairColour hair, float shaven, float pixel) {
        this.parts = parts;
        this.hair = hair;
        this.pixel = pixel;
        float at = genes.get(Gene.SKIN_TONE) * (TONES.length - 1);
        int i = (int) at;
        float between = at - i;
        float under = 0.07f * genes.get(Gene.SKIN_UNDERTONE);
        red = lerp(TONES[i][0], TONES[i + 1][0], between);
        green = lerp(TONES[i][1], TONES[i + 1][1], between) * (1f + under);
        blue = lerp(TONES[i][2], TONES[i + 1][2], between) * (1f - under);
        blotches = genes.get(Gene.SKIN_BLOTCHES);
        freckles = Math.max(0f, genes.get(Gene.FRECKLES) - 0.55f) * 1.6f;
        blush = genes.get(Gene.CHEEK_BLUSH);
        lines = genes.get(Gene.BROW_LINES);
        fold = genes.get(Gene.MOUTH_FOLD) + 1.2f * Math.max(0f, parts.smile);
        beard = Math.max(0f, genes.get(Gene.BEARD) - 0.45f) * 1.7f * (1f - shaven);
        key = genes.skinKey();
        for (int m = 0; m < MARKS; m++) {
            marks[4 * m] = 1.8f * (Shape.lattice(key, m, 101) - 0.5f);
            marks[4 * m + 1] = lerp(-0.8f, 1.5f, Shape.lattice(key, m, 102));
            marks[4 * m + 2] = lerp(0.025f, 0.07f, Shape.lattice(key, m, 103));
            marks[4 * m + 3] = Shape.lattice(key, m, 104) < 0.5f ? 0f : lerp(0.3f, 0.8f, Shape.lattice(key, m, 105));
        }
    }

    /** Bare skin, before eyes and mouth are laid over it. */
    void paint(Pixel p) {
        p.set(red, green, blue);
        p.gloss = 0.35f;
        float u = p.u;
        float v = p.v;
        float coarse = noise(key, 2.3f * u + 7f, 2.3f * v) + 0.6f * noise(key + 1, 5.5f * u, 5.5f * v + 3f) - 0.8f;
        p.scale(1f + blotches * coarse);
        float across = Math.abs(u);
        p.tint(1f, 0.62f, 0.60f, blush * bell(square((across - 0.62f) / 0.42f) + square((v - 0.6f) / 0.36f)));
        p.tint(
                1f,
                0.75f,
                0.75f,
                0.5f * blush * bell(square(u / 0.25f) + square((v - 0.95f * parts.noseLength) / 0.2f)));
        if (freckles > 0f) {
            float where = bell(square(across / 1.0f) + square((v - 0.4f) / 0.55f));
            float spots = step(0.62f, 0.85f, noise(key + 2, 13f * u, 13f * v));
            p.tint(0.62f, 0.48f, 0.40f, freckles * where * spots);
        }
        for (int m = 0; m < marks.length; m += 4) {
            float squared = square(u - marks[m]) + square(v - marks[m + 1]);
            float radius = Math.max(marks[m + 2], 0.7f * pixel);
            if (marks[m + 3] > 0f && squared < radius * radius) {
                p.tint(0.25f, 0.18f, 0.15f, marks[m + 3] * clamp01(2f * bell(squared / (radius * radius))));
            }
        }
        folds(p, across, v);
        if (beard > 0f && v > 0.2f) {
            beard(p, across, v);
        }
    }

    private void folds(Pixel p, float across, float v) {
        if (v < -0.4f && across < 0.8f) {
            float wave = (v + 0.55f + 0.05f * across * across) / 0.13f;
            float line = wave - Shape.floor(wave);
            p.tint(
                    0.6f,
                    0.52f,
                    0.5f,
                    lines
                            * bell(square((line - 0.5f) / 0.25f))
                            * clamp01(4f * (0.8f - across))
                            * clamp01(8f * (v + 1.0f)));
        }
        // From the wing of the nose past the corner of the mouth.
        float from = 0.85f * parts.noseLength;
        float t = (v - from) / (parts.mouthHeight + 0.05f - from);
        if (t > 0f && t < 1f) {
            float path = parts.noseWidth + 0.02f + (parts.mouthWidth + 0.08f - parts.noseWidth) * t;
            float width = Math.max(0.05f, pixel);
            p.tint(
                    0.5f,
                    0.42f,
                    0.4f,
                    fold * bell(square((across - path) / width)) * 4f * t * (1f - t) * (0.05f / width));
        }
    }

    private void beard(Pixel p, float across, float v) {
        float mouth = parts.mouthHeight;
        float cheeks = step(0.55f, 0.85f, across + 0.25f * (v - 0.5f)) * step(0.25f, 0.6f, v);
        float chin = step(mouth + 0.14f, mouth + 0.26f, v);
        float lip = bell(square(across / (parts.mouthWidth + 0.1f))
                + square((v - 0.5f * (mouth + parts.noseLength) - 0.04f) / 0.16f));
        float where = Math.max(Math.max(cheeks, chin), clamp01(1.5f * lip));
        float strands = 0.6f + 0.4f * noise(key + 5, 30f * p.u, 14f * v);
        p.over(hair.red(), hair.green(), hair.blue(), clamp01(beard) * where * strands);
    }
}
