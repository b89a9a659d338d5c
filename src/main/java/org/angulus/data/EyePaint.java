package org.angulus.data;

import static org.angulus.data.Shape.bell;
import static org.angulus.data.Shape.clamp01;
import static org.angulus.data.Shape.edge;
import static org.angulus.data.Shape.lerp;
import static org.angulus.data.Shape.noise;
import static org.angulus.data.Shape.sqrt;
import static org.angulus.data.Shape.square;

/** Eyes and brows. */
final class EyePaint {
    /** Colours of the iris, linear reflectance, from black-brown to grey-blue: hue runs along the list. */
    private static final float[][] IRIS = {
        {0.030f, 0.018f, 0.010f},
        {0.090f, 0.045f, 0.018f},
        {0.170f, 0.105f, 0.035f},
        {0.120f, 0.140f, 0.055f},
        {0.090f, 0.160f, 0.200f},
        {0.170f, 0.210f, 0.240f}
    };

    private final FaceParts parts;
    private final float slant;
    private final float peak;
    private final float asymmetry;
    private final float radius;
    private final float gazeX;
    private final float gazeY;
    private final float fold;
    private final float line;
    private final float rings;
    private final float irisRed;
    private final float irisGreen;
    private final float irisBlue;
    private final float browInner;
    private final float browLength;
    private final float browThickness;
    private final float browArch;
    private final float browTilt;
    private final float browDensity;
    private final int hairKey;
    private final HairColour hair;
    private final float pixel;

    EyePaint(FaceGenes genes, FaceParts parts, Expression expression, HairColour hair, float pixel) {
        this.parts = parts;
        this.hair = hair;
        this.pixel = pixel;
        slant = genes.get(Gene.EYE_SLANT);
        peak = genes.get(Gene.EYE_PEAK);
        asymmetry = genes.get(Gene.EYE_ASYMMETRY);
        radius = genes.get(Gene.IRIS_RADIUS);
        gazeX = expression.gazeX();
        gazeY = expression.gazeY();
        fold = genes.get(Gene.LID_FOLD);
        line = genes.get(Gene.LID_LINE);
        rings = genes.get(Gene.EYE_RINGS);
        float at = genes.get(Gene.IRIS_HUE) * (IRIS.length - 1);
        int i = (int) at;
        float between = at - i;
        float light = genes.get(Gene.IRIS_LIGHTNESS);
        irisRed = light * lerp(IRIS[i][0], IRIS[i + 1][0], between);
        irisGreen = light * lerp(IRIS[i][1], IRIS[i + 1][1], between);
        irisBlue = light * lerp(IRIS[i][2], IRIS[i + 1][2], between);
        browInner = genes.get(Gene.BROW_INNER);
        browLength = genes.get(Gene.BROW_LENGTH);
        browThickness = genes.get(Gene.BROW_THICKNESS);
        browArch = genes.get(Gene.BROW_ARCH);
        browTilt = genes.get(Gene.BROW_TILT);
        browDensity = genes.get(Gene.BROW_DENSITY);
        hairKey = genes.hairKey();
    }

    void paint(Pixel p) {
        float across = Math.abs(p.u);
        float side = p.u < 0f ? -1f : 1f;
        float v = p.v - side * asymmetry;
        if (v < -0.08f) {
            brow(p, across, v);
        }
        float x = (across - parts.eyeSpacing) / parts.eyeWidth;
        float y = v - parts.eyeHeight + slant * x * parts.eyeWidth;
        if (x < -1.3f || x > 1.3f || y < -0.4f || y > 0.35f) {
            return;
        }
        p.tint(0.45f, 0.42f, 0.50f, rings * bell(square(x / 1.2f) + square((y - 0.14f) / 0.12f)));
        float arc = Math.max(0f, 1f - x * x);
        float top = parts.eyeUpper * arc * (1f + peak * x);
        float bottom = parts.eyeLower * arc * (1f - 0.5f * peak * x);
        p.tint(0.55f, 0.45f, 0.42f, 0.8f * crease(y + top + fold * (0.4f + 0.6f * arc), 0.025f) * clamp01(2f * arc));
        float inside = Math.min(y + top, bottom - y);
        float eye = edge(inside, pixel) * clamp01(8f * arc);
        if (eye > 0f) {
            ball(p, eye, p.u - side * parts.eyeSpacing - gazeX, y - gazeY + 0.35f * top - 0.35f * bottom, inside);
        }
        p.over(0.02f, 0.015f, 0.012f, line * crease(y + top, 0.035f) * clamp01(6f * arc));
        p.over(0.10f, 0.05f, 0.04f, 0.35f * line * crease(y - bottom, 0.02f) * clamp01(6f * arc));
    }

    /** White, iris, pupil and the shadow of the lid. */
    private void ball(Pixel p, float cover, float x, float y, float inside) {
        float r = sqrt(x * x + y * y);
        float iris = edge(radius - r, pixel);
        float ring = 1f - 0.6f * clamp01((r / radius - 0.7f) / 0.3f);
        float red = lerp(0.50f, irisRed * ring, iris);
        float green = lerp(0.45f, irisGreen * ring, iris);
        float blue = lerp(0.43f, irisBlue * ring, iris);
        float light = (1f - edge(0.42f * radius - r, pixel)) * (0.55f + 0.45f * clamp01(inside / 0.06f));
        p.over(red * light, green * light, blue * light, cover);
        p.gloss = Math.max(p.gloss, 0.6f * cover);
    }

    private void brow(Pixel p, float across, float v) {
        float t = (across - browInner) / browLength;
        if (t < -0.2f || t > 1.2f) {
            return;
        }
        float arch = browArch * bell(square((t - 0.6f) / 0.75f));
        float middle = -parts.browHeight - arch - browTilt * (t - 0.5f);
        float half = browThickness * (1f - 0.65f * clamp01(t)) * clamp01(1f + 5f * t);
        float cover = edge(half - Math.abs(v - middle), Math.max(pixel, 0.6f * half + 0.01f))
                * edge(1f - t, 0.25f)
                * edge(t, 0.15f);
        if (cover > 0f) {
            float strands = 0.65f + 0.35f * noise(hairKey, 40f * across + 14f * v, 10f * v);
            p.over(0.8f * hair.red(), 0.8f * hair.green(), 0.8f * hair.blue(), browDensity * strands * cover);
        }
    }

    /** A dark line: 1 on it, 0 at the given half width or, where pixels are larger, fainter and as wide as a pixel. */
    private float crease(float distance, float half) {
        float width = Math.max(half, pixel);
        return bell(square(distance / width)) * (half / width);
    }
}
