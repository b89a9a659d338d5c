package org.angulus.data;

/**
 * Everything about a picture but the person and the camera.
 *
 * @param shaven 0 for a grown beard, 1 for none
 */
record Conditions(
        Pose pose,
        Expression expression,
        HairStyle hair,
        float shaven,
        Glasses glasses,
        Cloth cloth,
        Obstacle obstacle,
        Light light,
        Backdrop backdrop) {

    /** A passport picture: frontal, calm, evenly lit, nothing worn. */
    static Conditions neutral() {
        return new Conditions(
                Pose.FRONTAL,
                Expression.NEUTRAL,
                HairStyle.NEUTRAL,
                0.5f,
                Glasses.NONE,
                Cloth.NONE,
                Obstacle.NONE,
                Light.even(),
                Backdrop.plain());
    }

    /** A picture in the wild. */
    static Conditions draw(Draws draws) {
        return new Conditions(
                Pose.draw(draws),
                Expression.draw(draws),
                HairStyle.draw(draws),
                draws.uniform(),
                Glasses.draw(draws),
                Cloth.draw(draws),
                Obstacle.draw(draws),
                Light.draw(draws),
                Backdrop.draw(draws));
    }
}
