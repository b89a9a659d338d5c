package org.angulus.data;

/**
 * Where the parts of one face lie in one picture, after the expression: lengths in pupil distances, heights below the
 * line of the eyes.
 */
final class FaceParts {
    final float eyeSpacing;
    final float eyeHeight;
    final float eyeWidth;
    final float eyeUpper;
    final float eyeLower;
    final float browHeight;
    final float noseLength;
    final float noseWidth;
    final float noseRelief;
    final float mouthHeight;
    final float mouthWidth;
    final float lipUpper;
    final float lipLower;
    final float open;
    final float smile;

    FaceParts(FaceGenes genes, Expression expression) {
        eyeSpacing = genes.get(Gene.EYE_SPACING);
        eyeHeight = genes.get(Gene.EYE_HEIGHT);
        eyeWidth = genes.get(Gene.EYE_WIDTH);
        float squint = Math.max(0f, expression.smile());
        eyeUpper = genes.get(Gene.EYE_OPENING) * expression.lids() * (1f - squint);
        eyeLower = genes.get(Gene.EYE_LOWER) * (0.4f + 0.6f * Math.min(1f, expression.lids())) * (1f - 2f * squint);
        browHeight = genes.get(Gene.BROW_HEIGHT) + expression.brows();
        noseLength = genes.get(Gene.NOSE_LENGTH);
        noseWidth = genes.get(Gene.NOSE_WIDTH) * (1f + 0.7f * squint);
        noseRelief = genes.get(Gene.NOSE_HEIGHT);
        mouthHeight = noseLength + genes.get(Gene.MOUTH_HEIGHT) + 0.3f * expression.open();
        mouthWidth = genes.get(Gene.MOUTH_WIDTH) * (1f + 1.1f * expression.smile() - 0.4f * expression.open());
        lipUpper = genes.get(Gene.LIP_UPPER) * (1f - 1.5f * squint);
        lipLower = genes.get(Gene.LIP_LOWER) * (1f - 1.2f * squint);
        open = expression.open();
        smile = expression.smile();
    }
}
