package org.angulus.data;

/**
 * How a person wears the hair in one picture.
 *
 * @param fringe how far it falls over the forehead below the hair line, in pupil distances
 * @param parting slope of the fringe, from one side to the other
 * @param volume thickness over the skull, in pupil distances
 * @param length how far it falls beside the face, in pupil distances below the centre of the head; below 0 it ends
 *     above the ears
 */
record HairStyle(float fringe, float parting, float volume, float length) {
    static final HairStyle NEUTRAL = new HairStyle(0f, 0f, 0.12f, -0.2f);

    static HairStyle draw(Draws draws) {
        float fringe = draws.chance(0.4f) ? draws.uniform(0.1f, 0.75f) : draws.uniform(-0.08f, 0.08f);
        float length = draws.chance(0.4f) ? draws.uniform(0.4f, 2.2f) : draws.uniform(-0.5f, 0.3f);
        return new HairStyle(fringe, draws.uniform(-0.45f, 0.45f), draws.uniform(0.03f, 0.30f), length);
    }
}
