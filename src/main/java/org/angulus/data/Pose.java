package org.angulus.data;

/**
 * How a head stands before the camera, and how well the crop found it.
 *
 * @param yaw turn to the side, radians
 * @param pitch nod, radians; positive looks down
 * @param roll rotation left over by the alignment, radians
 * @param zoom size in the crop, 1 for an exact alignment
 * @param shiftX offset in the crop, as a share of its width
 * @param shiftY offset in the crop, as a share of its height
 */
record Pose(float yaw, float pitch, float roll, float zoom, float shiftX, float shiftY) {
    static final Pose FRONTAL = new Pose(0f, 0f, 0f, 1f, 0f, 0f);

    static Pose draw(Draws draws) {
        float yaw = 0.22f * draws.normal();
        float pitch = 0.10f * draws.normal();
        float roll = 0.04f * draws.normal();
        float zoom = 1f + 0.04f * draws.normal();
        return new Pose(
                Shape.clamp(yaw, -0.75f, 0.75f), pitch, roll, zoom, 0.016f * draws.normal(), 0.016f * draws.normal());
    }
}
