package org.angulus.data;

import static org.angulus.data.Shape.clamp01;
import static org.angulus.data.Shape.edge;
import static org.angulus.data.Shape.sqrt;

/**
 * The light of one picture: a lamp from one side, a weaker one of another colour from elsewhere, light from all
 * around, and now and then the edge of a shadow across the face. Directions are those of the camera.
 */
final class Light {
    private final float[] lamp;
    private final float[] second;
    private final float[] lampColour;
    private final float[] secondColour;
    private final float[] around;
    private final float[] half = new float[3];

    /** The shadow's edge in head coordinates: cos, sin, offset, softness, what is left of the lamp beyond it. */
    private final float[] shadow;

    private Light(
            float[] lamp, float[] lampColour, float[] second, float[] secondColour, float[] around, float[] shadow) {
        this.lamp = lamp;
        this.lampColour = lampColour;
        this.second = second;
        this.secondColour = secondColour;
        this.around = around;
        this.shadow = shadow;
    }

    /** Even light from the front: a passport picture. */
    static Light even() {
        return new Light(
                direction(0f, -0.35f),
                new float[] {0.7f, 0.7f, 0.7f},
                direction(0f, 0.3f),
                new float[3],
                new float[] {0.45f, 0.45f, 0.45f},
                new float[] {1f, 0f, 9f, 1f, 1f});
    }

    static Light draw(Draws draws) {
        float azimuth = draws.uniform(-1.25f, 1.25f);
        float elevation = draws.uniform(-1.05f, 0.25f);
        float strength = draws.uniform(0.25f, 1.2f);
        float[] lampColour = warm(strength, 0.12f * draws.normal());
        float[] second = direction(draws.uniform(-1.4f, 1.4f), draws.uniform(-0.8f, 0.5f));
        float[] secondColour = warm(draws.chance(0.4f) ? draws.uniform(0.1f, 0.6f) : 0f, 0.2f * draws.normal());
        float[] around = warm(draws.uniform(0.12f, 0.55f), 0.1f * draws.normal());
        float[] shadow = {1f, 0f, 9f, 1f, 1f};
        if (draws.chance(0.2f)) {
            float angle = draws.uniform(0f, 6.2831853f);
            shadow = new float[] {
                (float) StrictMath.cos(angle),
                (float) StrictMath.sin(angle),
                draws.uniform(-0.5f, 0.8f),
                draws.uniform(0.05f, 0.5f),
                draws.uniform(0.1f, 0.6f)
            };
        }
        return new Light(direction(azimuth, elevation), lampColour, second, secondColour, around, shadow);
    }

    private static float[] warm(float strength, float warmth) {
        return new float[] {strength * (1f + warmth), strength, strength * (1f - warmth)};
    }

    /**
     * Unit vector towards a light: azimuth to the right, elevation downwards (so below 0 it comes from above),
     * radians.
     */
    private static float[] direction(float azimuth, float elevation) {
        float flat = (float) StrictMath.cos(elevation);
        return new float[] {
            flat * (float) StrictMath.sin(azimuth),
            (float) StrictMath.sin(elevation),
            flat * (float) StrictMath.cos(azimuth)
        };
    }

    /** Brings the directions into the frame of the turned head, where the normals are. */
    void turnTo(Head head) {
        float[] eye = {0f, 0f, 1f};
        head.toHead(lamp);
        head.toHead(second);
        head.toHead(eye);
        float length = 0f;
        for (int i = 0; i < 3; i++) {
            half[i] = lamp[i] + eye[i];
            length += half[i] * half[i];
        }
        for (int i = 0; i < 3; i++) {
            half[i] /= sqrt(length) + 1e-6f;
        }
    }

    /** Mean strength of all lights, for what stands before the face. */
    float mean() {
        return 0.5f * lampColour[1] + 0.3f * secondColour[1] + around[1];
    }

    /** Turns reflectance into radiance: the bare head's normal, bent by the slope of the relief. */
    void shine(Pixel p, float slopeU, float slopeV) {
        float nx = p.normalX - p.normalZ * slopeU;
        float ny = p.normalY - p.normalZ * slopeV;
        float nz = p.normalZ;
        float inverse = 1f / sqrt(nx * nx + ny * ny + nz * nz);
        nx *= inverse;
        ny *= inverse;
        nz *= inverse;
        float beyond = edge(shadow[0] * p.u + shadow[1] * (p.v - 0.5f) - shadow[2], shadow[3]);
        float open = 1f + (shadow[4] - 1f) * beyond;
        // Light bleeds a little past the terminator of skin.
        float diffuse = clamp01((nx * lamp[0] + ny * lamp[1] + nz * lamp[2] + 0.15f) / 1.15f) * open;
        float other = clamp01(nx * second[0] + ny * second[1] + nz * second[2]);
        float sky = 0.85f - 0.25f * ny;
        float mirror = clamp01(nx * half[0] + ny * half[1] + nz * half[2]);
        mirror *= mirror;
        mirror *= mirror;
        mirror *= mirror;
        mirror *= mirror;
        float glint = 0.22f * p.gloss * mirror * open;
        p.red = p.red * (around[0] * sky + lampColour[0] * diffuse + secondColour[0] * other) + glint * lampColour[0];
        p.green =
                p.green * (around[1] * sky + lampColour[1] * diffuse + secondColour[1] * other) + glint * lampColour[1];
        p.blue = p.blue * (around[2] * sky + lampColour[2] * diffuse + secondColour[2] * other) + glint * lampColour[2];
    }
}
