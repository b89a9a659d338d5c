package org.angulus.data;

import static org.angulus.data.Shape.bell;
import static org.angulus.data.Shape.square;
import static org.angulus.data.Shape.step;

/**
 * The height of a face above the bare head, in pupil distances: what light models into nose, sockets, cheeks, lips
 * and chin.
 */
final class Relief {
    /** Half the step of the finite difference that gives the slope of the nose. */
    private static final float STEP = 0.01f;

    /**
     * A bump is five numbers: centre u (distance from the middle, so that paired bumps are one), centre v, radii u
     * and v, height.
     */
    private static final int BUMP = 5;

    private final float noseLength;
    private final float noseRelief;
    private final float bridge;
    private final float root;
    private final float tip;
    private final float wing;
    private final float bend;
    private final float[] bumps = new float[9 * BUMP];
    private int count;

    /** Slope of the relief, to the right and downwards, at the position last asked for. */
    float slopeU;

    float slopeV;

    Relief(FaceGenes genes, FaceParts parts) {
        noseLength = parts.noseLength;
        noseRelief = parts.noseRelief;
        bridge = genes.get(Gene.NOSE_BRIDGE);
        root = genes.get(Gene.NOSE_ROOT);
        tip = genes.get(Gene.NOSE_TIP);
        wing = parts.noseWidth;
        bend = genes.get(Gene.NOSE_BEND);
        float mouth = parts.mouthHeight;
        float upperLip = mouth - 0.5f * parts.open - 0.4f * parts.lipUpper;
        float lowerLip = mouth + 0.5f * parts.open + 0.6f * parts.lipLower;
        float cheeks = genes.get(Gene.CHEEK_RELIEF) + 0.4f * Math.max(0f, parts.smile);
        // Sockets, eyeballs, brow ridge, cheekbones; chin, lips, the hollow below them, the groove above.
        bump(parts.eyeSpacing, parts.eyeHeight - 0.04f, 0.34f, 0.24f, -genes.get(Gene.EYE_DEPTH));
        bump(parts.eyeSpacing, parts.eyeHeight, 0.20f, 0.13f, 0.05f);
        bump(0.36f, -parts.browHeight - 0.02f, 0.46f, 0.17f, genes.get(Gene.BROW_RIDGE));
        bump(0.72f, genes.get(Gene.CHEEK_POSITION), 0.42f, 0.36f, cheeks);
        bump(0f, mouth + 0.5f, 0.36f, 0.26f, genes.get(Gene.CHIN_RELIEF));
        bump(0f, upperLip, 0.95f * parts.mouthWidth, 0.07f + parts.lipUpper, 0.05f + 0.3f * parts.lipUpper);
        bump(0f, lowerLip, 0.80f * parts.mouthWidth, 0.05f + parts.lipLower, 0.05f + 0.4f * parts.lipLower);
        bump(0f, lowerLip + parts.lipLower + 0.03f, 0.30f, 0.09f, -0.04f);
        bump(0f, 0.5f * (noseLength + mouth) - 0.02f, 0.07f, 0.15f, -genes.get(Gene.PHILTRUM));
    }

    private void bump(float u, float v, float radiusU, float radiusV, float height) {
        bumps[count++] = u;
        bumps[count++] = v;
        bumps[count++] = radiusU;
        bumps[count++] = radiusV;
        bumps[count++] = height;
    }

    /** Height of the nose alone, which stands out so far that it hides what lies behind it. */
    float nose(float u, float v) {
        float t = v / noseLength;
        if (t < -0.35f || t > 1.2f) {
            return 0f;
        }
        float along = t < 0.15f ? root * step(-0.35f, 0.15f, t) : root + (1f - root) * square((t - 0.15f) / 0.8f);
        along = Math.min(along, 1f) * (1f - step(0.97f, 1.2f, t));
        float half = 1.6f * (bridge + (tip - bridge) * step(0.3f, 0.95f, t));
        float height = noseRelief * along * bell(square((u - bend * Math.max(0f, t)) / half));
        float wings = bell(square((Math.abs(u) - 0.72f * wing) / 0.13f) + square((v - 0.95f * noseLength) / 0.15f));
        return height + 0.38f * noseRelief * wings;
    }

    /** Finds the slope at a position. */
    void slope(float u, float v) {
        slopeU = 0f;
        slopeV = 0f;
        float across = Math.abs(u);
        for (int i = 0; i < bumps.length; i += BUMP) {
            float du = (across - bumps[i]) / bumps[i + 2];
            float dv = (v - bumps[i + 1]) / bumps[i + 3];
            float left = 1f - du * du - dv * dv;
            if (left > 0f) {
                float slope = -4f * bumps[i + 4] * left;
                slopeU += slope * du / bumps[i + 2];
                slopeV += slope * dv / bumps[i + 3];
            }
        }
        if (u < 0f) {
            slopeU = -slopeU;
        }
        if (across < 0.5f && v > -0.35f * noseLength && v < 1.2f * noseLength) {
            slopeU += (nose(u + STEP, v) - nose(u - STEP, v)) / (2f * STEP);
            slopeV += (nose(u, v + STEP) - nose(u, v - STEP)) / (2f * STEP);
        }
    }
}
