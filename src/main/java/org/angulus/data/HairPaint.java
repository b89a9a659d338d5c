package org.angulus.data;

import static org.angulus.data.Shape.clamp01;
import static org.angulus.data.Shape.edge;
import static org.angulus.data.Shape.lerp;
import static org.angulus.data.Shape.noise;
import static org.angulus.data.Shape.sqrt;
import static org.angulus.data.Shape.square;

/** Hair on the head and behind it. */
final class HairPaint {
    private final Head head;
    private final HairStyle style;
    private final HairColour colour;
    private final float line;
    private final float peak;
    private final float across;
    private final float along;
    private final int key;

    HairPaint(FaceGenes genes, HairStyle style, HairColour colour, Head head) {
        this.head = head;
        this.style = style;
        this.colour = colour;
        line = genes.get(Gene.HAIR_LINE);
        peak = genes.get(Gene.HAIR_PEAK);
        float curl = genes.get(Gene.HAIR_CURL);
        across = lerp(16f, 7f, curl);
        along = lerp(1.5f, 7f, curl);
        key = genes.hairKey() + 9;
    }

    /** The part that grows on what the camera sees of the head; lies over skin and brows. */
    void onHead(Pixel p) {
        float side = p.u / head.halfWidth;
        float squared = side * side;
        float edge = -line - peak * (0.25f - squared) + 0.9f * squared * squared * squared;
        edge += style.fringe() * (1f - 0.5f * squared) + style.parting() * Math.max(0f, style.fringe()) * side;
        if (squared > 0.85f) {
            edge = Math.max(edge, lerp(edge, 0.25f + Math.max(0f, style.length()), clamp01((squared - 0.85f) / 0.1f)));
        }
        float ragged = 0.10f * (noise(key + 1, 9f * p.u, 3f * p.v) - 0.5f);
        float cover = edge(edge + ragged - p.v, head.pixel + 0.06f);
        if (cover > 0f) {
            lay(p, p.u, p.v, cover);
            p.gloss = lerp(p.gloss, 0.25f, cover);
        }
    }

    /**
     * The part behind the head, at a camera position counted from the centre of the head: fills in colour and normal.
     *
     * @return how much of the pixel it covers, 0 to 1
     */
    float behind(float x, float y, Pixel p) {
        if (y > style.length()) {
            return 0f;
        }
        float rx = x / (head.halfWidth + style.volume());
        float ry = y / (head.halfHeight + style.volume());
        float squared = rx * rx + (y < 0f ? ry * ry : 0.15f * ry * ry);
        float inside = Math.min((1f - sqrt(squared)) * head.halfWidth, style.length() - y);
        float cover = edge(inside, head.pixel + 0.08f);
        if (cover > 0f) {
            lay(p, x, y, 1f);
            p.gloss = 0.25f;
            p.normalX = 0.6f * rx;
            p.normalY = 0.6f * ry;
            p.normalZ = sqrt(Math.max(0.05f, 1f - square(p.normalX) - square(p.normalY)));
        }
        return cover;
    }

    private void lay(Pixel p, float x, float y, float cover) {
        float strand = 0.35f
                + 1.1f * noise(key, across * x + 2f * y, along * y) * (0.6f + 0.8f * noise(key + 2, 2f * x, 2f * y));
        p.over(colour.red() * strand, colour.green() * strand, colour.blue() * strand, cover);
    }
}
