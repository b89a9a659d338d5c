package org.angulus.data;

import static org.angulus.data.Shape.edge;
import static org.angulus.data.Shape.sqrt;
import static org.angulus.data.Shape.square;

/**
 * One picture of one person before it meets the camera: who, and under which conditions; gives the radiance of any
 * point of the crop.
 */
final class Portrait {
    private final Conditions conditions;
    private final FaceParts parts;
    private final Head head;
    private final Relief relief;
    private final SkinPaint skin;
    private final EyePaint eyes;
    private final MouthPaint mouth;
    private final HairPaint hair;
    private final Light light;
    private final float earSize;
    private final Pixel behind = new Pixel();

    /**
     * Poses the person under these conditions.
     *
     * @param height rows of the crop
     * @param width columns of the crop
     */
    Portrait(FaceGenes genes, Conditions conditions, int height, int width) {
        this.conditions = conditions;
        parts = new FaceParts(genes, conditions.expression());
        head = new Head(genes, conditions.pose(), parts, height, width);
        relief = new Relief(genes, parts);
        HairColour colour = HairColour.of(genes);
        skin = new SkinPaint(genes, parts, colour, conditions.shaven(), head.pixel);
        eyes = new EyePaint(genes, parts, conditions.expression(), colour, head.pixel);
        mouth = new MouthPaint(genes, parts, head.pixel);
        hair = new HairPaint(genes, conditions.hair(), colour, head);
        earSize = genes.get(Gene.EAR_SIZE);
        light = conditions.light();
        light.turnTo(head);
    }

    /** Radiance at a crop position (pixel centres of the crop at whole numbers) into the pixel's colour. */
    void look(float x, float y, Pixel p) {
        float cameraX = head.cameraX(x, y);
        float cameraY = head.cameraY(x, y);
        head.hit(cameraX, cameraY, relief, p);
        float cover = p.cover;
        if (cover < 1f) {
            float u = p.u;
            float v = p.v;
            float nx = p.normalX;
            float ny = p.normalY;
            float nz = p.normalZ;
            surroundings(cameraX, cameraY, p);
            if (cover > 0f) {
                float red = p.red;
                float green = p.green;
                float blue = p.blue;
                p.u = u;
                p.v = v;
                p.normalX = nx;
                p.normalY = ny;
                p.normalZ = nz;
                face(p);
                p.over(red, green, blue, 1f - cover);
            }
        } else {
            face(p);
        }
        conditions.obstacle().paint(cameraX, cameraY, head.pixel, light.mean(), p);
    }

    private void face(Pixel p) {
        skin.paint(p);
        if (p.normalZ > 0f) {
            eyes.paint(p);
            mouth.paint(p);
        }
        hair.onHead(p);
        conditions.cloth().paint(head.pixel, p);
        conditions.glasses().paint(parts, head.pixel, p);
        relief.slope(p.u, p.v);
        light.shine(p, relief.slopeU, relief.slopeV);
    }

    /** Back to front: backdrop, hair, neck, ears, the rim of a hat. */
    private void surroundings(float x, float y, Pixel p) {
        Backdrop backdrop = conditions.backdrop();
        backdrop.paint(x, y, head.pixel, p);
        behind.u = x;
        behind.v = y + head.centre;
        float locks = hair.behind(x, y, behind);
        lay(p, locks);
        float neck = edge(0.68f * head.halfWidth - Math.abs(x - head.turnedX(0f, -0.3f)), head.pixel)
                * edge(y - 0.5f * head.halfHeight, 0.1f);
        if (neck > 0f) {
            behind.u = 0.3f * x;
            behind.v = y + head.centre + 3f;
            skin.paint(behind);
            behind.scale(0.65f);
            round(x / head.halfWidth, 0.3f);
            lay(p, neck * edge(backdrop.collar() + 0.05f - y, 0.2f));
        }
        if (locks < 0.5f) {
            ear(x, y, -1f, p);
            ear(x, y, 1f, p);
        }
        lay(p, conditions.cloth().behind(x, y, head, behind));
    }

    private void ear(float x, float y, float side, Pixel p) {
        float earX = head.turnedX(side * (head.halfWidth + 0.02f), -0.15f);
        float earY = head.turnedY(side * head.halfWidth, 0.18f - head.centre, -0.15f);
        float dx = (x - earX) / (0.45f * earSize);
        float dy = (y - earY) / earSize;
        float squared = dx * dx + dy * dy;
        if (squared < 1.3f) {
            behind.u = side * head.halfWidth;
            behind.v = y + head.centre + 5f;
            skin.paint(behind);
            behind.scale(0.55f + 0.35f * Math.min(1f, squared));
            round(0.7f * side, 0f);
            lay(p, edge((1f - sqrt(squared)) * 0.45f * earSize, head.pixel));
        }
    }

    private void round(float normalX, float normalY) {
        behind.normalX = Shape.clamp(normalX, -0.9f, 0.9f);
        behind.normalY = normalY;
        behind.normalZ = sqrt(Math.max(0.05f, 1f - square(behind.normalX) - square(normalY)));
    }

    private void lay(Pixel p, float cover) {
        if (cover > 0f) {
            light.shine(behind, 0f, 0f);
            p.over(behind.red, behind.green, behind.blue, cover);
        }
    }
}
