package org.angulus.cli;

import org.angulus.image.Framing;

/**
 * Which faces a run trains on and what it starts from, as kept in its folder.
 *
 * @param data folder with one folder for each person; null: synthetic people
 * @param people file with the only names to use; null: all
 * @param exclude file with names never to use; null: none
 * @param leastImages people with fewer pictures are left out
 * @param holdOut people kept for the report; -1: a tenth, 10 to 100
 * @param framing how files become crops
 * @param strict whether the first picture that cannot be used ends the run, be it to train on or held out
 * @param start the model it starts from; null: nothing
 */
record DataChoice(String data, String people, String exclude, int leastImages, int holdOut, Framing framing, boolean strict, Start start) {
    /**
     * A model that is trained on.
     *
     * @param model file
     * @param keepHead whether its class vectors go on: they are of the same people
     */
    record Start(String model, boolean keepHead) {}

    DataChoice withStrict(boolean strict) {
        return new DataChoice(data, people, exclude, leastImages, holdOut, framing, strict, start);
    }

    /** Of {@code people} people, how many are held out. */
    int heldOut(int people) {
        return holdOut >= 0 ? holdOut : Math.clamp(people / 10, 10, 100);
    }
}
