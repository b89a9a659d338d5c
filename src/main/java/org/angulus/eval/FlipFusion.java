package org.angulus.eval;

/** How the feature of an image and that of its mirror image become one, before normalisation. */
public enum FlipFusion {
    /** The image alone. */
    NONE,
    /** Element by element sum (InsightFace). */
    SUM,
    /** One behind the other, of twice the length (SphereFace, AM-Softmax). */
    CONCAT;

    /**
     * Fuses two raw features.
     *
     * @param plain   feature of the image, d numbers
     * @param flipped feature of its mirror image, d numbers; not looked at by {@link #NONE}, where it may be null
     * @return a new array of d numbers, 2 d for {@link #CONCAT}
     */
    public float[] fuse(float[] plain, float[] flipped) {
        if (this == NONE) {
            return plain.clone();
        }
        if (plain.length != flipped.length) {
            throw new IllegalArgumentException("the features of an image and of its mirror image differ in length: "
                    + plain.length + " and " + flipped.length);
        }
        float[] fused = new float[this == SUM ? plain.length : 2 * plain.length];
        System.arraycopy(plain, 0, fused, 0, plain.length);
        if (this == CONCAT) {
            System.arraycopy(flipped, 0, fused, plain.length, flipped.length);
        } else {
            for (int i = 0; i < fused.length; i++) {
                fused[i] += flipped[i];
            }
        }
        return fused;
    }
}
