package org.angulus.data;

/**
 * The pixel at work: where its ray meets the head, and the colour that has gathered so far. One per picture, reused
 * for every pixel.
 */
final class Pixel {
    /** Colour, linear light: reflectance while a surface is painted, radiance once it is lit. */
    float red;

    float green;
    float blue;

    /**
     * Position on the head, in pupil distances: u to the right of the picture, v downwards, both 0 midway between the
     * eyes.
     */
    float u;

    float v;

    /** Outward normal of the bare head at that position, unit length; z looks at the camera of a frontal picture. */
    float normalX;

    float normalY;
    float normalZ;

    /** How much of the pixel the head covers, 0 to 1. */
    float cover;

    /** Strength of the shine, 0 to 1. */
    float gloss;

    void set(float r, float g, float b) {
        red = r;
        green = g;
        blue = b;
    }

    /** Lays a colour over what is there, with this opacity. */
    void over(float r, float g, float b, float opacity) {
        red += (r - red) * opacity;
        green += (g - green) * opacity;
        blue += (b - blue) * opacity;
    }

    void scale(float factor) {
        red *= factor;
        green *= factor;
        blue *= factor;
    }

    /** Moves the colour towards itself times (r, g, b), with this strength: a stain, a shadow, a blush. */
    void tint(float r, float g, float b, float strength) {
        red *= 1f + (r - 1f) * strength;
        green *= 1f + (g - 1f) * strength;
        blue *= 1f + (b - 1f) * strength;
    }
}
