package org.angulus.data;

/**
 * What a face does in one picture.
 *
 * @param smile raise of the corners of the mouth, in pupil distances; below 0 they sink
 * @param open gap between the lips, in pupil distances
 * @param lids opening of the eyes, 1 for the person's usual one, near 0 for a blink
 * @param brows raise of the brows, in pupil distances
 * @param gazeX shift of the irises to the right of the picture, in pupil distances
 * @param gazeY the same, downwards
 */
record Expression(float smile, float open, float lids, float brows, float gazeX, float gazeY) {
    static final Expression NEUTRAL = new Expression(0f, 0f, 1f, 0f, 0f, 0f);

    static Expression draw(Draws draws) {
        float smile = draws.chance(0.45f) ? draws.uniform(0.02f, 0.16f) : draws.uniform(-0.05f, 0.03f);
        float open = draws.chance(0.35f) ? draws.uniform(0.02f, 0.26f) : 0f;
        float lids = draws.chance(0.08f) ? draws.uniform(0.02f, 0.25f) : draws.uniform(0.6f, 1.2f);
        float brows = 0.035f * draws.normal();
        return new Expression(smile, open, lids, brows, draws.uniform(-0.07f, 0.07f), draws.uniform(-0.03f, 0.03f));
    }
}
