package org.angulus.loss;

/** What ArcFace's phi = cos(t + m) does where t + m passes pi. */
public enum PastPi {
    /** Nothing: phi rises again (InsightFace). */
    NONE,
    /** phi = c - m sin m from there on: it goes on falling, but jumps. */
    MONOTONE,
    /** phi = c wherever c is not above 0: such embeddings have no margin. */
    EASY
}
