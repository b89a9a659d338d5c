package org.angulus.data;

import static org.angulus.data.Shape.edge;
import static org.angulus.data.Shape.noise;
import static org.angulus.data.Shape.sqrt;
import static org.angulus.data.Shape.square;

/**
 * A hand or some object before the face in one picture: an ellipse in the camera plane, in pupil distances from the
 * centre of the head.
 *
 * @param x centre, to the right
 * @param y centre, downwards
 * @param cos direction of the first axis
 * @param sin direction of the first axis
 * @param along half the first axis; 0 for no obstacle
 * @param across half the second axis
 * @param red reflectance
 * @param green reflectance
 * @param blue reflectance
 * @param key of its texture
 */
record Obstacle(
        float x,
        float y,
        float cos,
        float sin,
        float along,
        float across,
        float red,
        float green,
        float blue,
        int key) {
    static final Obstacle NONE = new Obstacle(0f, 0f, 1f, 0f, 0f, 0f, 0f, 0f, 0f, 0);

    static Obstacle draw(Draws draws) {
        if (!draws.chance(0.08f)) {
            return NONE;
        }
        // Somewhere on a ring about the face, so that it reaches over the eyes as often as over mouth or cheek.
        float angle = draws.uniform(0f, 6.2831853f);
        float reach = draws.uniform(0.7f, 1.5f);
        float turn = draws.uniform(0f, 3.1415927f);
        boolean hand = draws.chance(0.5f);
        float light = hand ? draws.uniform(0.15f, 0.75f) : square(draws.uniform(0.1f, 0.95f));
        return new Obstacle(
                reach * (float) StrictMath.cos(angle),
                0.5f + reach * (float) StrictMath.sin(angle),
                (float) StrictMath.cos(turn),
                (float) StrictMath.sin(turn),
                draws.uniform(0.25f, 0.6f),
                draws.uniform(0.4f, 1.4f),
                light,
                light * (hand ? 0.6f : draws.uniform(0.5f, 1.2f)),
                light * (hand ? 0.45f : draws.uniform(0.5f, 1.2f)),
                draws.key());
    }

    /** Laid over a finished pixel, at this camera position, under light of this strength. */
    void paint(float cameraX, float cameraY, float pixel, float light, Pixel p) {
        if (along == 0f) {
            return;
        }
        float dx = cameraX - x;
        float dy = cameraY - y;
        float first = (dx * cos + dy * sin) / along;
        float second = (dy * cos - dx * sin) / across;
        float squared = first * first + second * second;
        if (squared > 1.4f) {
            return;
        }
        float shade = light
                * (0.55f + 0.45f * Math.max(0f, 1f - squared))
                * (0.7f + 0.6f * noise(key, 4f * cameraX, 4f * cameraY));
        p.over(red * shade, green * shade, blue * shade, edge((1f - sqrt(squared)) * along, pixel + 0.03f));
    }
}
