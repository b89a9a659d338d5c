package org.angulus.data;

import static org.angulus.data.Shape.lerp;

/** The reflectance of a person's hair, linear: from black over brown to blond, more or less red, some of it grey. */
record HairColour(float red, float green, float blue) {
    static HairColour of(FaceGenes genes) {
        float tone = genes.get(Gene.HAIR_TONE);
        float light = 0.015f + 0.30f * tone * tone * tone;
        float warm = genes.get(Gene.HAIR_RED);
        float grey = Math.max(0f, genes.get(Gene.HAIR_GREY) - 0.8f) * 4f;
        return new HairColour(
                lerp(light * (1.15f + 0.35f * warm), 0.30f, grey),
                lerp(light * (0.85f - 0.15f * warm), 0.29f, grey),
                lerp(light * (0.55f - 0.25f * warm), 0.28f, grey));
    }
}
